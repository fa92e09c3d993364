/* See epoch.h. */
#include "core/epoch.h"

#include <time.h>

void epoch_wait(struct epoch *e)
{
    uint64_t next = atomic_fetch_add(&e->now, 1) + 1;
    for (unsigned i = 0; i < e->n; i++) {
        for (;;) {
            uint64_t entered = atomic_load(&e->slot[i].entered);
            if (entered == 0 || entered >= next) {
                break;
            }
            /* A query takes microseconds: look again soon rather than make readers signal. */
            nanosleep(&(struct timespec){ .tv_nsec = 50000 }, NULL);
        }
    }
}
