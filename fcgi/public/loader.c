/* One turn of the loop is: connect if there is no connection; ask the feed; read what changed and publish;
 * sleep until the next poll. Where the feed cannot tell, everything is read again. Every so often all data
 * versions are compared with the ones that were read, since a TRUNCATE or a restored table leaves no trace in
 * the feed. */
#include "public/loader.h"

#include "core/clock.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "ops/process.h"
#include "query/rule_terms.h"
#include "query/version.h"
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
    MALFORMED_MAX = 20,    /* lines of the log about malformed rules, each time the rules are read */
    KEEP_BYTES = 16 << 20, /* of memory that is free for now: what a few releases take while they are built */
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

/* What is to be read again. */
struct work {
    bool everything; /* the feed cannot tell, or nothing was read yet */
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
    int64_t told_ms; /* when the feed told of changes that are not published yet; 0: there are none */
    int64_t compared_ms;
    int64_t complained_ms;
    bool failing;
    bool schema_fits;     /* it has been asked */
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

/* Logs the rules of which a column cannot match as it is meant to; the first MALFORMED_MAX of them. */
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
    bool ok = reader_rules(l->db, tmp, &rules, &n, e) && reader_pins(l->db, t, &t->pins, &t->n_pins, e) &&
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

/* Asks the feed. Outside of a transaction first: one statement where nothing has happened. */
static bool poll_feed(struct loader *l, struct error *e)
{
    void *tmp = talloc_new(l);
    struct feed_news news;
    bool ok = feed_poll(l->feed, l->db, tmp, clock_ms(), &news, e);
    if (ok) {
        l->todo.everything |= news.rebuild;
        note_changes(l, news.changes, news.n, &l->todo);
        l->told_ms = news.n > 0 && l->told_ms == 0 ? clock_ms() : l->told_ms;
    }
    talloc_free(tmp);
    return ok;
}

/* ---- comparing all data versions ---- */

struct comparison_run {
    struct loader *loader;
    const struct release_stamp *stamps;
    size_t n;
    size_t missed;
};

static int stamp_cmp(const void *a, const void *b)
{
    return str_cmp(((const struct release_stamp *)a)->name, ((const struct release_stamp *)b)->name);
}

static void compare_release(void *arg, struct str name, uint64_t stamp)
{
    struct comparison_run *run = arg;
    struct release_stamp wanted = { name, 0 };
    const struct release_stamp *now =
        run->n > 0 ? bsearch(&wanted, run->stamps, run->n, sizeof(wanted), stamp_cmp) : NULL;
    if ((now != NULL ? now->stamp : 0) != stamp) {
        release_cache_expire(run->loader->cache, name);
        run->missed++;
    }
}

/* Inside one consistent read, in which the feed comes first: what differs although the feed has told all that
 * it knows was missed. What is to be read again anyway does not count. */
static bool compare_inside(struct loader *l, void *tmp, struct comparison_run *run, struct error *e)
{
    struct release_stamp *stamps;
    struct table_stamps tables;
    if (!poll_feed(l, e) || !reader_release_stamps(l->db, tmp, &stamps, &run->n, e) ||
        !reader_table_stamps(l->db, &tables, e)) {
        return false;
    }
    const struct table_stamps *old = &l->tables->stamps;
    bool changed = !l->todo.tables && (tables.rules != old->rules || tables.pins != old->pins ||
                                       tables.shutoffs != old->shutoffs);
    if (run->n > 0) {
        qsort(stamps, run->n, sizeof(*stamps), stamp_cmp);
    }
    run->stamps = stamps;
    release_cache_each(l->cache, compare_release, run);
    run->missed += changed;
    l->todo.tables |= changed;
    l->todo.publish |= run->missed > 0;
    return true;
}

static bool compare_all(struct loader *l, struct error *e)
{
    struct comparison_run run = { .loader = l };
    struct error ignored;
    if (!reader_begin(l->db, e)) {
        return false;
    }
    void *tmp = talloc_new(l);
    bool ok = compare_inside(l, tmp, &run, e);
    talloc_free(tmp);
    if (!reader_end(l->db, ok ? e : &ignored) || !ok) {
        return false;
    }
    l->compared_ms = clock_ms();
    if (run.missed > 0 && !l->todo.everything) {
        atomic_fetch_add(&l->state->loader.feed_missed, run.missed);
        log_warning("feed.missed",
                    "%zu changes had left no trace in the change feed (restored table? missing triggers?)",
                    run.missed);
    }
    return true;
}

/* ---- publishing ---- */

static void log_broken(void *arg, struct str name, const char *why)
{
    (void)arg;
    log_error("release.broken", "release %.*s cannot be served: %s", STR_ARG(name), why);
}

static struct published *build(struct loader *l, const struct tables *tables, struct error *e)
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

static void tell_ready(struct loader *l)
{
    uint64_t one = 1;
    if (write(l->ready_fd, &one, sizeof one) != sizeof one) {
        log_error("loader.ready", "cannot tell that the start is over");
    }
}

/* For this thread, which Linux lets have a priority of its own, and those that it will start to compile:
 * nobody waits for a change as a client waits for its answer. Not so low that queries on every processor
 * could keep a change from getting in. */
static void step_back(void)
{
    if (setpriority(PRIO_PROCESS, 0, NICE) != 0) {
        log_warning("loader.priority", "cannot step back behind the queries: %s", strerror(errno));
    }
}

/* From here on readers see NEXT; returns when none sees the previous one. */
static void publish(struct loader *l, struct published *next)
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
    if (l->told_ms != 0) {
        atomic_store(&stats->feed_lag_ms, feed_lag_ms(l->feed) + clock_ms() - l->told_ms);
        l->told_ms = 0;
    }
    if (s->input.generation == 1) {
        tell_ready(l);
        step_back();
    }
}

