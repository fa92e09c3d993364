/* One turn of the loop: connect if there is no connection; poll the change feed; read what has changed and
 * publish a snapshot; sleep until the next poll. If the feed has lost changes, everything is read again. From
 * time to time all data versions are compared with those that were read, because the feed does not show a
 * TRUNCATE or a restored table. */
#include "public/loader.h"

#include "core/clock.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "ops/process.h"
#include "query/rule_terms.h"
#include "query/version.h"
#include "store/cache_compare.h"
#include "store/fail.h"
#include "store/feed.h"
#include "store/reader.h"
#include "store/schema_range.h"
#include "update/snapshot_build.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    RECONNECT_MS = 1000,
    FAILURE_LOG_MS = 60000,
    COMPILE_THREADS_MAX = 4,
    NICE = 10,
    MALFORMED_MAX = 20, /* log lines about malformed rules, each time the rules are read */
    KEEP_BYTES =
        16
        << 20, /* of free memory, not returned to the kernel: what a few releases need while they are built */
};

/* The small tables, read together. */
struct tables {
    struct ruleset *rules;
    struct pin_row *pins;
    size_t n_pins;
    struct shutoff_row *shutoffs;
    size_t n_shutoffs;
    struct table_stamps stamps;
};

/* What must be read again. */
struct work {
    bool everything; /* the feed has lost changes, or nothing was read yet */
    bool tables;
    bool publish; /* something the snapshot shows has changed */
};

struct loader {
    struct public_state *state;
    const char *config_path;
    int ready_fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;  /* under lock */
    bool reloading; /* under lock */

    struct public_settings *settings;
    struct db *db;
    struct feed *feed;
    struct release_cache *cache;
    struct tables *tables;
    struct published *published;
    struct work todo;
    int64_t changed_ms; /* when the feed showed the first change that is not published yet; 0: none */
    int64_t compared_ms;
    int64_t logged_ms;
    bool failing;
    bool schema_fits;     /* the schema was checked, and fits */
    struct error refused; /* status != 0: it does not; written before ready_fd is */
};

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

/* Logs the columns of rules that can match nothing, the first MALFORMED_MAX of them. */
static void log_malformed(const struct rule_row *rules, size_t n)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        const struct {
            const char *name;
            struct str text;
        } columns[] = {
            { "osVersion", rules[i].os_version },
            { "locale", rules[i].locale },
            { "distribution", rules[i].distribution },
            { "instructionSet", rules[i].instruction_set },
            { "memory", rules[i].memory },
            { "buildID", rules[i].build_id },
            { "version", rules[i].version },
        };
        bool loose = !str_absent(rules[i].product) && version_product_is_loose(rules[i].product);
        for (size_t k = 0; k < ARRAY_LEN(columns); k++) {
            struct error why;
            if (!rule_terms_check(columns[k].name, columns[k].text, loose, &why) && found++ < MALFORMED_MAX) {
                log_warning("rule.malformed", "rule %lld, %s; until it is corrected, that matches nothing",
                            (long long)rules[i].rule_id, why.what);
            }
        }
    }
    if (found > MALFORMED_MAX) {
        log_warning("rule.malformed", "%zu more columns of rules match nothing", found - MALFORMED_MAX);
    }
}

