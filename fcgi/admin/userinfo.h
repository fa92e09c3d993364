/* Finds the user of a token that does not name them itself: asks the userinfo endpoint, once per token. */
#ifndef BALROG_ADMIN_USERINFO_H
#define BALROG_ADMIN_USERINFO_H

#include "admin/jwt.h"

enum { USERINFO_CACHED_MAX = 1024, EMAIL_MAX = 100 };

struct userinfo;
/* A GET of URL with the token answers with an object whose member CLAIM is the e-mail address. Owned by
 * CTX. */
struct userinfo *userinfo_new(void *ctx, const char *url, const char *claim);

struct userinfo_query {
    struct str token;
    const char *subject; /* the token's; NULL: it names none */
    int64_t until_s;     /* the token is valid until then, seconds since 1970 */
    int64_t now_ms;      /* ms since 1970 */
};
/* Writes the e-mail address that belongs to the token to EMAIL. Returns AUTH_OK, AUTH_NO_USERINFO,
 * AUTH_NO_EMAIL, or AUTH_UNAVAILABLE and fills E. Safe from any thread. */
enum auth_result userinfo_email(struct userinfo *u, const struct userinfo_query *query,
                                char email[EMAIL_MAX + 1], struct error *e);

/* The address under NAME in CLAIMS, the payload of a token or the endpoint's answer. NULL if it is missing,
 * too long, not an address, or marked as not verified. Borrowed. */
const char *userinfo_claim(const cJSON *claims, const char *name);

#endif
