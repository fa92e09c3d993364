/* Reading from the database, and publishing. See loader_state.h. */
#include "public/loader_state.h"

#include "core/clock.h"
#include "ops/log.h"
#include "store/cache_compare.h"
#include "store/reader.h"
#include "update/snapshot_build.h"

#include <errno.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NICE = 10 };

/* ---- reading ---- */

static bool read_release(void *arg, void *ctx, struct str name, struct release_row *row,
                         struct release_stamps *stamps, bool *found, struct error *e)
{
    struct loader *l = arg;
    return reader_release(l->db, ctx, name, row, stamps, found, e);
}

static bool read_base(void *arg, struct str name, struct release_stamps *stamps, struct error *e)
{
    struct loader *l = arg;
    return reader_base(l->db, name, stamps, e);
}

static bool read_asset(void *arg, void *ctx, struct str name, struct str path, struct release_asset *asset,
                       bool *found, struct error *e)
{
    struct loader *l = arg;
    return reader_asset(l->db, ctx, name, path, asset, found, e);
}

static void note_changes(struct loader *l, const struct feed_change *changes, size_t n, struct work *work)
{
    for (size_t i = 0; i < n; i++) {
        if (changes[i].table == FEED_RELEASES) {
            release_cache_change(l->cache, changes[i].key, changes[i].path);
            work->publish = true;
        } else if (changes[i].table != FEED_OTHER) {
            work->tables = true;
        }
    }
}

/* Polls the feed; one statement if nothing has changed. */
bool loader_poll(struct loader *l, struct error *e)
{
    void *tmp = talloc_new(l);
    struct feed_news news;
    bool ok = feed_poll(l->feed, l->db, tmp, clock_ms(), &news, e);
    if (ok) {
        l->todo.everything |= news.rebuild;
        note_changes(l, news.changes, news.n, &l->todo);
        l->changed_ms = news.n > 0 && l->changed_ms == 0 ? clock_ms() : l->changed_ms;
    }
    talloc_free(tmp);
    return ok;
}

/* ---- comparing all data versions ---- */

/* Inside one consistent read, and after the feed was polled there: whatever still differs was missed by the
 * feed. What will be read again anyway does not count. */
bool loader_compare_in_transaction(struct loader *l, size_t *missed, struct error *e)
{
    struct table_stamps tables;
    if (!loader_poll(l, e) || !reader_table_stamps(l->db, &tables, e) ||
        !cache_compare(l->cache, l->db, missed, e)) {
        return false;
    }
    const struct table_stamps *old = &l->tables->stamps;
    bool changed = !l->todo.tables && (tables.rules != old->rules || tables.pins != old->pins ||
                                       tables.shutoffs != old->shutoffs || tables.stops != old->stops);
    *missed += changed;
    l->todo.tables |= changed;
    l->todo.publish |= *missed > 0;
    return true;
}

bool loader_compare(struct loader *l, struct error *e)
{
    size_t missed = 0;
    struct error ignored;
    if (!reader_begin(l->db, e)) {
        return false;
    }
    bool ok = loader_compare_in_transaction(l, &missed, e);
    if (!reader_end(l->db, ok ? e : &ignored) || !ok) {
        return false;
    }
    l->compared_ms = clock_ms();
    if (missed > 0 && !l->todo.everything) {
        atomic_fetch_add(&l->state->loader.feed_missed, missed);
        log_warning("feed.missed",
                    "%zu changes were not in the change feed: was a table restored, or are triggers missing?",
                    missed);
    }
    return true;
}

/* ---- publishing ---- */

static void log_broken(void *arg, struct str name, const char *why, bool kept)
{
    (void)arg;
    log_error("release.broken", "release %.*s %s: %s", STR_ARG(name),
              kept ? "is broken, and the version before it is still served" : "cannot be served", why);
}

struct published *loader_build(struct loader *l, const struct tables *tables,
                               const struct release_source *source, const struct loader_part *part,
                               struct error *e)
{
    struct published *p = mem_new(l, struct published);
    struct snapshot_input input = {
        .rules = tables->rules,
        .stops = tables->stops,
        .pins = tables->pins,
        .n_pins = tables->n_pins,
        .shutoffs = tables->shutoffs,
        .n_shutoffs = tables->n_shutoffs,
        .settings = &l->settings->engine,
        .generation = atomic_load(&l->state->loader.generation) + 1,
    };
    struct snapshot_request request = {
        .cache = l->cache,
        .input = &input,
        .source = source,
        .keep_good = strcmp(l->settings->config->public.keep_good_releases, "yes") == 0,
        .broken = log_broken,
    };
    if (part != NULL) {
        input.awaited = part->awaited;
        input.n_awaited = part->n_awaited;
        request.roots = part->roots;
        request.n_roots = part->n_roots;
    }
    p->settings = l->settings;
    p->snapshot = snapshot_build(p, &request, e);
    if (p->snapshot == NULL) {
        talloc_free(p);
        return NULL;
    }
    return p;
}

