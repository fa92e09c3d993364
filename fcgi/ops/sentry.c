/* See sentry.h. A report is put together where it happens, as far as it is cheap (the stack, the texts); its
 * JSON is made by the thread that sends it (sentry_event.c). */
#include "ops/sentry.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/thread.h"
#include "ops/log.h"
#include "ops/sentry_event.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MINUTE_MS = 60000, ENVELOPE_MAX = 256 << 10, SKIP_FRAMES = 2, ENVIRONMENT_MAX = 100 };

enum sentry_metric { REPORTED, DROPPED };
enum drop { DROP_RATE, DROP_QUEUE, DROP_FAILED };
static const char *const drop_names[] = { "rate", "queue", "failed" };
static struct metric rows[] = {
    [REPORTED] = { "sentry_reports_total", "Reports that Sentry has taken.", METRIC_COUNTER },
    [DROPPED] = { "sentry_dropped_total",
                  "Reports that were dropped: too many a minute, too many waiting, or not delivered.",
                  METRIC_COUNTER,
                  { { "why", drop_names, 3 } } },
};
const struct metrics_table sentry_metrics = METRICS_TABLE(rows);

/* Where reports go. */
struct project {
    struct sentry_target target;
    char environment[ENVIRONMENT_MAX];
};

static struct {
    struct sentry_options options; /* without its texts */
    pthread_t thread;
    bool started;         /* the thread */
    atomic_bool running;  /* whether reports are taken */
    atomic_bool stop;     /* gives up what is being sent */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct project project;
    int per_minute;
    struct sentry_event *queue[SENTRY_QUEUE];
    unsigned first, n;
    bool ending;
    bool busy;
    int64_t minute_ms; /* since when is counted */
    unsigned in_minute;
    struct {
        const char *type;
        unsigned n;
    } of_type[SENTRY_TYPES];
    unsigned n_types;
    unsigned dropped; /* since the last report */
} sentry = { .lock = PTHREAD_MUTEX_INITIALIZER };

bool sentry_check(const char *dsn, struct error *e)
{
    struct sentry_target target;
    return dsn[0] == '\0' || sentry_target_parse(dsn, &target, e);
}

/* ---- taking reports ---- */

static unsigned *count_of(const char *type)
{
    for (unsigned i = 0; i < sentry.n_types; i++) {
        if (strcmp(sentry.of_type[i].type, type) == 0) {
            return &sentry.of_type[i].n;
        }
    }
    if (sentry.n_types == SENTRY_TYPES) {
        return &sentry.of_type[SENTRY_TYPES - 1].n;
    }
    sentry.of_type[sentry.n_types].type = type;
    return &sentry.of_type[sentry.n_types++].n;
}

/* sentry.lock is held. */
static bool may_report(const char *type)
{
    unsigned limit = (unsigned)sentry.per_minute;
    int64_t now_ms = clock_ms();
    if (now_ms - sentry.minute_ms >= MINUTE_MS) {
        sentry.minute_ms = now_ms;
        sentry.in_minute = 0;
        sentry.n_types = 0;
    }
    unsigned *n = count_of(type);
    if (sentry.in_minute >= limit || *n >= (limit + 2) / 3) {
        return false;
    }
    sentry.in_minute++;
    ++*n;
    return true;
}

static void count_dropped(enum drop why)
{
    metric_count(&rows[DROPPED], why);
    sentry.dropped++;
}

/* Whether one more may come; asked before anything is put together. */
static bool may_enqueue(const char *type)
{
    if (!atomic_load(&sentry.running)) {
        return false;
    }
    pthread_mutex_lock(&sentry.lock);
    bool room = sentry.n < SENTRY_QUEUE && !sentry.ending;
    bool ok = room && may_report(type);
    if (!ok) {
        count_dropped(room ? DROP_RATE : DROP_QUEUE);
    }
    pthread_mutex_unlock(&sentry.lock);
    return ok;
}

/* Takes EVENT over. */
static void enqueue_event(struct sentry_event *event)
{
    pthread_mutex_lock(&sentry.lock);
    if (sentry.n < SENTRY_QUEUE) {
        event->dropped = sentry.dropped;
        sentry.dropped = 0;
        sentry.queue[(sentry.first + sentry.n++) % SENTRY_QUEUE] = event;
        event = NULL;
        pthread_cond_broadcast(&sentry.changed);
    } else {
        count_dropped(DROP_QUEUE);
    }
    pthread_mutex_unlock(&sentry.lock);
    free(event);
}

static void copy_text(char *to, size_t size, struct str s)
{
    size_t n = s.n < size - 1 ? s.n : size - 1;
    memcpy(to, s.p != NULL ? s.p : "", n);
    to[n] = '\0';
}

/* Of the log. */
static void report_error(const char *type, struct str request_id, struct str message)
{
    if (!may_enqueue(type)) {
        return;
    }
    struct log_request r = log_request_now();
    struct sentry_event *event = mem_check(calloc(1, sizeof *event));
    event->time_ms = clock_wall_ms();
    event->level = "error";
    copy_text(event->type, sizeof event->type, str_of(type));
    copy_text(event->version, sizeof event->version, STR(PACKAGE_VERSION));
    copy_text(event->request_id, sizeof event->request_id, request_id);
    copy_text(event->message, sizeof event->message, message);
    copy_text(event->method, sizeof event->method, r.method);
    copy_text(event->uri, sizeof event->uri, r.uri);
    event->n_frames = crash_stack(event->frame, SKIP_FRAMES);
    enqueue_event(event);
}

