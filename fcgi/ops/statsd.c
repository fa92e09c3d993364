/* Time is cut into seconds by a number that the thread raises. A worker writes into the one of its two
 * reservoirs that belongs to the current second, emptying it when it is the first to come; the thread reads
 * the other ones, of the second that is over. So nobody waits for anybody. A worker that is held up for a
 * second between looking at the number and writing leaves a timing in the wrong second, which harms nothing.
 */
#include "ops/statsd.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FLUSH_MS = 1000, RESOLVE_MS = 60000, STOP_MS = 2000, LINE_MAX_BYTES = 300 };

enum statsd_metric { SENT_PACKETS, SENT_LINES, SEND_FAILURES };
static const char *const failure_names[] = { "resolve", "send" };
static struct metric rows[] = {
    [SENT_PACKETS] = { "statsd_packets_total", "Packets sent to statsd.", METRIC_COUNTER },
    [SENT_LINES] = { "statsd_lines_total", "Numbers in them.", METRIC_COUNTER },
    [SEND_FAILURES] = { "statsd_failures_total",
                        "Packets that could not be sent, and names not resolved.",
                        METRIC_COUNTER,
                        { { "what", failure_names, 2 } } },
};
const struct metrics_table statsd_metrics = METRICS_TABLE(rows);

struct timing {
    _Atomic(const struct statsd_timers *) timers;
    _Atomic int64_t ns[STATSD_TIMES];
};

/* A random sample of the timings of one second. */
struct reservoir {
    atomic_uint second;
    atomic_uint seen;
    struct timing timing[STATSD_KEPT];
};

/* The samples of one thread. */
struct thread_sample {
    struct thread_sample *next, *next_free;
    uint64_t random;
    struct reservoir half[2];
};

/* A counter and its value when it was last sent. */
struct counter {
    const struct metric *metric;
    uint64_t *last;
};

/* Where numbers are sent, and under which names. */
struct address {
    char host[256], port[8]; /* host "": nowhere */
    char prefix[64];
};

static struct {
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* protects the members below */
    pthread_cond_t wake;
    bool stopping;
    bool changed; /* the thread is to use the next address */
    struct address next;
    struct thread_sample *samples;
    struct thread_sample *unused; /* samples of threads that have ended */
    pthread_key_t key;

    /* The thread's own. */
    struct address to;
    struct counter *counters;
    size_t n_counters;
    int fd;
    int64_t resolved_ms;
    char packet[STATSD_PACKET_MAX];
    size_t n;
    bool failing;
} sender = { .lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1 };

atomic_bool statsd_on;
static atomic_uint current = 1;
static _Thread_local struct thread_sample *own;

/* ---- in the threads that measure ---- */

static void give_back(void *arg)
{
    struct thread_sample *k = arg;
    own = NULL;
    pthread_mutex_lock(&sender.lock);
    k->next_free = sender.unused;
    sender.unused = k;
    pthread_mutex_unlock(&sender.lock);
}

static struct thread_sample *attach_sample(void)
{
    pthread_mutex_lock(&sender.lock);
    struct thread_sample *k = sender.unused;
    if (k != NULL) {
        sender.unused = k->next_free;
    } else {
        k = mem_check(calloc(1, sizeof *k));
        k->random = ((uint64_t)clock_ns() ^ (uintptr_t)k) | 1;
        k->next = sender.samples;
        sender.samples = k;
    }
    pthread_mutex_unlock(&sender.lock);
    pthread_setspecific(sender.key, k);
    own = k;
    return k;
}

/* xorshift64*, the upper half. */
static uint32_t draw_random(struct thread_sample *k)
{
    k->random ^= k->random >> 12;
    k->random ^= k->random << 25;
    k->random ^= k->random >> 27;
    return (uint32_t)(k->random * 2685821657736338717u >> 32);
}

