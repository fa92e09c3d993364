/* See snapshot.h. Releases are in a hash table with open addressing, pins in a sorted array. */
#include "update/snapshot.h"

#include <stdlib.h>

/* ---- building ---- */

static int pin_cmp(const struct pin_row *a, const struct pin_row *b)
{
    int c = str_cmp(a->product, b->product);
    c = c != 0 ? c : str_cmp(a->channel, b->channel);
    return c != 0 ? c : str_cmp(a->version, b->version);
}

static int by_pin(const void *a, const void *b)
{
    return pin_cmp(*(const struct pin_row *const *)a, *(const struct pin_row *const *)b);
}

static void sort_pins(struct snapshot *s)
{
    s->pins = mem_array(s, const struct pin_row *, s->input.n_pins);
    for (size_t i = 0; i < s->input.n_pins; i++) {
        s->pins[i] = &s->input.pins[i];
    }
    if (s->input.n_pins > 0) {
        qsort(s->pins, s->input.n_pins, sizeof(*s->pins), by_pin);
    }
}

struct snapshot *snapshot_new(void *ctx, const struct snapshot_input *input, size_t n_names)
{
    struct snapshot *s = mem_new(ctx, struct snapshot);
    size_t size = 16;
    while (size < 2 * n_names) {
        size *= 2;
    }
    s->input = *input;
    s->mask = size - 1;
    s->table = mem_array(s, const struct release *, size);
    sort_pins(s);
    return s;
}

struct snapshot *snapshot_with_input(void *ctx, const struct snapshot *from,
                                     const struct snapshot_input *input)
{
    struct snapshot *s = mem_new(ctx, struct snapshot);
    *s = *from;
    s->input = *input;
    sort_pins(s);
    return s;
}

void snapshot_add(struct snapshot *s, struct str name, const struct release *release)
{
    if (release == NULL) {
        s->n_missing++;
        return;
    }
    size_t i = str_hash(name) & s->mask;
    while (s->table[i] != NULL) {
        i = (i + 1) & s->mask;
    }
    s->table[i] = release;
    s->n_releases++;
}

/* ---- reading ---- */

const struct release *snapshot_release(const struct snapshot *s, struct str name)
{
    for (size_t i = str_hash(name) & s->mask; s->table[i] != NULL; i = (i + 1) & s->mask) {
        if (str_eq(s->table[i]->name, name)) {
            return s->table[i];
        }
    }
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

bool snapshot_awaits(const struct snapshot_input *input, struct str name)
{
    return input->n_awaited > 0 &&
           bsearch(&name, input->awaited, input->n_awaited, sizeof(struct str), by_name) != NULL;
}

struct str snapshot_pin(const struct snapshot *s, struct str product, struct str channel, struct str version)
{
    struct pin_row wanted = { product, version, channel, STR_NONE };
    const struct pin_row *key = &wanted;
    if (s->input.n_pins == 0) {
        return STR_NONE;
    }
    const struct pin_row *const *found = bsearch(&key, s->pins, s->input.n_pins, sizeof(*s->pins), by_pin);
    return found != NULL ? (*found)->mapping : STR_NONE;
}

bool snapshot_is_shut_off(const struct snapshot *s, struct str product, struct str channel)
{
    for (size_t i = 0; i < s->input.n_shutoffs; i++) {
        const struct shutoff_row *row = &s->input.shutoffs[i];
        if (str_eq(row->product, product) && str_eq(row->channel, channel)) {
            return true;
        }
    }
    return false;
}

const struct ruleset *snapshot_stops(void *ctx, const struct rule_row *stops, size_t n)
{
    return n > 0 ? ruleset_build(ctx, stops, n) : NULL;
}
