/* Asking an Autograph server for a signature (reference: util/autograph.py). */
#ifndef BALROG_PUBLIC_AUTOGRAPH_H
#define BALROG_PUBLIC_AUTOGRAPH_H

#include "settings/config.h"
#include "core/error.h"
#include "public/signature.h"

#include <stdatomic.h>

enum {
    AUTOGRAPH_CONNECT_MS = 2000,
    AUTOGRAPH_TRY_MS = 5000, /* one try, connecting included */
    AUTOGRAPH_TRIES = 3,
};

struct autograph;

/* From a signer's autograph_… settings, all of which are needed. NULL when one is missing or wrong. Owned by
 * CTX. */
struct autograph *autograph_new(void *ctx, const struct config_signer *config, struct error *e);
/* Asks once. Anything but one signature in a 2xx answer is a failure. E never quotes what was sent or
 * received. STOP (or NULL) gives up early. Safe from any thread. */
bool autograph_ask(const struct autograph *a, const struct digest *d, const atomic_bool *stop,
                   struct signature *out, struct error *e);
/* How long to pause after the FAILED-th failed try (1, 2, …), in ms: up to 100 after the first, up to 500
 * after each later one; half of that as RANDOM is 0, all of it as RANDOM is 1. */
unsigned autograph_pause_ms(unsigned failed, double random);

#endif