static void empty_reservoir(struct reservoir *r, unsigned second)
{
    for (int i = 0; i < STATSD_KEPT; i++) {
        atomic_store_explicit(&r->timing[i].timers, NULL, memory_order_relaxed);
    }
    atomic_store_explicit(&r->seen, 0, memory_order_relaxed);
    atomic_store_explicit(&r->second, second, memory_order_relaxed);
}

bool statsd_choose(struct statsd_place *place)
{
    struct thread_sample *k = own != NULL ? own : attach_sample();
    unsigned second = atomic_load_explicit(&current, memory_order_relaxed);
    struct reservoir *r = &k->half[second & 1];
    if (atomic_load_explicit(&r->second, memory_order_relaxed) != second) {
        empty_reservoir(r, second);
    }
    unsigned seen = atomic_load_explicit(&r->seen, memory_order_relaxed);
    atomic_store_explicit(&r->seen, seen + 1, memory_order_relaxed);
    place->second = second;
    place->at = seen < STATSD_KEPT ? seen : (unsigned)((uint64_t)draw_random(k) * (seen + 1) >> 32);
    return place->at < STATSD_KEPT;
}

void statsd_keep(const struct statsd_place *place, const struct statsd_timers *timers,
                 const int64_t ns[STATSD_TIMES])
{
    if (own == NULL || atomic_load_explicit(&current, memory_order_relaxed) != place->second) {
        return;
    }
    struct timing *t = &own->half[place->second & 1].timing[place->at];
    for (int i = 0; i < STATSD_TIMES; i++) {
        atomic_store_explicit(&t->ns[i], ns[i], memory_order_relaxed);
    }
    atomic_store_explicit(&t->timers, timers, memory_order_release);
}

/* ---- the address ---- */

static bool split_address(const char *address, char host[256], char port[8], struct error *e)
{
    const char *end = address[0] == '[' ? strchr(address, ']') : NULL;
    const char *colon = strrchr(end != NULL ? end : address, ':');
    size_t n = end != NULL     ? (size_t)(end - address - 1)
               : colon != NULL ? (size_t)(colon - address)
                               : strlen(address);
    const char *digits = colon != NULL ? colon + 1 : "8125";
    long number = strspn(digits, "0123456789") == strlen(digits) ? strtol(digits, NULL, 10) : 0;
    bool tidy = end == NULL ? memchr(address, ':', n) == NULL : end[1] == '\0' || colon == end + 1;
    if (n == 0 || n >= 256 || !tidy || number < 1 || number > 65535) {
        return error_set(e, ERROR_INTERNAL,
                         "[statsd] address: must be HOST:PORT or [IPV6]:PORT, as 127.0.0.1:8125");
    }
    memcpy(host, address + (end != NULL), n);
    host[n] = '\0';
    snprintf(port, 8, "%ld", number);
    return true;
}

bool statsd_check(const char *address, struct error *e)
{
    char host[256], port[8];
    return address[0] == '\0' || split_address(address, host, port, e);
}

/* One that is not to be had is not asked for again before the time is over. */
static void resolve_address(void)
{
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_family = AF_UNSPEC };
    struct addrinfo *found = NULL;
    int fd = -1;
    sender.resolved_ms = clock_ms();
    int rc = getaddrinfo(sender.to.host, sender.to.port, &hints, &found);
    for (struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
            close(fd);
            fd = -1;
        }
    }
    if (found != NULL) {
        freeaddrinfo(found);
    }
    if (fd < 0) {
        metric_count(&rows[SEND_FAILURES], 0);
        if (!sender.failing) {
            log_warning("statsd.address", "%s cannot be reached: %s; the last address, if any, stays in use",
                        sender.to.host, rc != 0 ? gai_strerror(rc) : strerror(errno));
        }
        sender.failing = true;
        return;
    }
    if (sender.fd >= 0) {
        close(sender.fd);
    }
    sender.fd = fd;
    sender.failing = false;
}

/* ---- sending ---- */

