/* What the threads that answer and the loader tell each other while the releases of the snapshot file are
 * being compiled: which ones clients wait for, and that there is a newer snapshot. */
#ifndef BALROG_PUBLIC_WARMUP_H
#define BALROG_PUBLIC_WARMUP_H

#include "core/str.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    WARMUP_NAMES =
        32, /* of releases that are asked for at a time; others wait until the loader comes to them */
    WARMUP_WAIT_MS = 3000, /* for how long a client waits at most */
};

struct warmup {
    pthread_mutex_t lock;
    pthread_cond_t published;
    uint64_t generation; /* of the newest snapshot */
    unsigned n;
    struct {
        char text[256];
        size_t n;
    } name[WARMUP_NAMES];
};

void warmup_init(struct warmup *w);

/* Asks for the release NAME to be compiled before others. */
void warmup_want(struct warmup *w, struct str name);
/* Waits for a newer snapshot than that of GENERATION. False if none has come by UNTIL_MS, by the monotonic
 * clock. */
bool warmup_wait(struct warmup *w, uint64_t generation, int64_t until_ms);

/* For the loader: takes one of the names that were asked for. Copied, owned by CTX; absent if there is none.
 */
struct str warmup_take(struct warmup *w, void *ctx);
/* For the loader: the snapshot GENERATION is published. */
void warmup_publish(struct warmup *w, uint64_t generation);

#endif