/* Reads what is to be read and publishes it, inside one consistent read. */
static bool refresh_inside(struct loader *l, struct error *e)
{
    struct work *todo = &l->todo;
    struct tables *tables = l->tables;
    if (!todo->everything &&
        !poll_feed(l, e)) { /* again: this read may see more than the poll before it did */
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
    struct published *next = build(l, tables, e);
    if (next == NULL) {
        if (tables != l->tables) {
            talloc_free(tables);
        }
        return false;
    }
    publish(l, next);
    if (tables != l->tables) {
        talloc_free(l->tables);
        l->tables = tables;
    }
    *todo = (struct work){ 0 };
    return true;
}

/* Memory that one change needs stays for the next: as it is set, malloc() gives it back each time, and the
 * kernel clears the same pages for every change, which was a third of its cost. */
static void keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);
    mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
}

static bool refresh(struct loader *l, struct error *e)
{
    int64_t start_us = clock_us();
    bool everything = l->todo.everything;
    if (!reader_begin(l->db, e)) {
        return false;
    }
    bool ok = refresh_inside(l, e);
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
static void reload(struct loader *l)
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
    /* The old settings stay until the end: an answer may be waiting for a signature by their signer. */
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

/* Asked once, before the first snapshot is read. */
static bool check_schema(struct loader *l, struct error *e)
{
    l->schema_fits = l->schema_fits || schema_range_check(l->db, e);
    if (!l->schema_fits && failed_as(e, FAIL_SCHEMA)) {
        l->refused = *e;
    }
    return l->schema_fits;
}

static bool turn(struct loader *l, struct error *e)
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
        if (!refresh(l, e)) {
            return false;
        }
    }
    struct loader_stats *stats = &l->state->loader;
    atomic_store(&stats->fresh_ms, clock_ms());
    atomic_store(&stats->feed_cursor, feed_cursor(l->feed));
    atomic_store(&stats->feed_gaps, feed_gaps(l->feed));
    return true;
}

/* A line a second until the first snapshot is there, then one when it starts and one a minute. */
static void complain(struct loader *l, const struct error *e)
{
    atomic_fetch_add(&l->state->loader.failures, 1);
    if (l->published == NULL) {
        log_error("database.failed", "no snapshot yet: %s", e->what);
    } else if (!l->failing || clock_ms() - l->complained_ms >= FAILURE_LOG_MS) {
        log_error("database.failed", "the last snapshot stays in use: %s", e->what);
        l->complained_ms = clock_ms();
    }
    l->failing = true;
}

/* Sleeps until the next turn is due, or somebody wakes us. False when it is time to stop. */
static bool rest(struct loader *l, int64_t ms)
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
        reload(l);
    }
    return !stopping;
}

static void *run(void *arg)
{
    struct loader *l = arg;
    int64_t pause_ms;
    crash_watch_thread();
    do {
        struct error e = { 0 };
        if (turn(l, &e)) {
            if (l->failing) {
                log_info("database.back", "the snapshot is fresh again");
            }
            l->failing = false;
            pause_ms = l->settings->config->public.poll_ms;
        } else if (l->refused.kind != ERROR_NONE) {
            tell_ready(l);
            break;
        } else {
            complain(l, &e);
            pause_ms = RECONNECT_MS;
        }
    } while (rest(l, pause_ms));
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
    int rc = pthread_create(&l->thread, NULL, run, l);
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

static void tell(struct loader *l, bool *what)
{
    pthread_mutex_lock(&l->lock);
    *what = true;
    pthread_cond_signal(&l->wake);
    pthread_mutex_unlock(&l->lock);
}

void loader_reload(struct loader *loader)
{
    tell(loader, &loader->reloading);
}

void loader_stop(struct loader *loader)
{
    tell(loader, &loader->stopping);
    pthread_join(loader->thread, NULL);
    pthread_cond_destroy(&loader->wake);
    pthread_mutex_destroy(&loader->lock);
    talloc_free(loader);
}
