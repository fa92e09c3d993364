/* The keys that sign bearer tokens: a JSON Web Key Set, kept for a while.
 *
 * Only public keys that can sign with RS256 (RSA, 2048 bits and more) or ES256 (P-256) are looked at; others
 * in the set are passed over. A set that cannot be had, or holds no such key, leaves the last one in place.
 */
#ifndef BALROG_ADMIN_JWKS_H
#define BALROG_ADMIN_JWKS_H

#include "core/buf.h"
#include "core/error.h"
#include "core/mem.h"

enum { JWKS_TEXT_MAX = 256 << 10, JWKS_KEYS_MAX = 64 };

struct jwks_options {
    /* Appends the text of the set to OUT; fails if it does not fit. May block. */
    bool (*load)(void *arg, struct buf *out, struct error *e);
    void *arg;
    int cache_s;   /* a set that is older is loaded again; seconds */
    int refresh_s; /* a load begins at the earliest this many seconds after the last one began */
};

struct jwks;
struct jwks *jwks_new(void *ctx, const struct jwks_options *options);

enum jwks_answer {
    JWKS_FOUND,
    JWKS_UNKNOWN,     /* neither the set nor, if it could be loaded again, a fresh one has such a key */
    JWKS_UNAVAILABLE, /* no set could be loaded yet, or another thread is loading one that may have the key */
};

struct jwks_query {
    const char *kid; /* the key's id */
    const char *alg; /* what it has to sign with: "RS256" or "ES256" */
    int64_t now_ms;  /* ms since 1970 */
};

/* Finds a key; *KEY becomes its JWK, owned by CTX. If there is no set yet, if the set is too old or if it
 * lacks the key, the calling thread loads the set again, unless another thread is doing so: it never waits
 * for that one. E is filled with JWKS_UNAVAILABLE. Safe from any thread. */
enum jwks_answer jwks_find(struct jwks *jwks, void *ctx, const struct jwks_query *query, const char **key,
                           struct error *e);

#endif
