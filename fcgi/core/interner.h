/* Keeps equal texts once: a table of the texts that an arena already holds. Texts are of several kinds
 * (numbers of the caller's choice); the same text may be there once per kind. Each entry has a payload for
 * the caller. */
#ifndef BALROG_CORE_INTERNER_H
#define BALROG_CORE_INTERNER_H

#include "core/arena.h"

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

/* The table is owned by CTX, the texts by ARENA: CTX may be freed as soon as no more texts are added. */
void interner_init(struct interner *in, void *ctx, struct arena *arena);
/* The entry for KIND and TEXT. If it is new, it is added with a copy of TEXT in the arena. Valid until the
 * next call. */
struct interned *interner_get(struct interner *in, unsigned kind, struct str text);
/* The same, or NULL if there is none. */
struct interned *interner_find(const struct interner *in, unsigned kind, struct str text);

#endif
