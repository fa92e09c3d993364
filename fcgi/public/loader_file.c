/* Starting from the snapshot file, and saving it. See loader_state.h. */
#include "public/loader_state.h"

#include "core/clock.h"
#include "ops/log.h"
#include "store/reader.h"

#include <stdlib.h>

/* ---- publishing what the file has ---- */

/* Compiling all releases may take seconds, so a snapshot is published after every few of them, the first
 * without any. A query that needs a release which is still to come waits (public/warmup.h), and that release
 * comes next. */
enum { RELEASES_AT_A_TIME = 8 };

enum warmth { AWAITED, CHOSEN, PUBLISHED };

struct warm_start {
    struct loader *l;
    struct tables *tables; /* owns what follows */
    struct release_source source;
    size_t n;          /* releases that are served */
    struct str *names; /* sorted */
    enum warmth *warmth;
    size_t n_awaited;
    size_t next; /* those before are not awaited any more */
};

static int by_name(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void list_releases(struct warm_start *w, const struct saved_index *index)
{
    w->names = mem_array(w->tables, struct str, index->n_releases);
    w->warmth = mem_array(w->tables, enum warmth, index->n_releases);
    for (size_t i = 0; i < index->n_releases; i++) {
        const struct saved_release *release = &index->releases[i];
        if (release->use == RELEASE_SERVED && release->length > 0) {
            w->warmth[w->n] = AWAITED;
            w->names[w->n++] = mem_str(w->tables, release->name);
        }
    }
    w->n_awaited = w->n;
}

/* Whether it was awaited until now. */
static bool choose_release(struct warm_start *w, size_t i)
{
    bool was_awaited = w->warmth[i] == AWAITED;
    w->warmth[i] = was_awaited ? CHOSEN : w->warmth[i];
    w->n_awaited -= was_awaited;
    return was_awaited;
}

static void choose_some(struct warm_start *w)
{
    void *tmp = mem_check(talloc_new(NULL));
    struct str wanted;
    unsigned n = 0;
    while (!str_absent(wanted = warmup_take(&w->l->state->warmup, tmp))) {
        const struct str *found = bsearch(&wanted, w->names, w->n, sizeof wanted, by_name);
        n += found != NULL && choose_release(w, (size_t)(found - w->names));
    }
    for (; w->next < w->n && n < RELEASES_AT_A_TIME; w->next++) {
        n += choose_release(w, w->next);
    }
    talloc_free(tmp);
}

/* Publishes the releases that were chosen, and those before. IS_ALL: no others are to come. */
static bool publish_chosen(struct warm_start *w, bool is_all, struct error *e)
{
    struct str *roots = mem_array(w->tables, struct str, w->n);
    struct str *awaited = mem_array(w->tables, struct str, w->n);
    struct loader_part part = { .roots = roots, .awaited = awaited };
    for (size_t i = 0; i < w->n; i++) {
        if (w->warmth[i] != AWAITED) {
            roots[part.n_roots++] = w->names[i];
        } else if (!is_all) {
            awaited[part.n_awaited++] = w->names[i];
        }
    }
    struct published *next = loader_build(w->l, w->tables, &w->source, &part, e);
    if (next != NULL) {
        talloc_steal(next, awaited);
        loader_publish(w->l, next, w->tables);
    }
    talloc_free(roots);
    for (size_t i = 0; i < w->n; i++) {
        if (w->warmth[i] == CHOSEN) {
            w->warmth[i] = next != NULL ? PUBLISHED : AWAITED;
        }
    }
    return next != NULL;
}

/* Publishes what FILE has. False, with the reason in E, if it cannot be read after all; what could be read
 * until then stays published, and nobody waits for the rest. */
static bool publish_file(struct loader *l, struct snapshot_file *file, struct error *e)
{
    struct error ignored;
    struct warm_start w = { .l = l,
                            .tables = tables_of_index(l, &file->index),
                            .source = snapshot_file_source(file) };
    list_releases(&w, &file->index);
    while (publish_chosen(&w, false, e) && w.n_awaited > 0) {
        choose_some(&w);
    }
    struct published *next = w.n_awaited == 0 ? loader_build(l, w.tables, &w.source, NULL, e) : NULL;
    if (next == NULL) {
        if (!publish_chosen(&w, true, &ignored)) {
            talloc_free(w.tables);
        }
        return false;
    }
    loader_publish(l, next, w.tables);
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
    struct loader_stats *stats = &l->state->loader;
    atomic_store(&stats->stale, 1);
    atomic_store(&stats->fresh_ms, clock_ms() - age_ms);
    if (file != NULL && check_age(l, age_ms, &e) && publish_file(l, file, &e)) {
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
    loader_publish(l, loader_build(l, tables, &source, NULL, &e), tables);
    l->todo.everything = true;
    l->resuming = false;
    l->withheld = true;
    log_error("snapshot.too_old",
              "the database could not be read for %lld s (max_stale_s): clients get no updates any more",
              (long long)limit_s);
}
