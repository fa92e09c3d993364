/* Bearer tokens: JSON Web Tokens, signed with RS256 or ES256. */
#ifndef BALROG_ADMIN_JWT_H
#define BALROG_ADMIN_JWT_H

#include "admin/jwks.h"
#include "core/json.h"

enum { JWT_LEEWAY_S = 10, JWT_TEXT_MAX = 16 << 10 };

/* What is wrong with a caller's credentials, by the reference's codes where it has one. */
enum auth_result {
    AUTH_OK,
    AUTH_HEADER_MISSING,
    AUTH_NOT_BEARER,
    AUTH_NO_TOKEN,
    AUTH_NOT_ONE_TOKEN,
    AUTH_BAD_TOKEN,     /* no JWT, or signed in a way that is not taken */
    AUTH_UNKNOWN_KEY,   /* no such key, or none that fits */
    AUTH_BAD_SIGNATURE, /* the key says no */
    AUTH_EXPIRED,
    AUTH_BAD_CLAIMS, /* issuer, audience, or not valid yet */
    AUTH_NO_EMAIL,
    AUTH_NO_USERINFO, /* the userinfo endpoint does not know the token */
    AUTH_UNAVAILABLE, /* 503: keys or user information cannot be had now */
};

struct jwt_terms {
    struct jwks *jwks;
    const char *issuer;
    const char *audience;
};

/* Verifies TOKEN by TERMS at the time NOW_MS, ms since 1970. On AUTH_OK *CLAIMS is its payload, an object
 * owned by CTX. E is filled with AUTH_UNAVAILABLE. */
enum auth_result jwt_verify(const struct jwt_terms *terms, void *ctx, struct str token, int64_t now_ms,
                            const cJSON **claims, struct error *e);

#endif
