/* Bearer tokens by OAuth 2's client credentials grant. One token is kept; a new one is requested shortly
 * before it expires, or after it was refused. */
#ifndef BALROG_AGENT_TOKEN_H
#define BALROG_AGENT_TOKEN_H

#include "agent/settings.h"
#include "core/buf.h"

#include <stdint.h>

/* How long a token is used if its lifetime is not stated. */
enum { TOKEN_LIFE_S = 300 };

struct token;

/* The source of tokens that SETTINGS, which must outlive it, describe. Sends nothing yet. Owned by CTX. */
struct token *token_new(void *ctx, const struct agent_settings *settings);

/* The header "Authorization: Bearer …", valid until the next call. Requests a new token if there is none or
 * it is too old at NOW_MS (monotonic). Returns NULL if that fails: E says why, and contains no secret. */
const char *token_header(struct token *t, int64_t now_ms, struct error *e);

/* Forgets the token because the admin has refused it: the next token_header() requests a new one. */
void token_drop(struct token *t);

/* Appends to OUT the form that is sent to token_url. It includes the client id and the secret only if BODY is
 * true; otherwise a header carries them. */
void token_form(struct buf *out, const struct config *config, bool body);

/* The token in ANSWER, owned by CTX; *LIFE_S is its lifetime in seconds. NULL if there is none. */
const char *token_take(void *ctx, struct str answer, int64_t *life_s, struct error *e);

/* In how many seconds a token with a lifetime of LIFE_S is replaced: a tenth of the lifetime, but at most
 * five minutes, before it expires. */
int64_t token_refresh_s(int64_t life_s);

/* The number of tokens received. */
unsigned token_count(const struct token *t);

#endif
