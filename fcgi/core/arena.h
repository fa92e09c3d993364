/* Memory that is filled front to back and freed as a whole: a few large blocks instead of many small ones. */
#ifndef BALROG_CORE_ARENA_H
#define BALROG_CORE_ARENA_H

#include "core/mem.h"
#include "core/str.h"

struct arena {
    void *ctx; /* owns the blocks; freeing it frees everything in the arena */
    char *at;  /* the next free byte of the current block */
    size_t left;
    size_t block; /* bytes of an ordinary block */
};

/* EXPECTED: roughly how many bytes will be needed in all. */
void arena_init(struct arena *a, void *ctx, size_t expected);
/* N zeroed bytes, aligned for any object. Never NULL. */
void *arena_get(struct arena *a, size_t n);
/* A copy of S; never absent, even if S is empty. */
struct str arena_copy(struct arena *a, struct str s);
#define arena_array(A, TYPE, N) ((TYPE *)arena_get(A, sizeof(TYPE) * (N)))

#endif
