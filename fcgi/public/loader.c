/* First the snapshot file is loaded, if there is one. Then one turn of the loop: connect if there is no
 * connection; poll the change feed; read what has changed and publish a snapshot; collect it for the next
 * snapshot file; sleep until the next poll. If the feed has lost changes, everything is read again. From time
 * to time all data versions are compared with those that were read, because the feed does not show a TRUNCATE
 * or a restored table; so they are once a snapshot came from the file. */
#include "public/loader.h"

#include "core/clock.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "ops/process.h"
#include "public/loader_state.h"
#include "store/fail.h"
#include "store/schema_range.h"
#include "web/observe.h"

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

enum {
    RECONNECT_MS = 1000,
    COLLECT_MS = 50, /* pause between two parts of what is collected for the snapshot file */
    FAILURE_LOG_MS = 60000,
    COMPILE_THREADS_MAX = 4,
};

/* Reads the configuration again; the new one is used from the next snapshot on. */
static void reload_config(struct loader *l)
{
    struct error e;
    struct config *config = config_read(l, l->config_path, &e);
    bool valid = config != NULL && observe_check(config, &e);
    struct public_settings *settings = valid ? public_settings_new(l, config, &e) : NULL;
    if (settings == NULL) {
        talloc_free(config);
        log_error("config.refused", "the old configuration stays in use: %s", e.what);
        return;
    }
    public_settings_log(settings);
    observe_reload("balrog-public", settings->config);
    /* The old settings are kept until the end: an answer may still wait for a signature by their signer. */
    l->settings = settings;
    l->todo.publish = true;
    log_info("config.loaded", "read %s; the database, the socket, state_dir and state_s need a restart",
             l->config_path);
}

static bool connect_database(struct loader *l, struct error *e)
{
    if (l->db != NULL && db_alive(l->db) && hosts_is_current(l->hosts, l->db, HOSTS_READ)) {
        return true;
    }
    talloc_free(l->db);
    l->db = hosts_connect(l->hosts, l, HOSTS_READ, e);
    if (l->db != NULL) {
        l->compared_ms = 0; /* another server, or one that was restarted, may have lost changes */
    }
    return l->db != NULL;
}

/* Done once, before the first snapshot is read. The program refuses a schema only at its start: if it serves
 * from the file because the database was away, it goes on doing so. */
static bool check_schema(struct loader *l, struct error *e)
{
    l->schema_fits = l->schema_fits || schema_range_check(l->db, e);
    if (!l->schema_fits && failed_as(e, FAIL_SCHEMA) && (l->published == NULL || !l->tried)) {
        l->refused = *e;
    }
    return l->schema_fits;
}

static bool run_turn(struct loader *l, struct error *e)
{
    if (!connect_database(l, e) || !check_schema(l, e)) {
        return false;
    }
    if (l->resuming && !loader_resume(l, e)) {
        return false;
    }
    if (!l->todo.everything && !loader_poll(l, e)) {
        return false;
    }
    int64_t compare_ms = (int64_t)l->settings->config->public.compare_s * 1000;
    if (!l->todo.everything && (l->compared_ms == 0 || clock_ms() - l->compared_ms >= compare_ms) &&
        !loader_compare(l, e)) {
        return false;
    }
    if (l->todo.everything || l->todo.tables || l->todo.publish) {
        if (l->todo.everything) {
            l->compared_ms = clock_ms();
        }
        if (!loader_refresh(l, e)) {
            return false;
        }
    }
    struct loader_stats *stats = &l->state->loader;
    atomic_store(&stats->fresh_ms, clock_ms());
    atomic_store(&stats->feed_cursor, feed_cursor(l->feed));
    atomic_store(&stats->feed_gaps, feed_gaps(l->feed));
    atomic_store(&stats->stale, 0);
    l->withheld = false;
    served_set(&stats->served, l->feed);
    return !saver_is_due(l->saver, atomic_load(&stats->generation)) || loader_save(l, e);
}

/* Logs one line per second until the first snapshot; later one line when failures begin, and one per minute.
 */
static void log_failure(struct loader *l, const struct error *e)
{
    atomic_fetch_add(&l->state->loader.failures, 1);
    atomic_store(&l->state->loader.stale, 1);
    loader_withhold_if_too_old(l);
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

/* Ends the program: it waits for the first snapshot, or serves what the file has. */
static void refuse_to_run(struct loader *l)
{
    if (l->published == NULL) {
        loader_signal_ready(l);
    } else {
        log_error("schema.refused", "%s", l->refused.what);
        kill(getpid(), SIGTERM);
    }
}

static void *loader_main(void *arg)
{
    struct loader *l = arg;
    int64_t pause_ms;
    crash_watch_thread();
    if (l->saver != NULL) {
        loader_start_from_file(l);
    }
    do {
        struct error e = { 0 };
        if (run_turn(l, &e)) {
            if (l->failing) {
                log_info("database.back", "the database can be read again; the snapshot is up to date");
            }
            l->failing = false;
            pause_ms = saver_is_collecting(l->saver) ? COLLECT_MS : l->settings->config->public.poll_ms;
        } else if (l->refused.kind != ERROR_NONE) {
            refuse_to_run(l);
            break;
        } else {
            log_failure(l, &e);
            bool moved = l->db != NULL && !hosts_is_current(l->hosts, l->db, HOSTS_READ);
            pause_ms = moved ? 0 : RECONNECT_MS;
        }
        l->tried = true;
    } while (sleep_until_due(l, pause_ms));
    return NULL;
}

/* Keeps the memory of one change for the next. By default malloc() returns it each time, and the kernel
 * clears the same pages again for every change, which was a third of a change's cost. */
static void keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, LOADER_KEEP_BYTES);
    mallopt(M_TRIM_THRESHOLD, LOADER_KEEP_BYTES);
}

static unsigned compile_threads(void)
{
    unsigned processors = process_processors();
    return processors < COMPILE_THREADS_MAX ? processors : COMPILE_THREADS_MAX;
}

struct loader *loader_start(void *ctx, struct public_state *state, struct public_settings *settings,
                            struct hosts *hosts, const char *config_path, int ready_fd, struct error *e)
{
    struct loader *l = mem_new(ctx, struct loader);
    *l = (struct loader){ .state = state,
                          .hosts = hosts,
                          .config_path = config_path,
                          .ready_fd = ready_fd,
                          .todo = { .everything = true } };
    l->settings = settings;
    l->feed = feed_new(l, settings->config->public.gap_s);
    l->cache = release_cache_new(l);
    release_cache_set_threads(l->cache, compile_threads());
    l->saver = saver_new(l, settings->config->public.state_dir,
                         (int64_t)settings->config->public.state_s * MS_PER_S, &state->loader.saver);
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
