/* Starting from the snapshot file, and saving it. See loader_state.h. */
#include "public/loader_state.h"

#include "core/clock.h"
#include "ops/log.h"
#include "store/reader.h"

/* Publishes what FILE has. False, with the reason in E, if it is damaged after all. */
static bool publish_file(struct loader *l, struct snapshot_file *file, struct error *e)
{
    struct tables *tables = tables_of_index(l, &file->index);
    struct release_source source = snapshot_file_source(file);
    struct published *next = loader_build(l, tables, &source, e);
    if (next == NULL) {
        talloc_free(tables);
        return false;
    }
    loader_publish(l, next, tables);
    saver_adopt(l->saver, file, next->snapshot->input.generation);
    l->todo.everything = false;
    l->resuming = true;
    l->saved_id = file->index.feed_id;
    l->saved_print = file->index.feed_print;
    return true;
}

/* Whether FILE is older than [public] max_stale_s. */
static bool check_age(const struct loader *l, int64_t age_ms, struct error *e)
{
    int64_t limit_s = l->settings->config->public.max_stale_s;
    return limit_s == 0 || age_ms <= limit_s * MS_PER_S ||
           error_set(e, ERROR_UNAVAILABLE,
                     "the snapshot file is not used: it is %lld s old, more than max_stale_s",
                     (long long)(age_ms / MS_PER_S));
}

/* Serves what the snapshot file has, if there is one, until the database has answered. */
void loader_start_from_file(struct loader *l)
{
    struct error e;
    int64_t start_us = clock_us();
    struct snapshot_file *file = saver_open(l->saver, l, &e);
    int64_t age_ms = file != NULL ? clock_wall_ms() - file->fresh_ms : 0;
    age_ms = age_ms > 0 ? age_ms : 0; /* the clock may have been set back */
    if (file != NULL && check_age(l, age_ms, &e) && publish_file(l, file, &e)) {
        struct loader_stats *stats = &l->state->loader;
        atomic_store(&stats->stale, 1);
        atomic_store(&stats->fresh_ms, clock_ms() - age_ms);
        atomic_store(&stats->build_us, clock_us() - start_us);
        log_info(
            "snapshot_file.loaded",
            "serving what the database had %.1f s ago, until it answers: %zu rules, %zu releases, in %.1f ms",
            (double)age_ms / MS_PER_S, l->tables->rules->n, l->published->snapshot->n_releases,
            (double)(clock_us() - start_us) / 1000);
    } else if (file != NULL || e.kind != ERROR_NOT_FOUND) {
        log_warning("snapshot_file.refused", "%s; everything is read from the database", e.what);
    }
    talloc_free(file);
}

/* Finds out, in a consistent read, what has changed since the file was written. */
static bool resume_in_transaction(struct loader *l, struct error *e)
{
    uint64_t print;
    size_t changed = 0;
    if (!feed_fingerprint(l->db, l->saved_id, &print, e)) {
        return false;
    }
    if (print == 0 || print != l->saved_print) {
        log_warning("snapshot_file.foreign",
                    "change %llu, the newest in the snapshot file, is not in the database any "
                    "more: it was restored, is another one, or too much time has passed. "
                    "Everything is read again",
                    (unsigned long long)l->saved_id);
        l->todo.everything = true;
        return true;
    }
    if (!feed_start(l->feed, l->db, clock_ms(), e) || !loader_compare_in_transaction(l, &changed, e)) {
        return false;
    }
    log_info("snapshot_file.compared",
             "%zu tables or releases have changed since the snapshot file was written", changed);
    return true;
}

bool loader_resume(struct loader *l, struct error *e)
{
    struct error ignored;
    if (!reader_begin(l->db, e)) {
        return false;
    }
    bool ok = resume_in_transaction(l, e);
    if (!reader_end(l->db, ok ? e : &ignored) || !ok) {
        return false;
    }
    l->resuming = false;
    l->compared_ms = clock_ms();
    return true;
}

/* Collects what is published for the snapshot file, unless the database has something newer by now: then the
 * next turn publishes that. */
bool loader_save(struct loader *l, struct error *e)
{
    struct error ignored;
    if (!reader_begin(l->db, e)) {
        return false;
    }
    bool ok = loader_poll(l, e);
    if (ok && !l->todo.everything && !l->todo.tables && !l->todo.publish) {
        struct saver_snapshot snapshot = { l->published->snapshot->input.generation, l->cache, l->tables,
                                           feed_cursor(l->feed) };
        ok = saver_collect(l->saver, l->db, &snapshot, e);
    }
    return reader_end(l->db, ok ? e : &ignored) && ok;
}

/* After [public] max_stale_s without the database, publishes a snapshot without rules. */
void loader_withhold_if_too_old(struct loader *l)
{
    int64_t limit_s = l->settings->config->public.max_stale_s;
    struct error e;
    if (limit_s == 0 || l->published == NULL || l->withheld ||
        clock_ms() - atomic_load(&l->state->loader.fresh_ms) <= limit_s * MS_PER_S) {
        return;
    }
    struct tables *tables = mem_new(l, struct tables);
    tables->rules = ruleset_build(tables, NULL, 0);
    struct release_source source = { .arg = NULL }; /* without rules nothing is read */
    loader_publish(l, loader_build(l, tables, &source, &e), tables);
    l->todo.everything = true;
    l->resuming = false;
    l->withheld = true;
    log_error("snapshot.too_old",
              "the database could not be read for %lld s (max_stale_s): clients get no updates any more",
              (long long)limit_s);
}
