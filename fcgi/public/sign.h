/* Content-Signature: p384ecdsa over "Content-Signature:\0" + body, made here with a key or by an Autograph
 * server, cached by body and key for a day, and never requested twice at the same time (reference:
 * web/public/helpers.py, util/autograph.py).
 *
 * A signature is made again once it is older than signing.cache_s (a second at least); until the new one is
 * there, and at most for as long again, the old one is served: it is valid for weeks. Up to SIGN_CACHE_MAX
 * are kept.
 *
 * Autograph is asked by threads of the signer's own, with three tries and pauses of at most 100 and 500 ms
 * between them, so that a caller, who waits for SIGN_WAIT_MS at most, has a signature after one or two
 * failures. Once all tries for one signature have failed, or a caller waited in vain, that server counts as
 * failing: nobody waits for it, what is queued is dropped, and one request at a time probes it, until a try
 * succeeds. */
#ifndef BALROG_PUBLIC_SIGN_H
#define BALROG_PUBLIC_SIGN_H

#include "core/buf.h"
#include "settings/config.h"
#include "core/error.h"

enum {
    SIGN_CACHE_MAX = 10000,
    SIGN_WAIT_MS = 3000,
    SIGN_PROBE_MS = 1000, /* rest between a request to a failing server that failed and the next */
    SIGN_WORKERS = 8,     /* threads that ask one Autograph server */
};

struct signer;

/* Made from the configuration's signing section, which it copies; NULL when a key cannot be read or is no
 * P-384 key, or settings are missing: E names the section. Owned by CTX: freeing it waits for its threads, a
 * second or so, and nobody may be in signer_sign() then. */
struct signer *signer_new(void *ctx, const struct config *config, struct error *e);
/* Whether answers for PRODUCT are signed on /update: a configured product, with a key of its own or, failing
 * that, the one for /json. */
bool signer_wants_update(const struct signer *s, struct str product);
/* Whether there is a key for /json, that of section [signing]. */
bool signer_wants_json(const struct signer *s);
/* Appends the header's value, "x5u=…; p384ecdsa=…" with the signature in URL-safe base64 (r then s, 96
 * bytes), to OUT. KEY names the signer: a product, or "" for /json. False when no signature could be had (E
 * says why): the answer is then sent as the caller decides. Safe from any thread. */
bool signer_sign(struct signer *s, struct str key, struct str body, struct buf *out, struct error *e);

/* For tests: what would take time or a server. A NULL or 0 keeps the real thing. */
struct autograph;
struct digest;
struct signature;
struct sign_options {
    void *arg;
    int64_t (*now_ms)(void *arg); /* monotonic */
    void (*sleep_ms)(void *arg, unsigned ms);
    /* In place of autograph_ask(). */
    bool (*ask)(void *arg, const struct autograph *a, const struct digest *d, struct signature *out,
                struct error *e);
    unsigned wait_ms;
    size_t cache_max;
};
struct signer *signer_new_with(void *ctx, const struct config *config, const struct sign_options *options,
                               struct error *e);

#endif
