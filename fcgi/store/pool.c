/* Idle connections are kept on a stack, so that the same few are used again and again. Each connection is a
 * talloc context of its own; it belongs to the thread that took it off the stack. */
#include "store/pool.h"

#include "core/clock.h"
#include "core/thread.h"
#include "store/metrics.h"

#include <pthread.h>

enum {
    STALE_MS =
        1000, /* a connection that the server closed fails at once; a later failure has another cause */
    RECHECK_MS = 100, /* how often a waiting thread checks whether it still may wait */
};

struct pool {
    struct hosts *hosts;
    enum hosts_use use;
    unsigned size;
    pthread_mutex_t lock; /* protects the members below */
    pthread_cond_t freed;
    struct db **idle; /* the stack, of SIZE elements */
    unsigned n_idle;
    unsigned n_used;
    unsigned n_waiting;
    int64_t moved_ms;    /* when a connection was last taken or returned */
    int64_t failed_ms;   /* when opening last failed; 0 if the last attempt succeeded */
    struct error failed; /* the error of that failure */
};

static int pool_free(struct pool *pool)
{
    while (pool->n_idle > 0) {
        talloc_free(pool->idle[--pool->n_idle]);
    }
    pthread_cond_destroy(&pool->freed);
    pthread_mutex_destroy(&pool->lock);
    return 0;
}

struct pool *pool_new(void *ctx, struct hosts *hosts, enum hosts_use use, unsigned size)
{
    struct pool *pool = mem_new(ctx, struct pool);
    pool->hosts = hosts;
    pool->use = use;
    pool->size = size > 0 ? size : 1;
    pool->idle = mem_array(pool, struct db *, pool->size);
    pthread_mutex_init(&pool->lock, NULL);
    thread_cond_init(&pool->freed);
    talloc_set_destructor(pool, pool_free);
    return pool;
}

/* Whether one more thread may wait. pool->lock is held. */
static bool may_wait(const struct pool *pool)
{
    bool stuck = clock_ms() - pool->moved_ms > POOL_STUCK_MS;
    return pool->n_waiting < pool->size * (stuck ? 1 : POOL_WAITERS);
}

/* Waits until fewer than SIZE connections are in use. pool->lock is held. */
static bool wait_for_connection(struct pool *pool, unsigned wait_ms, struct error *e)
{
    int64_t until_us = clock_us() + (int64_t)wait_ms * 1000;
    while (pool->n_used >= pool->size) {
        int64_t now_us = clock_us();
        int64_t wake_us = now_us + RECHECK_MS * 1000 < until_us ? now_us + RECHECK_MS * 1000 : until_us;
        struct timespec wake = { .tv_sec = wake_us / 1000000, .tv_nsec = wake_us % 1000000 * 1000 };
        if (now_us >= until_us || !may_wait(pool)) {
            metric_count(&store_metric[STORE_POOL_REFUSED], 0);
            return error_set(e, ERROR_UNAVAILABLE,
                             "all %u database connections are in use, and %u others wait", pool->size,
                             pool->n_waiting);
        }
        pool->n_waiting++;
        pthread_cond_timedwait(&pool->freed, &pool->lock, &wake);
        pool->n_waiting--;
    }
    return true;
}

/* Reserves a connection. *DB is an idle one, or NULL if the caller has to open one. */
static bool take_connection(struct pool *pool, unsigned wait_ms, struct db **db, struct error *e)
{
    pthread_mutex_lock(&pool->lock);
    bool ok = wait_for_connection(pool, wait_ms, e);
    *db = NULL;
    if (ok) {
        pool->n_used++;
        pool->moved_ms = clock_ms();
        *db = pool->n_idle > 0 ? pool->idle[--pool->n_idle] : NULL;
    }
    pthread_mutex_unlock(&pool->lock);
    if (*db != NULL && !hosts_is_current(pool->hosts, *db, pool->use)) {
        talloc_free(*db);
        *db = NULL;
    }
    return ok;
}

/* Ends the reservation. DB becomes idle; NULL if the connection was closed. */
static void return_connection(struct pool *pool, struct db *db)
{
    pthread_mutex_lock(&pool->lock);
    pool->n_used--;
    pool->moved_ms = clock_ms();
    if (db != NULL) {
        pool->idle[pool->n_idle++] = db;
    }
    pthread_cond_signal(&pool->freed);
    pthread_mutex_unlock(&pool->lock);
}

static bool rests_after_failure(struct pool *pool, struct error *e)
{
    pthread_mutex_lock(&pool->lock);
    bool rests = pool->failed_ms != 0 && clock_ms() - pool->failed_ms < POOL_REST_MS;
    if (rests && e != NULL) {
        *e = pool->failed;
    }
    pthread_mutex_unlock(&pool->lock);
    return rests;
}

static struct db *open_connection(struct pool *pool, struct error *e)
{
    struct error why;
    if (rests_after_failure(pool, e)) {
        return NULL;
    }
    struct db *db = hosts_connect(pool->hosts, NULL, pool->use, &why);
    pthread_mutex_lock(&pool->lock);
    pool->failed_ms = db == NULL ? clock_ms() : 0;
    if (db == NULL) {
        pool->failed = why;
        pool->failed.kind = ERROR_UNAVAILABLE;
    }
    pthread_mutex_unlock(&pool->lock);
    if (db == NULL && e != NULL) {
        *e = why;
        e->kind = ERROR_UNAVAILABLE;
    }
    return db;
}

/* Runs WORK on *DB. If it fails, the connection is closed and *DB becomes NULL; *AGAIN is then true if the
 * server had closed the connection while it was idle, or has died and another one is chosen. */
static bool run_on(struct pool *pool, struct db **db, bool (*work)(struct db *db, void *arg, struct error *e),
                   void *arg, bool *again, struct error *e)
{
    int64_t start = clock_ms();
    if (work(*db, arg, e)) {
        return true;
    }
    *again =
        !db_alive(*db) && (clock_ms() - start < STALE_MS || !hosts_is_current(pool->hosts, *db, pool->use));
    talloc_free(*db);
    *db = NULL;
    return false;
}

bool pool_run(struct pool *pool, unsigned wait_ms, bool (*work)(struct db *db, void *arg, struct error *e),
              void *arg, struct error *e)
{
    struct db *db;
    if (!take_connection(pool, wait_ms, &db, e)) {
        return false;
    }
    bool again = db == NULL; /* no idle connection: open one */
    bool ok = db != NULL && run_on(pool, &db, work, arg, &again, e);
    if (!ok && again) {
        db = open_connection(pool, e);
        ok = db != NULL && run_on(pool, &db, work, arg, &again, e);
    }
    return_connection(pool, db);
    return ok;
}

struct hosts *pool_hosts(struct pool *pool)
{
    return pool->hosts;
}

bool pool_may_write(struct pool *pool, struct error *e)
{
    return hosts_may_write(pool->hosts, e);
}

void pool_use(struct pool *pool, struct pool_use *use)
{
    pthread_mutex_lock(&pool->lock);
    *use = (struct pool_use){ pool->size, pool->n_used, pool->n_idle, pool->n_waiting };
    pthread_mutex_unlock(&pool->lock);
}