void sentry_crash(void *arg, const struct crash_report *r)
{
    (void)arg;
    if (!may_enqueue("crash")) {
        return;
    }
    struct sentry_event *event = mem_check(calloc(1, sizeof *event));
    struct str uri = str_of(r->request), method;
    str_split(&uri, ' ', &method);
    event->time_ms = r->time_ms;
    event->level = "fatal";
    copy_text(event->type, sizeof event->type, STR("crash"));
    copy_text(event->version, sizeof event->version, str_of(r->version));
    copy_text(event->request_id, sizeof event->request_id, str_of(r->request_id));
    copy_text(event->method, sizeof event->method, method);
    copy_text(event->uri, sizeof event->uri, uri);
    snprintf(event->message, sizeof event->message, "process %ld ended by %s%s%.900s", r->pid, r->signal,
             r->request[0] != '\0' ? " while answering " : "", r->request);
    memcpy(event->frame, r->frame, sizeof event->frame);
    event->n_frames = r->n_frames;
    enqueue_event(event);
}

/* ---- sending ---- */

/* Waits for MS, or until it is time to end. False then. sentry.lock is held. */
static bool wait_ms(unsigned ms)
{
    struct timespec until = clock_after_ms(ms);
    int rc = 0;
    while (!sentry.ending && rc == 0) {
        rc = pthread_cond_timedwait(&sentry.changed, &sentry.lock, &until);
    }
    return !sentry.ending;
}

static bool pause_for(unsigned ms)
{
    pthread_mutex_lock(&sentry.lock);
    bool goes_on = wait_ms(ms);
    pthread_mutex_unlock(&sentry.lock);
    return goes_on;
}

/* One try; *STATUS is 0 where there was no answer. */
static bool try_to_send(const struct project *to, struct str envelope, int *status)
{
    struct error e;
    const char *const headers[] = { to->target.auth, "Content-Type: application/x-sentry-envelope" };
    *status = 0;
    return sentry.options.post(to->target.url, headers, 2, envelope, &sentry.stop, status, &e) &&
           *status >= 200 && *status < 300;
}

/* Twice, where it seems worth it. A server that has enough of us is left alone for a while. */
static void deliver_event(const struct sentry_event *event, const struct project *to)
{
    int status;
    struct buf envelope;
    buf_init(&envelope, 16 << 10, ENVELOPE_MAX);
    sentry_event_print(&envelope, event, sentry.options.program, to->environment);
    bool sent = !envelope.full && try_to_send(to, buf_view(&envelope), &status);
    bool worth = !envelope.full && !sent && (status == 0 || status >= 500);
    if (worth && pause_for(SENTRY_AGAIN_MS)) {
        sent = try_to_send(to, buf_view(&envelope), &status);
    }
    bool enough = !sent && !envelope.full && status == 429;
    buf_free(&envelope);
    if (sent) {
        metric_count(&rows[REPORTED], 0);
        return;
    }
    pthread_mutex_lock(&sentry.lock);
    count_dropped(DROP_FAILED);
    pthread_mutex_unlock(&sentry.lock);
    if (enough) {
        pause_for(SENTRY_REST_MS);
    }
}

static void *sentry_main(void *arg)
{
    crash_watch_thread();
    pthread_mutex_lock(&sentry.lock);
    while (sentry.n > 0 || !sentry.ending) {
        if (sentry.n == 0) {
            pthread_cond_wait(&sentry.changed, &sentry.lock);
            continue;
        }
        struct sentry_event *event = sentry.queue[sentry.first];
        sentry.first = (sentry.first + 1) % SENTRY_QUEUE;
        sentry.n--;
        struct project to = sentry.project;
        pthread_mutex_unlock(&sentry.lock);
        deliver_event(event, &to);
        free(event);
        pthread_mutex_lock(&sentry.lock);
    }
    pthread_mutex_unlock(&sentry.lock);
    return arg;
}

static bool start_thread(const struct sentry_options *o, struct error *e)
{
    sentry.options = (struct sentry_options){ .program = o->program, .post = o->post };
    sentry.minute_ms = clock_ms();
    thread_cond_init(&sentry.changed);
    int rc = thread_start(&sentry.thread, sentry_main, NULL);
    sentry.started = rc == 0;
    return rc == 0 || error_set(e, ERROR_INTERNAL, "cannot start the thread for Sentry: %s", strerror(rc));
}

bool sentry_start(const struct sentry_options *o, struct error *e)
{
    struct project project;
    bool on = o->dsn[0] != '\0';
    if (on &&
        (!sentry_target_parse(o->dsn, &project.target, e) || (!sentry.started && !start_thread(o, e)))) {
        return false;
    }
    if (on) {
        copy_text(project.environment, sizeof project.environment, str_of(o->environment));
        pthread_mutex_lock(&sentry.lock);
        sentry.project = project;
        sentry.per_minute = o->per_minute;
        pthread_mutex_unlock(&sentry.lock);
    }
    atomic_store(&sentry.running, on);
    log_watch(on ? report_error : NULL);
    return true;
}

void sentry_stop(unsigned within_ms)
{
    atomic_store(&sentry.running, false);
    log_watch(NULL);
    if (!sentry.started) {
        return;
    }
    sentry.started = false;
    pthread_mutex_lock(&sentry.lock);
    sentry.ending = true;
    pthread_cond_broadcast(&sentry.changed);
    pthread_mutex_unlock(&sentry.lock);
    struct timespec end = clock_wall_after_ms(within_ms + 1000);
    if (pthread_timedjoin_np(sentry.thread, NULL, &end) != 0) {
        atomic_store(&sentry.stop, true);
        pthread_join(sentry.thread, NULL);
    }
}
