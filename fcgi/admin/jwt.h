/* Bearer tokens: JSON Web Tokens, signed with RS256 or ES256. */
#ifndef BALROG_ADMIN_JWT_H
#define BALROG_ADMIN_JWT_H

#include "admin/jwks.h"
#include "core/json.h"

enum { JWT_LEEWAY_S = 10, JWT_TEXT_MAX = 16 << 10 };

/* What is wrong with the credentials of a caller. Each has the reference's code, where it has one. */
enum auth_result {
    AUTH_OK,
    AUTH_HEADER_MISSING,
    AUTH_NOT_BEARER,
    AUTH_NO_TOKEN,
    AUTH_NOT_ONE_TOKEN,
    AUTH_BAD_TOKEN,     /* not a JWT, or signed by another algorithm */
    AUTH_UNKNOWN_KEY,   /* there is no such key for this algorithm */
    AUTH_BAD_SIGNATURE, /* the signature is not that of the key */
    AUTH_EXPIRED,
    AUTH_BAD_CLAIMS, /* wrong issuer or audience, or not valid yet */
    AUTH_NO_EMAIL,
    AUTH_NO_USERINFO, /* the userinfo endpoint does not know the token */
    AUTH_UNAVAILABLE, /* 503: the keys or the user information cannot be read at the moment */
};

struct jwt_terms {
    struct jwks *jwks;
    const char *issuer;
    const char *audience;
};

/* Verifies TOKEN at NOW_MS, ms since 1970. With AUTH_OK *CLAIMS becomes its payload, an object owned by CTX.
 * E is filled with AUTH_UNAVAILABLE. */
enum auth_result jwt_verify(const struct jwt_terms *terms, void *ctx, struct str token, int64_t now_ms,
                            const cJSON **claims, struct error *e);

#endif
