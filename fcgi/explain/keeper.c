/* See keeper.h. A thread polls the feed once a second while something is kept, so that a request seldom has
 * to wait for a release that has changed, compares everything once a minute, as balrog-public's loader does,
 * and drops what nobody uses. It is started at the first use. */
#include "explain/keeper_state.h"

#include "core/clock.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"

#include <malloc.h>
#include <sys/resource.h>

enum { KEEPER_POLL_MS = 1000, KEEPER_COMPARE_MS = 60000, KEEPER_NICE = 10 };

struct keeper *keeper_new(void *ctx, const struct keeper_settings *settings)
{
    struct keeper *k = mem_new(ctx, struct keeper);
    k->settings = *settings;
    pthread_mutex_init(&k->entered, NULL);
    pthread_mutex_init(&k->lock, NULL);
    thread_cond_init(&k->wake);
    keeper_metrics_register(k);
    return k;
}

/* ---- the thread ---- */

static bool is_idle(const struct keeper *k)
{
    return clock_ms() - k->used_ms >= (int64_t)k->settings.idle_s * MS_PER_S;
}

static bool refresh_kept(struct keeper *k, struct tx *tx, struct error *e)
{
    bool full;
    if (!keeper_refresh(k, tx, e) ||
        (clock_ms() - k->compared_ms >= KEEPER_COMPARE_MS && !keeper_compare(k, tx, e))) {
        return false;
    }
    bool ok = keeper_build(k, tx, NULL, &full, e);
    if (full) {
        keeper_drop(k, DROP_MEMORY);
    }
    return ok || full;
}

/* The body of the thread's transactions. */
static bool refresh_once(struct tx *tx, void *arg, struct error *e)
{
    struct keeper *k = arg;
    if (!keeper_enter(k, tx, 0, e)) {
        return e->kind == ERROR_NONE;
    }
    bool ok = k->memory == NULL || refresh_kept(k, tx, e);
    keeper_leave(k);
    return ok;
}

/* Frees what is not used any more. Returns whether anything is kept that has to be refreshed. */
static bool tidy_up(struct keeper *k)
{
    bool dropped = false;
    if (pthread_mutex_trylock(&k->entered) != 0) {
        return false;
    }
    if (k->memory != NULL && is_idle(k)) {
        log_info("snapshot.dropped", "nobody has asked what clients would get for %u s", k->settings.idle_s);
        keeper_drop(k, DROP_IDLE);
        dropped = true;
    }
    keeper_collect(k);
    bool kept = k->memory != NULL;
    pthread_mutex_unlock(&k->entered);
    if (dropped) {
        malloc_trim(0);
    }
    return kept;
}

static bool sleep_until_poll(struct keeper *k)
{
    struct timespec until = clock_after_ms(KEEPER_POLL_MS);
    pthread_mutex_lock(&k->lock);
    int rc = 0;
    while (!k->stopping && rc == 0) {
        rc = pthread_cond_timedwait(&k->wake, &k->lock, &until);
    }
    bool go_on = !k->stopping;
    pthread_mutex_unlock(&k->lock);
    return go_on;
}

static void *keeper_main(void *arg)
{
    struct keeper *k = arg;
    bool failing = false;
    crash_watch_thread();
    setpriority(PRIO_PROCESS, 0, KEEPER_NICE); /* on Linux of the calling thread alone */
    while (sleep_until_poll(k)) {
        struct error e = { 0 };
        struct tx_request request = { .username = "", .read_only = true };
        bool ok = !tidy_up(k) || tx_run(k->settings.site, &request, refresh_once, k, &e);
        if (!ok && !failing) {
            log_warning("snapshot.refresh", "what is kept for explanations cannot be refreshed: %s", e.what);
        }
        failing = !ok;
    }
    return NULL;
}

static void start_thread(struct keeper *k)
{
    k->started = k->started || thread_start(&k->thread, keeper_main, k) == 0;
}

void keeper_stop(struct keeper *k)
{
    pthread_mutex_lock(&k->lock);
    k->stopping = true;
    pthread_cond_signal(&k->wake);
    pthread_mutex_unlock(&k->lock);
    if (k->started) {
        pthread_join(k->thread, NULL);
    }
    if (pthread_mutex_trylock(&k->entered) == 0) {
        keeper_drop(k, DROP_IDLE);
        pthread_mutex_unlock(&k->entered);
    }
}

/* ---- requests ---- */

bool keeper_enter(struct keeper *k, struct tx *tx, unsigned wait_ms, struct error *e)
{
    struct timespec until = clock_after_ms(wait_ms);
    error_clear(e);
    if (!tx->request->read_only) {
        return error_set(e, ERROR_INTERNAL, "a transaction that writes cannot use what is kept");
    }
    if (pthread_mutex_clocklock(&k->entered, CLOCK_MONOTONIC, &until) != 0) {
        keeper_count_busy();
        return false;
    }
    if (!reader_begin(tx->db, e)) {
        pthread_mutex_unlock(&k->entered);
        return false;
    }
    keeper_collect(k);
    start_thread(k);
    return true;
}

void keeper_leave(struct keeper *k)
{
    pthread_mutex_unlock(&k->entered);
}
