/* Bearer tokens by OAuth 2's client credentials: one at a time, asked for when the last one is about to run
 * out, or was not taken. */
#ifndef BALROG_AGENT_TOKEN_H
#define BALROG_AGENT_TOKEN_H

#include "agent/settings.h"
#include "core/buf.h"

#include <stdint.h>

/* How long a token whose lifetime was not told is used. */
enum { TOKEN_LIFE_S = 300 };

struct token;

/* Owned by CTX. */
struct token *token_new(void *ctx, const struct agent_settings *settings);

/* The header "Authorization: Bearer …", which stays valid until the next call. NULL when there is none to be
 * had: E says why, and holds no secret. */
const char *token_header(struct token *t, int64_t now_ms, struct error *e);

/* The token was not taken: the next call asks for another. */
void token_drop(struct token *t);

/* What to POST for a token, as a form; the secret too where BODY. */
void token_form(struct buf *out, const struct config *config, bool body);

/* Takes the token out of ANSWER, owned by CTX; LIFE_S is its lifetime in seconds. NULL when there is none. */
const char *token_take(void *ctx, struct str answer, int64_t *life_s, struct error *e);

/* When a token that lives for LIFE_S seconds is replaced, in seconds from now: before it runs out, by a tenth
 * of its life, at most five minutes. */
int64_t token_refresh_s(int64_t life_s);

/* How many tokens were given out. */
unsigned token_count(const struct token *t);

#endif
