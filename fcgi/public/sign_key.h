/* Signs with an EC P-384 private key that this program reads itself (ECDSA). */
#ifndef BALROG_PUBLIC_SIGN_KEY_H
#define BALROG_PUBLIC_SIGN_KEY_H

#include "core/error.h"
#include "public/signature.h"

struct sign_key;

/* Reads a key from a PEM file. NULL, with the reason in E, when the file cannot be read, when everybody may
 * read it, or when it does not hold a P-384 private key without a passphrase. Owned by CTX. */
struct sign_key *sign_key_new(void *ctx, const char *file, struct error *e);
/* Signs D; the text is 128 characters: r and s, 48 bytes each, as Autograph encodes them. Safe from any
 * thread. */
bool sign_key_sign(const struct sign_key *k, const struct digest *d, char text[SIGNATURE_MAX],
                   struct error *e);

#endif