static struct tables *read_tables(struct loader *l, struct error *e)
{
    struct tables *t = mem_new(l, struct tables);
    void *tmp = talloc_new(t);
    struct rule_row *rules;
    size_t n;
    bool ok = reader_rules(l->db, tmp, false, &rules, &n, e) &&
              reader_pins(l->db, t, false, &t->pins, &t->n_pins, e) &&
              reader_shutoffs(l->db, t, &t->shutoffs, &t->n_shutoffs, e) &&
              reader_table_stamps(l->db, &t->stamps, e);
    if (!ok) {
        talloc_free(t);
        return NULL;
    }
    t->rules = ruleset_build(t, rules, n);
    log_malformed(rules, n);
    talloc_free(tmp);
    return t;
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
static bool poll_feed(struct loader *l, struct error *e)
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
static bool compare_in_transaction(struct loader *l, size_t *missed, struct error *e)
{
    struct table_stamps tables;
    if (!poll_feed(l, e) || !reader_table_stamps(l->db, &tables, e) ||
        !cache_compare(l->cache, l->db, missed, e)) {
        return false;
    }
    const struct table_stamps *old = &l->tables->stamps;
    bool changed = !l->todo.tables && (tables.rules != old->rules || tables.pins != old->pins ||
                                       tables.shutoffs != old->shutoffs);
    *missed += changed;
    l->todo.tables |= changed;
    l->todo.publish |= *missed > 0;
    return true;
}

static bool compare_all(struct loader *l, struct error *e)
{
    size_t missed = 0;
    struct error ignored;
    if (!reader_begin(l->db, e)) {
        return false;
    }
    bool ok = compare_in_transaction(l, &missed, e);
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

static void log_broken(void *arg, struct str name, const char *why)
{
    (void)arg;
    log_error("release.broken", "release %.*s cannot be served: %s", STR_ARG(name), why);
}

static struct published *build_published(struct loader *l, const struct tables *tables, struct error *e)
{
    struct published *p = mem_new(l, struct published);
    struct snapshot_input input = {
        .rules = tables->rules,
        .pins = tables->pins,
        .n_pins = tables->n_pins,
        .shutoffs = tables->shutoffs,
        .n_shutoffs = tables->n_shutoffs,
        .settings = &l->settings->engine,
        .generation = atomic_load(&l->state->loader.generation) + 1,
    };
    struct release_source source = { read_release, read_base, read_asset, l };
    struct snapshot_request request = {
        .cache = l->cache,
        .input = &input,
        .source = &source,
        .broken = log_broken,
    };
    p->settings = l->settings;
    p->snapshot = snapshot_build(p, &request, e);
    if (p->snapshot == NULL) {
        talloc_free(p);
        return NULL;
    }
    return p;
}

static void signal_ready(struct loader *l)
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
    atomic_store(&stats->releases, s->n_releases);
    atomic_store(&stats->bytes, talloc_total_size(l->cache) + talloc_total_size(next));
    atomic_store(&stats->missing, s->n_missing);
    if (l->changed_ms != 0) {
        atomic_store(&stats->feed_lag_ms, feed_lag_ms(l->feed) + clock_ms() - l->changed_ms);
        l->changed_ms = 0;
    }
    if (s->input.generation == 1) {
        signal_ready(l);
        lower_priority();
    }
}

/* Reads what must be read and publishes it, inside one consistent read. */
static bool refresh_in_transaction(struct loader *l, struct error *e)
{
    struct work *todo = &l->todo;
    struct tables *tables = l->tables;
    if (!todo->everything &&
        !poll_feed(l, e)) { /* again: this transaction may see more than the last poll did */
        return false;
    }
    if (todo->everything) {
        if (!feed_start(l->feed, l->db, clock_ms(), e)) {
            return false;
        }
        release_cache_expire_all(l->cache);
    }
    if (todo->everything || todo->tables) {
        tables = read_tables(l, e);
        if (tables == NULL) {
            return false;
        }
    }
    struct published *next = build_published(l, tables, e);
    if (next == NULL) {
        if (tables != l->tables) {
            talloc_free(tables);
        }
        return false;
    }
    publish_snapshot(l, next);
    if (tables != l->tables) {
        talloc_free(l->tables);
        l->tables = tables;
    }
    *todo = (struct work){ 0 };
    return true;
}

/* Keeps the memory of one change for the next. By default malloc() returns it each time, and the kernel
 * clears the same pages again for every change, which was a third of a change's cost. */
static void keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
}

static bool refresh_snapshot(struct loader *l, struct error *e)
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
        malloc_trim(KEEP_BYTES);
    }
    const struct snapshot *s = l->published->snapshot;
    log_write(everything ? LOG_INFO : LOG_DEBUG, "snapshot.built", STR_NONE,
              "generation %llu: %zu rules, %zu releases, %zu missing, in %.1f ms",
              (unsigned long long)s->input.generation, s->input.rules->n, s->n_releases, s->n_missing,
              (double)took_us / 1000);
    return true;
}

/* ---- the loop ---- */

/* Reads the configuration again; the new one is used from the next snapshot on. */
static void reload_config(struct loader *l)
{
    struct error e;
    struct config *config = config_read(l, l->config_path, &e);
    struct public_settings *settings = config != NULL ? public_settings_new(l, config, &e) : NULL;
    if (settings == NULL) {
        talloc_free(config);
        log_error("config.refused", "the old configuration stays in use: %s", e.what);
        return;
    }
    public_settings_log(settings);
    /* The old settings are kept until the end: an answer may still wait for a signature by their signer. */
    l->settings = settings;
    l->todo.publish = true;
    log_info("config.loaded", "read %s; the database, the socket, statsd and Sentry need a restart",
             l->config_path);
}

static bool connect_database(struct loader *l, struct error *e)
{
    if (l->db != NULL && db_alive(l->db)) {
        return true;
    }
    talloc_free(l->db);
    l->db = db_open(l, &l->settings->config->database, e);
    return l->db != NULL;
}

/* Done once, before the first snapshot is read. */
static bool check_schema(struct loader *l, struct error *e)
{
    l->schema_fits = l->schema_fits || schema_range_check(l->db, e);
    if (!l->schema_fits && failed_as(e, FAIL_SCHEMA)) {
        l->refused = *e;
    }
    return l->schema_fits;
}