static void send_packet(void)
{
    if (sender.n > 0 && sender.fd >= 0) {
        bool sent = send(sender.fd, sender.packet, sender.n, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
        metric_count(&rows[sent ? SENT_PACKETS : SEND_FAILURES], sent ? 0 : 1);
    }
    sender.n = 0;
}

static void add_line(const char *line, size_t n)
{
    if (sender.n + 1 + n > sizeof sender.packet) {
        send_packet();
    }
    if (sender.n > 0) {
        sender.packet[sender.n++] = '\n';
    }
    memcpy(sender.packet + sender.n, line, n);
    sender.n += n;
    metric_count(&rows[SENT_LINES], 0);
}

static void __attribute__((format(printf, 1, 2))) put_line(const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n > 0 && (size_t)n < sizeof line) {
        add_line(line, (size_t)n);
    }
}

static void send_counter(const struct counter *c)
{
    char text[200];
    for (unsigned i = 0, n = metric_n_series(c->metric); i < n; i++) {
        uint64_t sum;
        metric_sum(c->metric, i, &sum);
        if (sum == c->last[i]) {
            continue;
        }
        struct buf name = { text, 0, sizeof text, sizeof text, false };
        c->metric->statsd(c->metric, i, &name);
        if (name.n > 0 && !name.full) {
            put_line("%s.%.*s:%llu|c", sender.to.prefix, STR_ARG(buf_view(&name)),
                     (unsigned long long)(sum - c->last[i]));
        }
        c->last[i] = sum;
    }
}

static void send_timing(const struct timing *t, const struct statsd_timers *timers, double rate)
{
    for (int i = 0; i < STATSD_TIMES && timers->name[i] != NULL; i++) {
        double ms = (double)atomic_load_explicit(&t->ns[i], memory_order_relaxed) / 1e6;
        if (ms >= 0 && rate < 1) {
            put_line("%s.%s:%.6f|ms|@%.6g", sender.to.prefix, timers->name[i], ms, rate);
        } else if (ms >= 0) {
            put_line("%s.%s:%.6f|ms", sender.to.prefix, timers->name[i], ms);
        }
    }
}

/* What R holds of SECOND, if it does. */
static void send_reservoir(struct reservoir *r, unsigned second)
{
    const struct statsd_timers *timers[STATSD_KEPT];
    unsigned kept = 0;
    if (atomic_load_explicit(&r->second, memory_order_relaxed) != second) {
        return;
    }
    for (int i = 0; i < STATSD_KEPT; i++) {
        timers[i] = atomic_load_explicit(&r->timing[i].timers, memory_order_acquire);
        kept += timers[i] != NULL;
    }
    unsigned seen = atomic_load_explicit(&r->seen, memory_order_relaxed);
    for (int i = 0; i < STATSD_KEPT; i++) {
        if (timers[i] != NULL) {
            send_timing(&r->timing[i], timers[i], seen > kept ? (double)kept / seen : 1);
        }
    }
}

static void send_timings(unsigned second)
{
    pthread_mutex_lock(&sender.lock);
    struct thread_sample *first = sender.samples;
    pthread_mutex_unlock(&sender.lock);
    for (struct thread_sample *k = first; k != NULL; k = k->next) {
        send_reservoir(&k->half[second & 1], second);
    }
}

static void close_socket(void)
{
    if (sender.fd >= 0) {
        close(sender.fd);
    }
    sender.fd = -1;
}

/* Begins to count from now. */
static void forget_counts(void)
{
    for (size_t i = 0; i < sender.n_counters; i++) {
        for (unsigned k = 0, n = metric_n_series(sender.counters[i].metric); k < n; k++) {
            metric_sum(sender.counters[i].metric, k, &sender.counters[i].last[k]);
        }
    }
}

/* Uses the address that statsd_start() has set meanwhile. */
static void change_address(void)
{
    pthread_mutex_lock(&sender.lock);
    bool changed = sender.changed;
    bool was_off = sender.to.host[0] == '\0';
    if (changed) {
        sender.to = sender.next;
        sender.changed = false;
    }
    pthread_mutex_unlock(&sender.lock);
    if (!changed) {
        return;
    }
    close_socket();
    sender.failing = false;
    sender.resolved_ms = 0;
    if (was_off) {
        forget_counts();
    }
}

