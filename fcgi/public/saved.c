/* See saved.h. A cursor that has read beyond the end, or anything impossible, is marked as bad and returns
 * zeros from then on, so that a parser checks it once, at its end. */
#include "public/saved.h"

#include <endian.h>
#include <stdlib.h>

#define ABSENT UINT32_MAX

/* ---- printing ---- */

static void print_u64(struct buf *out, uint64_t n)
{
    n = htole64(n);
    buf_bytes(out, (const char *)&n, sizeof n);
}

static void print_text(struct buf *out, struct str text)
{
    uint32_t n = htole32(str_absent(text) ? ABSENT : (uint32_t)text.n);
    buf_bytes(out, (const char *)&n, sizeof n);
    buf_str(out, text);
}

static void print_rule(struct buf *out, const struct rule_row *rule)
{
    print_u64(out, (uint64_t)rule->rule_id);
    print_u64(out, (uint64_t)rule->data_version);
    buf_char(out, (char)rule->has_priority);
    print_u64(out, (uint64_t)rule->priority);
    buf_char(out, (char)rule->has_background_rate);
    print_u64(out, (uint64_t)rule->background_rate);
    for (size_t i = 0; i < RULE_ROW_TEXTS; i++) {
        print_text(out, *(const struct str *)((const char *)rule + rule_row_text[i]));
    }
    buf_char(out, (char)(rule->jaws - TRI_UNKNOWN));
    buf_char(out, (char)(rule->mig64 - TRI_UNKNOWN));
}

static void print_release(struct buf *out, const struct saved_release *release)
{
    print_text(out, release->name);
    buf_char(out, (char)release->use);
    print_u64(out, release->stamps.rows);
    print_u64(out, release->stamps.assets);
    print_u64(out, release->stamps.base);
    print_u64(out, release->place);
    print_u64(out, release->length);
    print_u64(out, release->size);
}

static void print_small_tables(struct buf *out, const struct saved_index *index)
{
    print_u64(out, index->n_pins);
    for (size_t i = 0; i < index->n_pins; i++) {
        print_text(out, index->pins[i].product);
        print_text(out, index->pins[i].version);
        print_text(out, index->pins[i].channel);
        print_text(out, index->pins[i].mapping);
    }
    print_u64(out, index->n_shutoffs);
    for (size_t i = 0; i < index->n_shutoffs; i++) {
        print_text(out, index->shutoffs[i].product);
        print_text(out, index->shutoffs[i].channel);
    }
    print_u64(out, index->n_stops);
    for (size_t i = 0; i < index->n_stops; i++) {
        print_rule(out, &index->stops[i]);
    }
}

void saved_print_index(struct buf *out, const struct saved_index *index)
{
    print_u64(out, index->feed_id);
    print_u64(out, index->feed_print);
    print_u64(out, index->stamps.rules);
    print_u64(out, index->stamps.pins);
    print_u64(out, index->stamps.shutoffs);
    print_u64(out, index->stamps.stops);
    print_u64(out, index->n_rules);
    for (size_t i = 0; i < index->n_rules; i++) {
        print_rule(out, &index->rules[i]);
    }
    print_small_tables(out, index);
    print_u64(out, index->n_releases);
    for (size_t i = 0; i < index->n_releases; i++) {
        print_release(out, &index->releases[i]);
    }
}

void saved_print_row(struct buf *out, const struct release_row *row)
{
    print_text(out, row->product);
    print_text(out, row->json);
    print_u64(out, row->n_assets);
    for (size_t i = 0; i < row->n_assets; i++) {
        print_text(out, row->assets[i].path);
        print_text(out, row->assets[i].json);
        print_u64(out, row->assets[i].stamp);
    }
}

/* ---- parsing ---- */

struct cursor {
    struct str rest;
    bool bad;
};

static const char *take_bytes(struct cursor *c, size_t n)
{
    c->bad = c->bad || c->rest.n < n;
    if (c->bad) {
        return NULL;
    }
    const char *p = c->rest.p;
    c->rest = str_slice(c->rest, n, c->rest.n);
    return p;
}

static uint64_t take_u64(struct cursor *c)
{
    uint64_t n = 0;
    const char *p = take_bytes(c, sizeof n);
    if (p != NULL) {
        memcpy(&n, p, sizeof n);
    }
    return le64toh(n);
}

/* A number from 0 to MAX, in one byte. */
static unsigned take_small(struct cursor *c, unsigned max)
{
    const char *p = take_bytes(c, 1);
    unsigned n = p != NULL ? (unsigned char)*p : 0;
    c->bad = c->bad || n > max;
    return c->bad ? 0 : n;
}

static enum tristate take_tristate(struct cursor *c)
{
    return (enum tristate)((int)take_small(c, TRI_TRUE - TRI_UNKNOWN) + TRI_UNKNOWN);
}

static struct str take_text(struct cursor *c)
{
    uint32_t n = 0;
    const char *p = take_bytes(c, sizeof n);
    if (p != NULL) {
        memcpy(&n, p, sizeof n);
        n = le32toh(n);
    }
    if (p == NULL || n == ABSENT) {
        return STR_NONE;
    }
    p = take_bytes(c, n);
    return (struct str){ p, p != NULL ? n : 0 };
}

/* How many elements follow, each of at least MIN bytes: so a wrong number allocates no more memory than the
 * input justifies. Each takes SIZE bytes of memory. */
