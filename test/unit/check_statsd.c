/* What statsd is sent: a real socket listens. */
#include "core/clock.h"
#include "ops/process.h"
#include "ops/log.h"
#include "ops/statsd.h"
#include "suite.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_S = 10 };

static int listener;
static char address[32];
static const char *const colours[] = { "red", "blue", "none" };

static void name_it(const struct metric *m, unsigned series, struct buf *name)
{
    if (series < 2) {
        buf_printf(name, "things.%s", metric_label_value(m, 0, series));
    }
}

static struct metric rows[] = {
    { "things_total", "Things.", METRIC_COUNTER, { { "colour", colours, 3 } }, .statsd = name_it },
    { "silent_total", "Not sent.", METRIC_COUNTER },
};
static const struct statsd_timers timers = { { "one", "two", "three" } };
static const struct statsd_timers single = { { "alone" } };

static void open_listener(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    struct timeval wait = { .tv_sec = WAIT_S };
    listener = socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &n), 0);
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(at.sin_port));
}

static void setup(void)
{
    static const struct metrics_table table = METRICS_TABLE(rows);
    struct error e;
    open_listener();
    metrics_register(&table, NULL);
    metrics_register(&statsd_metrics, NULL);
    process_begin();
    metrics_start("test");
    ck_assert(statsd_start(address, "balrog.test", &e));
}

static void teardown(void)
{
    statsd_stop();
    close(listener);
}

/* What came in packets until WANTED stands in them; each is no longer than it may be. */
static void receive_until(char *text, size_t size, const char *wanted)
{
    size_t n = 0;
    text[0] = '\0';
    while (strstr(text, wanted) == NULL) {
        ssize_t got = recv(listener, text + n, size - n - 2, 0);
        ck_assert_msg(got > 0, "%s did not come, but: %s", wanted, text);
        ck_assert_int_le((int)got, STATSD_PACKET_MAX);
        n += (size_t)got;
        text[n++] = '\n';
        text[n] = '\0';
    }
}

static void keep(const struct statsd_timers *t, int64_t a, int64_t b, int64_t c)
{
    struct statsd_place place;
    if (statsd_wanted(&place)) {
        statsd_keep(&place, t, (int64_t[STATSD_TIMES]){ a, b, c });
    }
}

START_TEST(counters)
{
    char text[1 << 16];
    metric_add(&rows[0], 0, 7);
    metric_add(&rows[0], 2, 7);
    metric_add(&rows[1], 0, 7);
    receive_until(text, sizeof text, "balrog.test.things.red:7|c\n");
    ck_assert_ptr_null(strstr(text, "blue"));
    ck_assert_ptr_null(strstr(text, "none"));
    ck_assert_ptr_null(strstr(text, "silent"));
    /* Only what is new. */
    metric_count(&rows[0], 0);
    metric_count(&rows[0], 1);
    receive_until(text, sizeof text, "balrog.test.things.blue:1|c\n");
    ck_assert_ptr_nonnull(strstr(text, "balrog.test.things.red:1|c\n"));
}
END_TEST

/* Counts STEP again and again until a packet with NAME comes to the listener; returns what that counter says.
 */
static long count_until(const char *name, uint64_t step)
{
    char text[STATSD_PACKET_MAX + 1];
    for (int i = 0; i < 10; i++) {
        metric_add(&rows[0], 0, step);
        ssize_t got = recv(listener, text, sizeof text - 1, 0);
        text[got > 0 ? got : 0] = '\0';
        const char *at = strstr(text, name);
        if (at != NULL) {
            return strtol(at + strlen(name), NULL, 10);
        }
    }
    ck_abort_msg("%s did not come", name);
    return 0;
}

/* Another address and other names, then none, then one again: what was counted without an address is never
 * sent. */
START_TEST(changed)
{
    struct timeval wait = { .tv_sec = 2 };
    struct error e;
    char ignored[STATSD_PACKET_MAX];
    ck_assert_int_eq((int)count_until("balrog.test.things.red:", 1), 1);
    close(listener);
    open_listener();
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    ck_assert(statsd_start(address, "other", &e));
    ck_assert(count_until("other.things.red:", 2) > 0);
    ck_assert(!statsd_start("nonsense:", "x", &e));
    ck_assert(statsd_on);
    ck_assert(statsd_start("", "", &e));
    ck_assert(!statsd_on);
    while (recv(listener, ignored, sizeof ignored, 0) > 0) { /* ends when nothing has come for 2 s */
        continue;
    }
    metric_add(&rows[0], 0, 1000);
    ck_assert(recv(listener, ignored, sizeof ignored, 0) < 0);
    ck_assert(statsd_start(address, "again", &e));
    long sent = count_until("again.things.red:", 3);
    ck_assert_msg(sent > 0 && sent < 1000, "%ld", sent);
}
END_TEST

