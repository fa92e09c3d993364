/* Memory of a compiled release: a few large blocks, filled front to back and freed with the release. While it
 * is compiled, equal strings are kept once. */
#ifndef BALROG_CORE_ARENA_H
#define BALROG_CORE_ARENA_H

#include "core/mem.h"
#include "core/str.h"

struct arena {
    void *ctx; /* owns the blocks */
    char *at;
    size_t left;
    size_t block; /* bytes of an ordinary block */
};

/* EXPECTED: roughly how many bytes will be wanted in all. */
void arena_init(struct arena *a, void *ctx, size_t expected);
/* N zeroed bytes, aligned for any object. Never NULL. */
void *arena_get(struct arena *a, size_t n);
/* A copy of S, which is not absent even where S is empty. */
struct str arena_copy(struct arena *a, struct str s);
#define arena_array(A, TYPE, N) ((TYPE *)arena_get(A, sizeof(TYPE) * (N)))

/* What has been kept so far: texts of several kinds, each of a kind once, each with a payload of the
 * caller's.
 */
struct interned {
    struct str text;
    uint32_t hash;
    unsigned kind;
    void *payload; /* NULL at first */
};
struct interner {
    struct arena *arena;
    struct interned *slot; /* open addressing; a free slot has an absent text */
    size_t n, cap;
};

/* The slots live in CTX and are needed only until the release is compiled. */
void interner_init(struct interner *in, void *ctx, struct arena *arena);
/* The entry of KIND and TEXT, made (with a copy of TEXT in the arena) if it is new. Valid until the next
 * call.
 */
struct interned *intern(struct interner *in, unsigned kind, struct str text);
/* The same, or NULL if there is none. */
struct interned *interned_find(const struct interner *in, unsigned kind, struct str text);

/* A name to look up, with its hash beside it. An entry of a table starts with one. */
struct key {
    const char *p;
    uint32_t n;
    uint32_t hash;
};
static inline struct key key_of(struct str name)
{
    return (struct key){ name.p, (uint32_t)name.n, str_hash(name) };
}
static inline struct str key_str(const struct key *key)
{
    return (struct str){ key->p, key->n };
}
/* Sorts N ENTRIES of SIZE bytes, each starting with a struct key, for keys_find(). */
void keys_sort(void *entries, size_t n, size_t size);
/* The entry named KEY, or NULL. */
const void *keys_find(const void *entries, size_t n, size_t size, struct key key);

#endif