static size_t take_count(struct cursor *c, size_t min, size_t size)
{
    uint64_t n = take_u64(c);
    c->bad = c->bad || n > c->rest.n / min || n > SAVED_FRAME_MAX / size;
    return c->bad ? 0 : (size_t)n;
}

static void take_rule(struct cursor *c, struct rule_row *rule)
{
    rule->rule_id = (int64_t)take_u64(c);
    rule->data_version = (int64_t)take_u64(c);
    rule->has_priority = take_small(c, 1);
    rule->priority = (int64_t)take_u64(c);
    rule->has_background_rate = take_small(c, 1);
    rule->background_rate = (int64_t)take_u64(c);
    for (size_t i = 0; i < RULE_ROW_TEXTS; i++) {
        *(struct str *)((char *)rule + rule_row_text[i]) = take_text(c);
    }
    rule->jaws = take_tristate(c);
    rule->mig64 = take_tristate(c);
}

static void take_release(struct cursor *c, struct saved_release *release)
{
    release->name = take_text(c);
    release->use = (enum release_use)take_small(c, RELEASE_SERVED);
    release->stamps.rows = take_u64(c);
    release->stamps.assets = take_u64(c);
    release->stamps.base = take_u64(c);
    release->place = take_u64(c);
    release->length = take_u64(c);
    release->size = take_u64(c);
    c->bad = c->bad || str_absent(release->name) || release->size > SAVED_MAX;
}

/* *N rules, owned by CTX. */
static struct rule_row *take_rules(struct cursor *c, void *ctx, size_t *n)
{
    *n = take_count(c, 4 * sizeof(uint64_t) + RULE_ROW_TEXTS * sizeof(uint32_t), sizeof(struct rule_row));
    struct rule_row *rules = mem_array(ctx, struct rule_row, *n);
    for (size_t i = 0; i < *n; i++) {
        take_rule(c, &rules[i]);
    }
    return rules;
}

static void take_small_tables(struct cursor *c, void *ctx, struct saved_index *index)
{
    index->n_pins = take_count(c, 4 * sizeof(uint32_t), sizeof(struct pin_row));
    index->pins = mem_array(ctx, struct pin_row, index->n_pins);
    for (size_t i = 0; i < index->n_pins; i++) {
        struct pin_row *pin = &index->pins[i];
        pin->product = take_text(c);
        pin->version = take_text(c);
        pin->channel = take_text(c);
        pin->mapping = take_text(c);
    }
    index->n_shutoffs = take_count(c, 2 * sizeof(uint32_t), sizeof(struct shutoff_row));
    index->shutoffs = mem_array(ctx, struct shutoff_row, index->n_shutoffs);
    for (size_t i = 0; i < index->n_shutoffs; i++) {
        index->shutoffs[i].product = take_text(c);
        index->shutoffs[i].channel = take_text(c);
    }
    index->stops = take_rules(c, ctx, &index->n_stops);
}

static void take_releases(struct cursor *c, void *ctx, struct saved_index *index)
{
    index->n_releases = take_count(c, 6 * sizeof(uint64_t), sizeof(struct saved_release));
    index->releases = mem_array(ctx, struct saved_release, index->n_releases);
    for (size_t i = 0; i < index->n_releases; i++) {
        take_release(c, &index->releases[i]);
        c->bad = c->bad || (i > 0 && str_cmp(index->releases[i - 1].name, index->releases[i].name) >= 0);
    }
}

static bool end_parsing(const struct cursor *c, struct error *e)
{
    return (!c->bad && c->rest.n == 0) ||
           error_set(e, ERROR_BAD_REQUEST, "it contains something that no version of this format writes");
}

bool saved_parse_index(void *ctx, struct str raw, struct saved_index *index, struct error *e)
{
    struct cursor c = { .rest = raw };
    *index = (struct saved_index){ .feed_id = take_u64(&c) };
    index->feed_print = take_u64(&c);
    index->stamps.rules = take_u64(&c);
    index->stamps.pins = take_u64(&c);
    index->stamps.shutoffs = take_u64(&c);
    index->stamps.stops = take_u64(&c);
    index->rules = take_rules(&c, ctx, &index->n_rules);
    take_small_tables(&c, ctx, index);
    take_releases(&c, ctx, index);
    return end_parsing(&c, e);
}

bool saved_parse_row(void *ctx, struct str raw, struct release_row *row, struct error *e)
{
    struct cursor c = { .rest = raw };
    row->product = take_text(&c);
    row->json = take_text(&c);
    row->n_assets = take_count(&c, sizeof(uint64_t) + 2 * sizeof(uint32_t), sizeof(struct release_asset));
    struct release_asset *assets = mem_array(ctx, struct release_asset, row->n_assets);
    for (size_t i = 0; i < row->n_assets; i++) {
        assets[i].path = take_text(&c);
        assets[i].json = take_text(&c);
        assets[i].stamp = take_u64(&c);
        c.bad = c.bad || str_absent(assets[i].path);
    }
    row->assets = assets;
    return end_parsing(&c, e);
}

/* ---- finding ---- */

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct saved_release *)a)->name, ((const struct saved_release *)b)->name);
}

const struct saved_release *saved_find(const struct saved_index *index, struct str name)
{
    const struct saved_release wanted = { .name = name };
    return index->n_releases == 0
               ? NULL
               : bsearch(&wanted, index->releases, index->n_releases, sizeof wanted, by_name);
}
