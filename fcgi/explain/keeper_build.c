/* See keeper_state.h. Each generation is built beside the one before from one release cache. What a newer
 * generation has replaced becomes memory of the older one, which is freed when no request uses it or one that
 * is older still. */
#include "explain/keeper_state.h"

#include "core/clock.h"
#include "ops/log.h"
#include "ops/process.h"
#include "store/cache_compare.h"

enum { KEEPER_GAP_S = 600, KEEPER_THREADS_MAX = 2 };

/* ---- generations ---- */

void keeper_collect(struct keeper *k)
{
    while (k->oldest != NULL && k->oldest != k->current && atomic_load(&k->oldest->users) == 0) {
        struct generation *g = k->oldest;
        k->oldest = g->next;
        talloc_free(g->memory);
    }
}

void keeper_drop(struct keeper *k, enum keeper_drop why)
{
    if (k->memory == NULL) {
        return;
    }
    if (k->current != NULL) {
        talloc_steal(k->current->memory, k->memory);
    } else {
        talloc_free(k->memory);
    }
    k->memory = NULL;
    k->current = NULL;
    keeper_collect(k);
    keeper_count_drop(why);
    atomic_store(&k->stats.bytes, 0);
    atomic_store(&k->stats.rules, 0);
    atomic_store(&k->stats.releases, 0);
    atomic_store(&k->stats.used_ms, 0);
}

/* Makes G the current one. */
static void adopt_generation(struct keeper *k, struct generation *g)
{
    if (k->current != NULL) {
        release_cache_retire(k->cache, k->current->memory);
        k->current->next = g;
    } else {
        struct generation *last = k->oldest;
        while (last != NULL && last->next != NULL) {
            last = last->next;
        }
        *(last != NULL ? &last->next : &k->oldest) = g;
        release_cache_commit(k->cache);
    }
    k->current = g;
    keeper_collect(k);
}

/* ---- what has changed ---- */

static void start_anew(struct keeper *k)
{
    unsigned processors = process_processors();
    k->memory = mem_check(talloc_new(NULL));
    k->feed = feed_new(k->memory, KEEPER_GAP_S);
    k->cache = release_cache_new(k->memory);
    release_cache_set_threads(k->cache, processors < KEEPER_THREADS_MAX ? processors : KEEPER_THREADS_MAX);
    k->roots = reach_new(k->memory);
    k->tables = NULL;
    k->tables_changed = true;
    k->stale = true;
    k->compared_ms = clock_ms();
    k->used_ms = clock_ms();
}

static void note_changes(struct keeper *k, const struct feed_news *news)
{
    for (size_t i = 0; i < news->n; i++) {
        const struct feed_change *change = &news->changes[i];
        if (change->table == FEED_RELEASES) {
            release_cache_change(k->cache, change->key, change->path);
            k->stale = true;
        } else if (change->table != FEED_OTHER) {
            k->tables_changed = true;
        }
    }
}

static bool poll_changes(struct keeper *k, struct tx *tx, struct error *e)
{
    struct feed_news news;
    if (!feed_poll(k->feed, tx->db, tx->mem, clock_ms(), &news, e)) {
        return false;
    }
    if (news.rebuild) {
        keeper_drop(k, DROP_FEED);
    } else {
        note_changes(k, &news);
    }
    return true;
}

/* Forgets roots that no rule and no pin maps to any more. */
static void prune_roots(struct keeper *k)
{
    size_t n;
    const struct world *w = &k->tables->world;
    const struct str *names = reach_names(k->roots, &n);
    struct reach *mapped = reach_new(NULL), *roots = reach_new(k->memory);
    for (size_t i = 0; i < w->n_rules; i++) {
        reach_add_name(mapped, w->rules[i].mapping);
        reach_add_name(mapped, w->rules[i].fallback_mapping);
    }
    for (size_t i = 0; i < w->n_pins; i++) {
        reach_add_name(mapped, w->pins[i].mapping);
    }
    for (size_t i = 0; i < n; i++) {
        if (reach_has(mapped, names[i])) {
            reach_add_name(roots, names[i]);
        }
    }
    talloc_free(mapped);
    talloc_free(k->roots);
    k->roots = roots;
}

static bool read_tables(struct keeper *k, struct tx *tx, struct error *e)
{
    struct kept_tables *t = mem_new(k->memory, struct kept_tables);
    if (!world_read(tx, t, &t->world, e) || !reader_table_stamps(tx->db, &t->stamps, e)) {
        talloc_free(t);
        return false;
    }
    t->input = world_input(t, &t->world, &k->settings.engine);
    if (k->current != NULL) {
        talloc_steal(k->current->memory, k->tables);
    } else {
        talloc_free(k->tables);
    }
    k->tables = t;
    k->tables_changed = false;
    k->stale = true;
    prune_roots(k);
    return true;
}

bool keeper_refresh(struct keeper *k, struct tx *tx, struct error *e)
{
    if (k->memory != NULL && k->host != db_host(tx->db)) {
        keeper_drop(k, DROP_FEED);
    }
    k->host = db_host(tx->db);
    if (k->memory != NULL && !poll_changes(k, tx, e)) {
        return false;
    }
    if (k->memory == NULL) {
        start_anew(k);
        if (!feed_start(k->feed, tx->db, clock_ms(), e)) {
            keeper_drop(k, DROP_FEED);
            return false;
        }
    }
    return !k->tables_changed || read_tables(k, tx, e);
}

