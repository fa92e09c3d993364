/* Content-Signature: p384ecdsa over "Content-Signature:\0" + body, made here with a key or by an Autograph
 * server, cached by body and key for a day, and never asked for twice at once (reference:
 * web/public/helpers.py, util/autograph.py). */
#ifndef BALROG_PUBLIC_SIGN_H
#define BALROG_PUBLIC_SIGN_H

#include "core/buf.h"
#include "core/config.h"
#include "core/error.h"

struct signer;

/* Made from the configuration's signing section; NULL when a key cannot be read or is no P-384 key. Owned by
 * CTX. */
struct signer *signer_new(void *ctx, const struct config *config, struct error *e);
/* Whether answers for PRODUCT are signed on /update ("" : on /json). */
bool signer_wants_update(const struct signer *s, struct str product);
bool signer_wants_json(const struct signer *s);
/* Appends the header's value, "x5u=…; p384ecdsa=…" with the signature in URL-safe base64 (r then s, 96
 * bytes), to OUT. KEY names the signer: a product, or "" for /json. False when no signature could be had (E
 * says why): the answer is then sent as the caller decides. Safe from any thread. */
bool signer_sign(struct signer *s, struct str key, struct str body, struct buf *out, struct error *e);

#endif
