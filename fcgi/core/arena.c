/* A bump allocator over talloc blocks (a talloc chunk of its own for each string would cost more than the
 * string), the table of texts already kept, and search over hashed names. */
#include "core/arena.h"

#include <stdalign.h>
#include <stdlib.h>

enum { BLOCK_MIN = 512, BLOCK_MAX = 16 << 10, SLOTS_MIN = 64 };

void arena_init(struct arena *a, void *ctx, size_t expected)
{
    size_t block = expected / 8;
    block = block < BLOCK_MIN ? BLOCK_MIN : block > BLOCK_MAX ? BLOCK_MAX : block;
    *a = (struct arena){ .ctx = ctx, .block = block };
}

/* N bytes whose address is a multiple of ALIGN. What is large gets a block of its own. */
static char *take(struct arena *a, size_t n, size_t align)
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
    return memset(take(a, n, alignof(max_align_t)), 0, n);
}

struct str arena_copy(struct arena *a, struct str s)
{
    char *p = take(a, s.n > 0 ? s.n : 1, 1); /* an empty text is not an absent one */
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    return (struct str){ p, s.n };
}

void interner_init(struct interner *in, void *ctx, struct arena *arena)
{
    *in = (struct interner){ .arena = arena,
                             .slot = mem_array(ctx, struct interned, SLOTS_MIN),
                             .cap = SLOTS_MIN };
}

/* The slot where KIND and TEXT are, or would be. */
static struct interned *slot_of(const struct interner *in, unsigned kind, struct str text, uint32_t hash)
{
    size_t i = hash & (in->cap - 1);
    for (;; i = (i + 1) & (in->cap - 1)) {
        struct interned *slot = &in->slot[i];
        if (str_absent(slot->text) ||
            (slot->hash == hash && slot->kind == kind && str_eq(slot->text, text))) {
            return slot;
        }
    }
}

static uint32_t mixed_hash(unsigned kind, struct str text)
{
    uint32_t h = str_hash(text) ^ kind * 2654435761u;
    return h ^ h >> 15;
}

static void grow(struct interner *in)
{
    struct interner bigger = *in;
    bigger.cap = in->cap * 2;
    bigger.slot = mem_array(talloc_parent(in->slot), struct interned, bigger.cap);
    for (size_t i = 0; i < in->cap; i++) {
        const struct interned *old = &in->slot[i];
        if (!str_absent(old->text)) {
            *slot_of(&bigger, old->kind, old->text, old->hash) = *old;
        }
    }
    talloc_free(in->slot);
    *in = bigger;
}

struct interned *intern(struct interner *in, unsigned kind, struct str text)
{
    uint32_t hash = mixed_hash(kind, text);
    if (in->n * 4 >= in->cap * 3) {
        grow(in);
    }
    struct interned *slot = slot_of(in, kind, text, hash);
    if (str_absent(slot->text)) {
        *slot = (struct interned){ arena_copy(in->arena, text), hash, kind, NULL };
        in->n++;
    }
    return slot;
}

struct interned *interned_find(const struct interner *in, unsigned kind, struct str text)
{
    struct interned *slot = slot_of(in, kind, text, mixed_hash(kind, text));
    return str_absent(slot->text) ? NULL : slot;
}

static int key_cmp(const void *a, const void *b)
{
    const struct key *x = a;
    const struct key *y = b;
    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    return str_cmp(key_str(x), key_str(y));
}

void keys_sort(void *entries, size_t n, size_t size)
{
    if (n > 1) {
        qsort(entries, n, size, key_cmp);
    }
}

/* Hashes are even: a key is near where its hash is among all hashes. */
const void *keys_find(const void *entries, size_t n, size_t size, struct key key)
{
    if (n == 0) {
        return NULL;
    }
    const char *first = entries;
    const char *end = first + n * size;
    const char *at = first + (key.hash * (uint64_t)n >> 32) * size;
    while (at > first && ((const struct key *)(at - size))->hash >= key.hash) {
        at -= size;
    }
    while (at < end && ((const struct key *)at)->hash < key.hash) {
        at += size;
    }
    for (; at < end && ((const struct key *)at)->hash == key.hash; at += size) {
        if (str_eq(key_str((const struct key *)at), key_str(&key))) {
            return at;
        }
    }
    return NULL;
}
