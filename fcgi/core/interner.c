/* A hash table with open addressing. */
#include "core/interner.h"

enum { INTERNER_SLOTS_MIN = 64 };

void interner_init(struct interner *in, void *ctx, struct arena *arena)
{
    *in = (struct interner){ .arena = arena,
                             .slot = mem_array(ctx, struct interned, INTERNER_SLOTS_MIN),
                             .cap = INTERNER_SLOTS_MIN };
}

/* The slot where KIND and TEXT are, or would be. */
static struct interned *find_slot(const struct interner *in, unsigned kind, struct str text, uint32_t hash)
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

static void grow_slots(struct interner *in)
{
    struct interner bigger = *in;
    bigger.cap = in->cap * 2;
    bigger.slot = mem_array(talloc_parent(in->slot), struct interned, bigger.cap);
    for (size_t i = 0; i < in->cap; i++) {
        const struct interned *old = &in->slot[i];
        if (!str_absent(old->text)) {
            *find_slot(&bigger, old->kind, old->text, old->hash) = *old;
        }
    }
    talloc_free(in->slot);
    *in = bigger;
}

struct interned *interner_get(struct interner *in, unsigned kind, struct str text)
{
    uint32_t hash = mixed_hash(kind, text);
    if (in->n * 4 >= in->cap * 3) {
        grow_slots(in);
    }
    struct interned *slot = find_slot(in, kind, text, hash);
    if (str_absent(slot->text)) {
        *slot = (struct interned){ arena_copy(in->arena, text), hash, kind, NULL };
        in->n++;
    }
    return slot;
}

struct interned *interner_find(const struct interner *in, unsigned kind, struct str text)
{
    struct interned *slot = find_slot(in, kind, text, mixed_hash(kind, text));
    return str_absent(slot->text) ? NULL : slot;
}
