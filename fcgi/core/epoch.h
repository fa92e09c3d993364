/* Lets a writer know when no reader uses what it has just replaced. Readers never wait.
 *
 * A reader enters before it loads the shared pointer and leaves when it is done with what it points to. The
 * writer stores the new pointer, then waits until every reader that might still hold the old one has left.
 * Readers take no lock and never wait. */
#ifndef BALROG_CORE_EPOCH_H
#define BALROG_CORE_EPOCH_H

#include <stdatomic.h>
#include <stdint.h>

/* One per reader thread, on a cache line of its own. */
struct epoch_slot {
    _Alignas(64) _Atomic uint64_t entered; /* the epoch in which the reader entered, 0 while it is outside */
};

struct epoch {
    _Atomic uint64_t now; /* starts at 1 */
    unsigned n;
    struct epoch_slot *slot; /* N of them; the owner allocates and frees them */
};

static inline void epoch_enter(struct epoch *e, unsigned reader)
{
    /* Sequentially consistent: the pointer is loaded after the writer can see this store, or the writer's new
     * pointer is seen. */
    atomic_store(&e->slot[reader].entered, atomic_load(&e->now));
}

static inline void epoch_leave(struct epoch *e, unsigned reader)
{
    atomic_store_explicit(&e->slot[reader].entered, 0, memory_order_release);
}

/* To be called by the one writer after it has stored the new pointer: returns when every reader that was
 * inside has left. */
void epoch_wait(struct epoch *e);

#endif