START_TEST(timings)
{
    char text[1 << 16];
    keep(&timers, 1500000, 250, -1);
    keep(&single, 3000000000, -1, -1);
    receive_until(text, sizeof text, "balrog.test.alone:3000.000000|ms\n");
    ck_assert_ptr_nonnull(strstr(text, "balrog.test.one:1.500000|ms\n"));
    ck_assert_ptr_nonnull(strstr(text, "balrog.test.two:0.000250|ms\n"));
    ck_assert_ptr_null(strstr(text, "three"));
}
END_TEST

/* Many in one second: few are sent, chosen evenly, and their rates add up to how many there were. */
START_TEST(sampled)
{
    enum { MANY = 20000 };
    char text[1 << 18];
    double counted = 0, sum = 0;
    int kept = 0;
    for (int i = 0; i < MANY; i++) {
        keep(&single, i * 1000, -1, -1);
    }
    statsd_stop();
    receive_until(text, sizeof text, "alone:");
    for (ssize_t got; (got = recv(listener, text + strlen(text), 4096, MSG_DONTWAIT)) > 0;) {
        text[strlen(text)] = '\n';
    }
    for (const char *p = text; (p = strstr(p, "alone:")) != NULL; p++) {
        const char *rate = strstr(p, "|@");
        const char *end = strchr(p, '\n');
        double r = rate != NULL && (end == NULL || rate < end) ? strtod(rate + 2, NULL) : 1;
        counted += 1 / r;
        sum += strtod(p + 6, NULL);
        kept++;
    }
    /* A second may have ended meanwhile. */
    ck_assert_int_ge(kept, STATSD_KEPT);
    ck_assert_int_le(kept, 3 * STATSD_KEPT);
    ck_assert_double_gt(counted, MANY * 0.99);
    ck_assert_double_lt(counted, MANY * 1.01);
    ck_assert_double_gt(sum / kept, MANY / 1000.0 * 0.2);
    ck_assert_double_lt(sum / kept, MANY / 1000.0 * 0.8);
}
END_TEST

static void *keep_many(void *arg)
{
    int64_t until_ms = clock_ms() + 2500;
    while (clock_ms() < until_ms) {
        keep(&timers, 1000, 2000, 3000);
        metric_count(&rows[0], 0);
    }
    return arg;
}

/* Threads keep while seconds change. */
START_TEST(threads)
{
    char text[1 << 18];
    pthread_t thread[3];
    for (int i = 0; i < 3; i++) {
        pthread_create(&thread[i], NULL, keep_many, NULL);
    }
    receive_until(text, sizeof text, "balrog.test.two:0.002000|ms");
    for (int i = 0; i < 3; i++) {
        pthread_join(thread[i], NULL);
    }
    ck_assert_ptr_nonnull(strstr(text, "balrog.test.one:0.001000|ms"));
}
END_TEST

/* The server is gone: nobody is held up, and it is counted. When it is back it is sent to again. */
START_TEST(gone)
{
    char text[1 << 16];
    struct sockaddr_in at;
    socklen_t n = sizeof at;
    const struct metric *failures = &statsd_metrics.row[2];
    getsockname(listener, (struct sockaddr *)&at, &n);
    close(listener);
    int64_t end_ms = clock_ms() + WAIT_S * 1000;
    while (metric_value(failures, 1) == 0 && clock_ms() < end_ms) {
        int64_t from_us = clock_us();
        metric_count(&rows[0], 0);
        keep(&timers, 1, 1, 1);
        ck_assert_int_lt((int)(clock_us() - from_us), 200000);
        usleep(10000);
    }
    ck_assert_double_gt(metric_value(failures, 1), 0);
    listener = socket(AF_INET, SOCK_DGRAM, 0);
    struct timeval wait = { .tv_sec = WAIT_S };
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, n), 0);
    metric_count(&rows[0], 1);
    receive_until(text, sizeof text, "balrog.test.");
}
END_TEST

START_TEST(addresses)
{
    static const char *const good[] = { "",           "localhost", "h:1",          "h:65535",
                                        "[::1]:8125", "[::1]",     "10.0.0.1:8125" };
    static const char *const bad[] = { ":1", "h:", "h:0", "h:65536", "h:x", "::1", "[::1]x", "a:1:2" };
    struct error e;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        ck_assert_msg(statsd_check(good[i], &e), "%s", good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_msg(!statsd_check(bad[i], &e), "%s", bad[i]);
    }
}
END_TEST

SUITE_MAIN_WITH("statsd", setup, teardown, counters, timings, sampled, threads, gone, changed, addresses)