/* Sends the counters as they are, and the timings of the second before the current one; the current one is
 * over then. What belongs to the address before is sent there before the address changes. */
static void flush_second(void)
{
    if (sender.to.host[0] == '\0') {
        return;
    }
    if (clock_ms() - sender.resolved_ms >= RESOLVE_MS || sender.resolved_ms == 0) {
        resolve_address();
    }
    for (size_t i = 0; i < sender.n_counters; i++) {
        send_counter(&sender.counters[i]);
    }
    unsigned second = atomic_load(&current);
    send_timings(second - 1);
    send_packet();
    atomic_store(&current, second + 1);
}

/* ---- the thread ---- */

/* False when it is time to stop. */
static bool wait_until(struct timespec *until)
{
    until->tv_nsec += FLUSH_MS % 1000 * 1000000;
    until->tv_sec += FLUSH_MS / 1000;
    int rc = 0;
    pthread_mutex_lock(&sender.lock);
    while (!sender.stopping && rc == 0) {
        rc = pthread_cond_timedwait(&sender.wake, &sender.lock, until);
    }
    bool stopping = sender.stopping;
    pthread_mutex_unlock(&sender.lock);
    return !stopping;
}

static void *statsd_main(void *arg)
{
    struct timespec until;
    crash_watch_thread();
    clock_gettime(CLOCK_MONOTONIC, &until);
    while (wait_until(&until)) {
        flush_second();
        change_address();
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        until = now.tv_sec > until.tv_sec ? now : until; /* names may take long to resolve */
    }
    flush_second();
    flush_second();
    return arg;
}

static void find_counter(void *arg, const struct metric *m)
{
    (void)arg;
    if (m->statsd == NULL) {
        return;
    }
    sender.counters = mem_check(realloc(sender.counters, (sender.n_counters + 1) * sizeof *sender.counters));
    sender.counters[sender.n_counters++] =
        (struct counter){ m, mem_check(calloc(metric_n_series(m), sizeof(uint64_t))) };
}

static bool start_thread(struct error *e)
{
    sender.to = sender.next;
    sender.changed = false;
    metrics_each(find_counter, NULL);
    forget_counts();
    pthread_key_create(&sender.key, give_back);
    thread_cond_init(&sender.wake);
    int rc = thread_start(&sender.thread, statsd_main, NULL);
    sender.started = rc == 0;
    return rc == 0 || error_set(e, ERROR_INTERNAL, "cannot start the thread for statsd: %s", strerror(rc));
}

bool statsd_start(const char *address, const char *prefix, struct error *e)
{
    struct address next = { .host = "" };
    bool on = address[0] != '\0';
    if (on && !split_address(address, next.host, next.port, e)) {
        return false;
    }
    snprintf(next.prefix, sizeof next.prefix, "%s", prefix);
    pthread_mutex_lock(&sender.lock);
    sender.next = next;
    sender.changed = true;
    pthread_mutex_unlock(&sender.lock);
    if (on && !sender.started && !start_thread(e)) {
        return false;
    }
    atomic_store(&statsd_on, on);
    return true;
}

/* A name server that does not answer may hold the thread up: it is left behind then. */
void statsd_stop(void)
{
    atomic_store(&statsd_on, false);
    if (!sender.started) {
        return;
    }
    sender.started = false;
    pthread_mutex_lock(&sender.lock);
    sender.stopping = true;
    pthread_cond_signal(&sender.wake);
    pthread_mutex_unlock(&sender.lock);
    struct timespec end = clock_wall_after_ms(STOP_MS);
    if (pthread_timedjoin_np(sender.thread, NULL, &end) != 0) {
        log_warning("statsd.stop", "the lookup of %s takes too long; the last counts are not sent",
                    sender.next.host);
    }
}
