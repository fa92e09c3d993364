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
    /* Appends the set's text to OUT, and fails when it does not fit; may take its time. */
    bool (*load)(void *arg, struct buf *out, struct error *e);
    void *arg;
    int cache_s;   /* a set older than this is loaded again */
    int refresh_s; /* but no load begins sooner than this after the last one */
};

struct jwks;
struct jwks *jwks_new(void *ctx, const struct jwks_options *options);

enum jwks_answer {
    JWKS_FOUND,
    JWKS_UNKNOWN,     /* no key of that id fits ALG, also not in a fresh set, or it is too soon to look */
    JWKS_UNAVAILABLE, /* there is no set at all, or another thread is loading one that may have the key: E */
};

/* Looks for the key KID that signs with ALG ("RS256" or "ES256"); *KEY becomes its JWK, owned by CTX. Loads
 * the set, in the calling thread, when there is none, when it has become old, and when it lacks the key,
 * unless another thread does: it never waits for that one. NOW_MS: the time. Safe from any thread. */
enum jwks_answer jwks_find(struct jwks *jwks, void *ctx, const char *kid, const char *alg, int64_t now_ms,
                           const char **key, struct error *e);

#endif