bool keeper_compare(struct keeper *k, struct tx *tx, struct error *e)
{
    size_t differ;
    struct table_stamps now;
    const struct table_stamps *old = &k->tables->stamps;
    if (!reader_table_stamps(tx->db, &now, e) || !cache_compare(k->cache, tx->db, &differ, e)) {
        return false;
    }
    bool tables = now.rules != old->rules || now.pins != old->pins || now.shutoffs != old->shutoffs ||
                  now.stops != old->stops;
    if (differ > 0 || tables) {
        log_warning("feed.missed", "%zu changes were not in the change feed", differ + tables);
    }
    k->compared_ms = clock_ms();
    k->stale |= differ > 0;
    k->tables_changed |= tables;
    return !k->tables_changed || read_tables(k, tx, e);
}

/* ---- reading releases ---- */

/* Reads releases for a build, until they are too large for the keeper or the request is not wanted any more.
 */
struct kept_reader {
    struct world_reader world;
    struct release_source source; /* of WORLD */
    const struct keeper *keeper;
    const struct kept_request *request; /* NULL: the keeper's thread reads */
    size_t read;                        /* bytes of JSON */
    bool too_much;
};

static size_t row_bytes(const struct release_row *row)
{
    size_t n = row->json.n;
    for (size_t i = 0; i < row->n_assets; i++) {
        n += row->assets[i].json.n;
    }
    return n;
}

/* A compiled release takes less than half of its JSON. */
static bool is_too_much(const struct kept_reader *r)
{
    return atomic_load(&r->keeper->stats.bytes) + r->read / 2 > r->keeper->settings.bytes_max;
}

static bool read_release(void *arg, void *ctx, struct str name, struct release_row *row,
                         struct release_stamps *stamps, bool *found, struct error *e)
{
    struct kept_reader *r = arg;
    if (r->request != NULL && r->request->stop != NULL && r->request->stop(r->request->arg)) {
        return error_set(e, ERROR_UNAVAILABLE, "the request is not wanted any more");
    }
    if (!r->source.release(r->source.arg, ctx, name, row, stamps, found, e)) {
        return false;
    }
    r->read += *found ? row_bytes(row) : 0;
    r->too_much = is_too_much(r);
    return !r->too_much ||
           fail(e, FAIL_INVALID,
                "The releases of these queries need more memory than snapshot_mb in [admin] allows (%zu MB): "
                "ask for one product and channel, or for fewer queries",
                r->keeper->settings.bytes_max / MEGABYTE);
}

static bool read_base(void *arg, struct str name, struct release_stamps *stamps, struct error *e)
{
    struct kept_reader *r = arg;
    return r->source.base(r->source.arg, name, stamps, e);
}

static bool read_asset(void *arg, void *ctx, struct str name, struct str path, struct release_asset *asset,
                       bool *found, struct error *e)
{
    struct kept_reader *r = arg;
    return r->source.asset(r->source.arg, ctx, name, path, asset, found, e);
}

/* The source of a build; R keeps what it needs. */
static struct release_source start_reading(struct kept_reader *r, struct keeper *k, struct tx *tx,
                                           const struct world *world, const struct kept_request *request)
{
    *r = (struct kept_reader){ .world = { tx, world }, .keeper = k, .request = request };
    r->source = world_source(&r->world);
    return (struct release_source){
        .release = read_release,
        .base = r->source.base != NULL ? read_base : NULL,
        .asset = r->source.asset != NULL ? read_asset : NULL,
        .arg = r,
    };
}

/* ---- building ---- */

static void note_generation(struct keeper *k, int64_t start_us)
{
    const struct snapshot *s = k->current->snapshot;
    atomic_store(&k->stats.bytes, talloc_total_size(k->memory) + talloc_total_size(k->current->memory));
    atomic_store(&k->stats.rules, s->input.rules->n);
    atomic_store(&k->stats.releases, s->n_releases);
    atomic_store(&k->stats.build_us, clock_us() - start_us);
    keeper_count_build();
}

bool keeper_build(struct keeper *k, struct tx *tx, const struct kept_request *request, bool *full,
                  struct error *e)
{
    struct kept_reader reader;
    int64_t start_us = clock_us();
    *full = false;
    if (!k->stale && k->current != NULL) {
        return true;
    }
    struct release_source source = start_reading(&reader, k, tx, &k->tables->world, request);
    struct snapshot_request build = { .cache = k->cache, .input = &k->tables->input, .source = &source };
    void *memory = mem_check(talloc_new(NULL));
    struct generation *g = mem_new(memory, struct generation);
    build.roots = reach_names(k->roots, &build.n_roots);
    *g = (struct generation){ .memory = memory, .snapshot = snapshot_build(memory, &build, e) };
    *full = reader.too_much;
    if (g->snapshot == NULL) {
        talloc_free(memory);
        return false;
    }
    adopt_generation(k, g);
    k->stale = false;
    note_generation(k, start_us);
    return true;
}

/* The releases that CHANGES touch are to be read again. */
static void expire_changed(struct release_cache *cache, const struct row_changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        const struct row_change *c = &changes->list[i];
        const char *name = row_text(c->now != NULL ? c->now : c->old, "name");
        if (name != NULL) {
            release_cache_expire(cache, str_of(name));
        }
    }
}

const struct snapshot *keeper_build_changed(struct keeper *k, struct tx *tx, void *ctx,
                                            const struct changed_world *changed, const struct reach *wanted,
                                            const struct kept_request *request, struct error *e)
{
    struct kept_reader reader;
    struct release_source source = start_reading(&reader, k, tx, &changed->world, request);
    struct snapshot_request build = { .cache = k->cache, .input = &changed->input, .source = &source };
    build.roots = reach_names(wanted, &build.n_roots);
    expire_changed(k->cache, request->changes);
    struct snapshot *s = snapshot_build(ctx, &build, e);
    release_cache_detach(k->cache, ctx);
    return s;
}
