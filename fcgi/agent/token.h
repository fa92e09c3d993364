/* Bearer tokens by OAuth 2's client credentials grant. One token is kept; a new one is asked for shortly
 * before it expires, or when it was refused. */
#ifndef BALROG_AGENT_TOKEN_H
#define BALROG_AGENT_TOKEN_H

#include "agent/settings.h"
#include "core/buf.h"

#include <stdint.h>

/* How long a token is used if its lifetime is not stated. */
enum { TOKEN_LIFE_S = 300 };

struct token;

/* Owned by CTX. */
struct token *token_new(void *ctx, const struct agent_settings *settings);

/* The header "Authorization: Bearer …", valid until the next call. NULL if no token can be had: E says why,
 * and contains no secret. */
const char *token_header(struct token *t, int64_t now_ms, struct error *e);

/* The token was refused: the next call asks for a new one. */
void token_drop(struct token *t);

/* Appends the form to POST for a token. The client id and the secret are included only if BODY is true. */
void token_form(struct buf *out, const struct config *config, bool body);

/* The token in ANSWER, owned by CTX; *LIFE_S is its lifetime in seconds. NULL if there is none. */
const char *token_take(void *ctx, struct str answer, int64_t *life_s, struct error *e);

/* In how many seconds a token with a lifetime of LIFE_S is replaced: a tenth of the lifetime, but at most
 * five minutes, before it expires. */
int64_t token_refresh_s(int64_t life_s);

/* The number of tokens received. */
unsigned token_count(const struct token *t);

#endif
