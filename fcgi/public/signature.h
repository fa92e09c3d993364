/* What the signing modules pass to each other: a digest in, a Content-Signature's parts out. */
#ifndef BALROG_PUBLIC_SIGNATURE_H
#define BALROG_PUBLIC_SIGNATURE_H

#include "core/str.h"

enum {
    DIGEST_BYTES = 48, /* SHA-384 */
    SIGNATURE_MAX = 512,
    X5U_MAX = 2048,
};

/* SHA-384 of "Content-Signature:\0" and the body. */
struct digest {
    unsigned char bytes[DIGEST_BYTES];
};

struct signature {
    char text[SIGNATURE_MAX]; /* r then s in URL-safe base64, without padding */
    char x5u[X5U_MAX];        /* where the certificate chain lies */
};

/* Whether X5U can stand in the header: a URL of at most X5U_MAX - 1 printable ASCII characters, without the
 * ones that end or separate a value there. */
static inline bool x5u_ok(const char *x5u)
{
    size_t n = strlen(x5u);
    for (size_t i = 0; i < n; i++) {
        if (x5u[i] <= ' ' || x5u[i] > '~' || strchr("\";,\\", x5u[i]) != NULL) {
            return false;
        }
    }
    return n > 0 && n < X5U_MAX;
}

#endif