void loader_signal_ready(struct loader *l)
{
    uint64_t one = 1;
    if (write(l->ready_fd, &one, sizeof one) != sizeof one) {
        log_error("loader.ready", "the end of the start cannot be signalled: writing to the eventfd failed");
    }
}

/* Lowers the priority of this thread (Linux allows that per thread) and of those that it starts to compile:
 * clients wait for answers, nobody waits for a change in the same way. The priority is still high enough for
 * changes to get in while queries keep every processor busy. */
static void lower_priority(void)
{
    if (setpriority(PRIO_PROCESS, 0, NICE) != 0) {
        log_warning("loader.priority", "the priority could not be lowered to nice %d: %s", NICE,
                    strerror(errno));
    }
}

/* Publishes NEXT; returns when no reader sees the previous snapshot any more. */
static void publish_snapshot(struct loader *l, struct published *next)
{
    const struct snapshot *s = next->snapshot;
    struct loader_stats *stats = &l->state->loader;
    atomic_store(&l->state->current, next);
    epoch_wait(&l->state->epoch);
    release_cache_commit(l->cache);
    talloc_free(l->published);
    l->published = next;
    atomic_store(&stats->generation, s->input.generation);
    atomic_store(&stats->rules, s->input.rules->n);
    atomic_store(&stats->partial_stops, s->input.stops != NULL ? s->input.stops->n : 0);
    atomic_store(&stats->releases, s->n_releases);
    atomic_store(&stats->missing, s->n_missing);
    atomic_store(&stats->kept, release_cache_kept(l->cache));
    if (l->changed_ms != 0) {
        atomic_store(&stats->feed_lag_ms, feed_lag_ms(l->feed) + clock_ms() - l->changed_ms);
        l->changed_ms = 0;
    }
    warmup_publish(&l->state->warmup, s->input.generation);
    if (s->input.generation == 1) {
        loader_signal_ready(l);
    }
    if (s->input.n_awaited > 0) {
        return; /* the next one follows at once */
    }
    atomic_store(&stats->bytes, talloc_total_size(l->cache) + talloc_total_size(next));
    if (!l->lowered) {
        lower_priority();
        l->lowered = true;
    }
}

/* Publishes NEXT, which was made of TABLES. */
void loader_publish(struct loader *l, struct published *next, struct tables *tables)
{
    publish_snapshot(l, next);
    if (tables != l->tables) {
        talloc_free(l->tables);
        l->tables = tables;
    }
}

/* Reads what must be read and publishes it, inside one consistent read. */
static bool refresh_in_transaction(struct loader *l, struct error *e)
{
    struct work *todo = &l->todo;
    struct tables *tables = l->tables;
    if (!todo->everything &&
        !loader_poll(l, e)) { /* again: this transaction may see more than the last poll did */
        return false;
    }
    if (todo->everything) {
        if (!feed_start(l->feed, l->db, clock_ms(), e)) {
            return false;
        }
        release_cache_expire_all(l->cache);
    }
    if (todo->everything || todo->tables) {
        tables = tables_read(l, l->db, e);
        if (tables == NULL) {
            return false;
        }
    }
    struct release_source source = { read_release, read_base, read_asset, l };
    struct published *next = loader_build(l, tables, &source, NULL, e);
    if (next == NULL) {
        if (tables != l->tables) {
            talloc_free(tables);
        }
        return false;
    }
    loader_publish(l, next, tables);
    *todo = (struct work){ 0 };
    return true;
}

bool loader_refresh(struct loader *l, struct error *e)
{
    int64_t start_us = clock_us();
    bool everything = l->todo.everything;
    if (!reader_begin(l->db, e)) {
        return false;
    }
    bool ok = refresh_in_transaction(l, e);
    struct error ignored;
    if (!reader_end(l->db, ok ? e : &ignored) || !ok) {
        return false;
    }
    int64_t took_us = clock_us() - start_us;
    atomic_store(&l->state->loader.build_us, took_us);
    if (everything) {
        malloc_trim(LOADER_KEEP_BYTES);
    }
    const struct snapshot *s = l->published->snapshot;
    log_write(everything ? LOG_INFO : LOG_DEBUG, "snapshot.built", STR_NONE,
              "generation %llu: %zu rules, %zu releases, %zu missing, in %.1f ms",
              (unsigned long long)s->input.generation, s->input.rules->n, s->n_releases, s->n_missing,
              (double)took_us / 1000);
    return true;
}
