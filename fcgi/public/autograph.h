/* Asks an Autograph server for signatures (reference: util/autograph.py). */
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

/* Made from the autograph_… settings of CONFIG, all of which are required. NULL, with the reason in E, when
 * one is missing or wrong. Owned by CTX. */
struct autograph *autograph_new(void *ctx, const struct config_signer *config, struct error *e);
/* Asks once for a signature of D. Fails unless the answer is a 2xx with one signature. E never quotes what
 * was sent or received. Once *STOP is true, the request is given up; STOP may be NULL. Safe from any thread.
 */
bool autograph_ask(const struct autograph *a, const struct digest *d, const atomic_bool *stop,
                   struct signature *out, struct error *e);
/* The pause after the FAILED-th failed try (1, 2, …), in ms: at most 100 after the first, 500 after each
 * later one; half of that for RANDOM 0, all of it for RANDOM 1. */
unsigned autograph_pause_ms(unsigned failed, double random);

#endif
