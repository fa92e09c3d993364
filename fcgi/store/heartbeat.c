/* See heartbeat.h. The time is that of the database's clock. If several programs write it, the first one in
 * each second does, and the statements of the others change nothing, so they do not get into the binary log.
 */
#include "store/heartbeat.h"

#include "core/clock.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "store/fail.h"

#include <pthread.h>
#include <unistd.h>

enum { HEARTBEAT_LOG_MS = 600000 };

struct heartbeat {
    struct hosts *hosts;
    struct db *db;
    char writer[101];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping; /* under lock */
    bool failing;
    int64_t logged_ms;
};

#define NOW_MS "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)"
#define IS_RECENT "at BETWEEN " NOW_MS " - 500 AND " NOW_MS

/* Writes it on H->db. After a collision, another program has written it, and the connection is as new. */
static bool send_beat(struct heartbeat *h, struct error *e)
{
    const struct db_value writer = DB_S(str_of(h->writer));
    bool ok = db_execute(h->db,
                         "INSERT INTO balrog_heartbeat (id, at, term, writer) VALUES (1, " NOW_MS ", 0, ?) "
                         "ON DUPLICATE KEY UPDATE writer = IF(" IS_RECENT ", writer, VALUES(writer)), "
                         "at = IF(" IS_RECENT ", at, VALUES(at))",
                         &writer, 1, NULL, NULL, e);
    return ok || (failed_as(e, FAIL_BUSY) && db_exec(h->db, "ROLLBACK", e));
}

static bool write_beat(struct heartbeat *h, struct error *e)
{
    if (h->db != NULL && (!db_alive(h->db) || !hosts_is_current(h->hosts, h->db, HOSTS_WRITE))) {
        talloc_free(h->db);
        h->db = NULL;
    }
    if (h->db == NULL) {
        h->db = hosts_connect(h->hosts, h, HOSTS_WRITE, e);
    }
    return h->db != NULL && hosts_may_write(h->hosts, e) && send_beat(h, e);
}

static bool wait_for_beat(struct heartbeat *h)
{
    struct timespec until = clock_after_ms(HEARTBEAT_MS);
    int rc = 0;
    pthread_mutex_lock(&h->lock);
    while (!h->stopping && rc == 0) {
        rc = pthread_cond_timedwait(&h->wake, &h->lock, &until);
    }
    bool stopping = h->stopping;
    pthread_mutex_unlock(&h->lock);
    return !stopping;
}

static void *beat_main(void *arg)
{
    struct heartbeat *h = arg;
    crash_watch_thread();
    do {
        struct error e = { 0 };
        if (write_beat(h, &e)) {
            h->failing = false;
        } else if (!h->failing || clock_ms() - h->logged_ms >= HEARTBEAT_LOG_MS) {
            log_warning("heartbeat.unwritten", "cannot write the heartbeat: %s", e.what);
            h->failing = true;
            h->logged_ms = clock_ms();
        }
    } while (wait_for_beat(h));
    talloc_free(h->db);
    return NULL;
}

struct heartbeat *heartbeat_start(void *ctx, struct hosts *hosts, struct error *e)
{
    struct heartbeat *h = mem_new(ctx, struct heartbeat);
    h->hosts = hosts;
    if (gethostname(h->writer, sizeof h->writer - 1) != 0) {
        strcpy(h->writer, "unknown");
    }
    pthread_mutex_init(&h->lock, NULL);
    thread_cond_init(&h->wake);
    int rc = thread_start(&h->thread, beat_main, h);
    if (rc != 0) {
        error_set(e, ERROR_INTERNAL, "cannot start the heartbeat's thread: %s", strerror(rc));
        talloc_free(h);
        return NULL;
    }
    return h;
}

void heartbeat_stop(struct heartbeat *h)
{
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_cond_signal(&h->wake);
    pthread_mutex_unlock(&h->lock);
    pthread_join(h->thread, NULL);
    pthread_cond_destroy(&h->wake);
    pthread_mutex_destroy(&h->lock);
    talloc_free(h);
}