static bool run_turn(struct loader *l, struct error *e)
{
    if (!connect_database(l, e) || !check_schema(l, e)) {
        return false;
    }
    if (!l->todo.everything && !poll_feed(l, e)) {
        return false;
    }
    int64_t compare_ms = (int64_t)l->settings->config->public.compare_s * 1000;
    if (!l->todo.everything && clock_ms() - l->compared_ms >= compare_ms && !compare_all(l, e)) {
        return false;
    }
    if (l->todo.everything || l->todo.tables || l->todo.publish) {
        if (l->todo.everything) {
            l->compared_ms = clock_ms();
        }
        if (!refresh_snapshot(l, e)) {
            return false;
        }
    }
    struct loader_stats *stats = &l->state->loader;
    atomic_store(&stats->fresh_ms, clock_ms());
    atomic_store(&stats->feed_cursor, feed_cursor(l->feed));
    atomic_store(&stats->feed_gaps, feed_gaps(l->feed));
    served_set(&stats->served, l->feed);
    return true;
}

/* Logs one line per second until the first snapshot; later one line when failures begin, and one per minute.
 */
static void log_failure(struct loader *l, const struct error *e)
{
    atomic_fetch_add(&l->state->loader.failures, 1);
    if (l->published == NULL) {
        log_error("database.failed", "there is no snapshot yet: %s", e->what);
    } else if (!l->failing || clock_ms() - l->logged_ms >= FAILURE_LOG_MS) {
        log_error("database.failed", "the last snapshot stays in use: %s", e->what);
        l->logged_ms = clock_ms();
    }
    l->failing = true;
}

/* Sleeps for MS, or until loader_reload() or loader_stop() is called. Returns false when it is time to stop.
 */
static bool sleep_until_due(struct loader *l, int64_t ms)
{
    struct timespec until = clock_after_ms(ms);
    pthread_mutex_lock(&l->lock);
    int rc = 0;
    while (!l->stopping && !l->reloading && rc == 0) {
        rc = pthread_cond_timedwait(&l->wake, &l->lock, &until);
    }
    bool reloading = l->reloading;
    bool stopping = l->stopping;
    l->reloading = false;
    pthread_mutex_unlock(&l->lock);
    if (reloading && !stopping) {
        reload_config(l);
    }
    return !stopping;
}

static void *loader_main(void *arg)
{
    struct loader *l = arg;
    int64_t pause_ms;
    crash_watch_thread();
    do {
        struct error e = { 0 };
        if (run_turn(l, &e)) {
            if (l->failing) {
                log_info("database.back", "the database can be read again; the snapshot is up to date");
            }
            l->failing = false;
            pause_ms = l->settings->config->public.poll_ms;
        } else if (l->refused.kind != ERROR_NONE) {
            signal_ready(l);
            break;
        } else {
            log_failure(l, &e);
            pause_ms = RECONNECT_MS;
        }
    } while (sleep_until_due(l, pause_ms));
    return NULL;
}

static unsigned compile_threads(void)
{
    unsigned processors = process_processors();
    return processors < COMPILE_THREADS_MAX ? processors : COMPILE_THREADS_MAX;
}

struct loader *loader_start(void *ctx, struct public_state *state, struct public_settings *settings,
                            const char *config_path, int ready_fd, struct error *e)
{
    struct loader *l = mem_new(ctx, struct loader);
    *l = (struct loader){
        .state = state, .config_path = config_path, .ready_fd = ready_fd, .todo = { .everything = true }
    };
    l->settings = talloc_steal(l, settings);
    l->feed = feed_new(l, settings->config->public.gap_s);
    l->cache = release_cache_new(l);
    release_cache_set_threads(l->cache, compile_threads());
    keep_memory();
    pthread_mutex_init(&l->lock, NULL);
    thread_cond_init(&l->wake);
    int rc = pthread_create(&l->thread, NULL, loader_main, l);
    if (rc != 0) {
        error_set(e, ERROR_INTERNAL, "cannot start the loader's thread: %s", strerror(rc));
        talloc_free(l);
        return NULL;
    }
    return l;
}

bool loader_refused(const struct loader *l, struct error *e)
{
    if (l->refused.kind != ERROR_NONE) {
        *e = l->refused;
    }
    return l->refused.kind != ERROR_NONE;
}

static void set_flag(struct loader *l, bool *what)
{
    pthread_mutex_lock(&l->lock);
    *what = true;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->lock);
}

void loader_reload(struct loader *loader)
{
    set_flag(loader, &loader->reloading);
}

void loader_stop(struct loader *loader)
{
    set_flag(loader, &loader->stopping);
    pthread_join(loader->thread, NULL);
    pthread_cond_destroy(&loader->wake);
    pthread_mutex_destroy(&loader->lock);
    talloc_free(loader);
}
