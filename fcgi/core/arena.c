/* A bump allocator over talloc blocks: a talloc chunk for each string would cost more than the string. */
#include "core/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { BLOCK_MIN = 512, BLOCK_MAX = 16 << 10 };

void arena_init(struct arena *a, void *ctx, size_t expected)
{
    size_t block = expected / 8;
    block = block < BLOCK_MIN ? BLOCK_MIN : block > BLOCK_MAX ? BLOCK_MAX : block;
    *a = (struct arena){ .ctx = ctx, .block = block };
}

/* N bytes whose address is a multiple of ALIGN. A large request gets a block of its own. */
static char *arena_bytes(struct arena *a, size_t n, size_t align)
{
    size_t gap = (size_t)(-(uintptr_t)a->at & (align - 1));
    if (a->at != NULL && a->left >= n && a->left - n >= gap) {
        char *p = a->at + gap;
        a->at += gap + n;
        a->left -= gap + n;
        return p;
    }
    if (n > a->block / 2) {
        return mem_check(talloc_size(a->ctx, n));
    }
    a->at = mem_check(talloc_size(a->ctx, a->block));
    a->left = a->block - n;
    char *p = a->at;
    a->at += n;
    return p;
}

void *arena_get(struct arena *a, size_t n)
{
    return memset(arena_bytes(a, n, alignof(max_align_t)), 0, n);
}

struct str arena_copy(struct arena *a, struct str s)
{
    char *p = arena_bytes(a, s.n > 0 ? s.n : 1, 1); /* an empty text is not an absent one */
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    return (struct str){ p, s.n };
}
