/* The thread also deletes rows that have not been refreshed for a day: those of processes that were killed.
 */
#include "store/reporter.h"

#include "core/clock.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "store/fail.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { DELETE_AFTER_MS = 86400000, LOG_EVERY_MS = 600000 };

struct reporter {
    struct hosts *hosts;
    struct instance instance;
    struct reporter_figures figures;
    uint64_t stamp; /* that of the last report */
    struct db *db;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping; /* under lock */
    struct buf detail;
    bool failing;      /* the last report failed */
    int64_t logged_ms; /* when a failure was last logged */
};

static bool connect_database(struct reporter *r, struct error *e)
{
    if (r->db != NULL && db_alive(r->db) && hosts_is_current(r->hosts, r->db, HOSTS_WRITE)) {
        return true;
    }
    talloc_free(r->db);
    r->db = hosts_connect(r->hosts, r, HOSTS_WRITE, e);
    return r->db != NULL &&
           db_execute(r->db, "DELETE FROM app_instances WHERE seen_at < UNIX_TIMESTAMP() * 1000 - ?",
                      &DB_I(DELETE_AFTER_MS), 1, NULL, NULL, e);
}

static uint64_t stamp_of(const struct reporter *r)
{
    return r->figures.stamp != NULL ? r->figures.stamp(r->figures.arg) : 0;
}

static bool send_report(struct reporter *r, struct error *e)
{
    buf_reset(&r->detail);
    r->stamp = stamp_of(r);
    if (r->figures.print != NULL) {
        r->figures.print(r->figures.arg, &r->detail);
    }
    r->instance.detail = r->detail.n > 0 && !r->detail.full ? buf_view(&r->detail) : STR_NONE;
    bool ok = connect_database(r, e) && instance_beat(r->db, &r->instance, e);
    if (!ok && r->db != NULL && failed_as(e, FAIL_BUSY)) { /* it can be used again for the next one */
        db_exec(r->db, "ROLLBACK", NULL);
    }
    return ok;
}

/* Logs the first failure, and then one line every LOG_EVERY_MS. */
static void log_failure(struct reporter *r, const struct error *e)
{
    if (!r->failing || clock_ms() - r->logged_ms >= LOG_EVERY_MS) {
        log_warning("instance.unreported", "cannot write to app_instances: %s", e->what);
        r->logged_ms = clock_ms();
    }
    r->failing = true;
}

/* Waits for MS. Returns false if the thread is to end. */
static bool wait_for(struct reporter *r, int64_t ms)
{
    struct timespec until = clock_after_ms(ms);
    pthread_mutex_lock(&r->lock);
    int rc = 0;
    while (!r->stopping && rc == 0) {
        rc = pthread_cond_timedwait(&r->wake, &r->lock, &until);
    }
    bool stopping = r->stopping;
    pthread_mutex_unlock(&r->lock);
    return !stopping;
}

/* Waits until the next beat, or until something is urgent. After a failure nothing is. Returns false if the
 * thread is to end. */
static bool wait_for_beat(struct reporter *r)
{
    for (int64_t waited = 0; waited < INSTANCE_BEAT_MS; waited += INSTANCE_HURRY_MS) {
        if (!wait_for(r, INSTANCE_HURRY_MS)) {
            return false;
        }
        if (!r->failing && stamp_of(r) != r->stamp) {
            break;
        }
    }
    return true;
}

static void report_or_log(struct reporter *r)
{
    struct error e;
    if (send_report(r, &e)) {
        r->failing = false;
    } else {
        log_failure(r, &e);
    }
}

static void *run_reporter(void *arg)
{
    struct reporter *r = arg;
    struct error e;
    crash_watch_thread();
    while (wait_for_beat(r)) {
        report_or_log(r);
    }
    if (!r->failing && r->db != NULL && db_alive(r->db) && !instance_leave(r->db, r->instance.id, NULL, &e)) {
        log_failure(r, &e);
    }
    return NULL;
}

static void name_instance(struct reporter *r, const char *program)
{
    char host[101] = "unknown";
    gethostname(host, sizeof host - 1);
    host[sizeof host - 1] = '\0';
    char *id = mem_printf(r, "%s:%s:%ld:%lld", host, program, (long)getpid(), (long long)clock_wall_ms());
    r->instance = (struct instance){ .id = str_of(id),
                                     .program = str_of(program),
                                     .host = str_of(mem_strdup(r, host)),
                                     .pid = getpid(),
                                     .version = STR(PACKAGE_VERSION) };
}

static void destroy_reporter(struct reporter *r)
{
    pthread_cond_destroy(&r->wake);
    pthread_mutex_destroy(&r->lock);
    buf_free(&r->detail);
    talloc_free(r);
}

struct reporter *reporter_start(void *ctx, struct hosts *hosts, const char *program,
                                struct reporter_figures figures, struct error *e)
{
    struct reporter *r = mem_new(ctx, struct reporter);
    *r = (struct reporter){ .hosts = hosts, .figures = figures };
    name_instance(r, program);
    buf_init(&r->detail, 256, INSTANCE_DETAIL_MAX);
    pthread_mutex_init(&r->lock, NULL);
    thread_cond_init(&r->wake);
    report_or_log(r);
    int rc = pthread_create(&r->thread, NULL, run_reporter, r);
    if (rc != 0) {
        error_set(e, ERROR_INTERNAL, "cannot start the reporter's thread: %s", strerror(rc));
        destroy_reporter(r);
        return NULL;
    }
    return r;
}

void reporter_stop(struct reporter *r)
{
    pthread_mutex_lock(&r->lock);
    r->stopping = true;
    pthread_cond_signal(&r->wake);
    pthread_mutex_unlock(&r->lock);
    pthread_join(r->thread, NULL);
    destroy_reporter(r);
}
