/* Counting: series and labels, many threads, histograms, what is printed. */
#include "core/mem.h"
#include "ops/process.h"
#include "suite.h"

#include <pthread.h>

static const char *const colours[] = { "red", "blue" };
static const char *const sizes[] = { "s", "m", "l" };

enum { THINGS, PLAIN, SECONDS, SPARSE, READ, N_ROWS };

struct world {
    int64_t ms;
};

static double read_world(const struct metric *m, unsigned series)
{
    const struct world *w = m->arg;
    return (double)w->ms / m->unit + series;
}

static struct metric rows[N_ROWS] = {
    [THINGS] = { "things_total",
                 "Things.",
                 METRIC_COUNTER,
                 { { "colour", colours, 2 }, { "size", sizes, 3 } } },
    [PLAIN] = { "plain_total", "Plain ones.", METRIC_COUNTER },
    [SECONDS] = { "wait_seconds", "Waits.", METRIC_HISTOGRAM, { { "colour", colours, 2 } }, .sparse = true },
    [SPARSE] = { "rare_total", "Rare ones.", METRIC_COUNTER, { { "size", sizes, 3 } }, .sparse = true },
    [READ] = { "read_seconds",
               "Read ones.",
               METRIC_GAUGE,
               { { "colour", colours, 2 } },
               .read = read_world,
               .unit = 1000 },
};
static struct metric unregistered = { "no_total", "None.", METRIC_COUNTER };
static struct world world = { 2500 };
static struct buf out;

static void setup(void)
{
    static const struct metrics_table table = METRICS_TABLE(rows);
    metrics_register(&table, &world);
    process_begin();
    metrics_start("test");
    buf_init(&out, 1024, 1 << 20);
}

static void teardown(void)
{
    buf_free(&out);
}

/* Whether LINE stands in what is printed, once. */
static bool prints(const char *line)
{
    char wanted[256];
    buf_reset(&out);
    metrics_print(&out);
    snprintf(wanted, sizeof wanted, "\n%s\n", line);
    ptrdiff_t at = str_find(buf_view(&out), str_of(wanted));
    return at >= 0 && !str_contains(str_slice(buf_view(&out), (size_t)at + 1, out.n), str_of(wanted));
}

START_TEST(series)
{
    ck_assert_int_eq((int)metric_n_series(&rows[THINGS]), 6);
    ck_assert_int_eq((int)metric_n_series(&rows[PLAIN]), 1);
    unsigned blue_m = metric_series(&rows[THINGS], 1, 1, 0);
    ck_assert_str_eq(metric_label_value(&rows[THINGS], 0, blue_m), "blue");
    ck_assert_str_eq(metric_label_value(&rows[THINGS], 1, blue_m), "m");
    metric_add(&rows[THINGS], blue_m, 7);
    metric_count(&rows[PLAIN], 0);
    ck_assert(prints("balrog_test_things_total{colour=\"blue\",size=\"m\"} 7"));
    ck_assert(prints("balrog_test_things_total{colour=\"red\",size=\"s\"} 0"));
    ck_assert(prints("balrog_test_plain_total 1"));
    ck_assert(prints("# TYPE balrog_test_things_total counter"));
    ck_assert(prints("# HELP balrog_test_plain_total Plain ones."));
    ck_assert_double_eq(metric_value(&rows[THINGS], blue_m), 7);
}
END_TEST

START_TEST(sparse_and_read)
{
    metric_count(&rows[SPARSE], 2);
    ck_assert(prints("balrog_test_rare_total{size=\"l\"} 1"));
    ck_assert(!str_contains(buf_view(&out), STR("rare_total{size=\"s\"}")));
    ck_assert(prints("balrog_test_read_seconds{colour=\"blue\"} 3.5"));
}
END_TEST

START_TEST(histogram)
{
    static const int64_t took_ns[] = { 0, 5000, 5001, 999999, 1000000, 10000000000, 10000000001, -3 };
    for (size_t i = 0; i < ARRAY_LEN(took_ns); i++) {
        metric_observe(&rows[SECONDS], 1, took_ns[i]);
    }
    ck_assert(prints("balrog_test_wait_seconds_bucket{colour=\"blue\",le=\"5e-06\"} 3"));
    ck_assert(prints("balrog_test_wait_seconds_bucket{colour=\"blue\",le=\"1e-05\"} 4"));
    ck_assert(prints("balrog_test_wait_seconds_bucket{colour=\"blue\",le=\"0.0005\"} 4"));
    ck_assert(prints("balrog_test_wait_seconds_bucket{colour=\"blue\",le=\"0.001\"} 6"));
    ck_assert(prints("balrog_test_wait_seconds_bucket{colour=\"blue\",le=\"10\"} 7"));
    ck_assert(prints("balrog_test_wait_seconds_bucket{colour=\"blue\",le=\"+Inf\"} 8"));
    ck_assert(prints("balrog_test_wait_seconds_count{colour=\"blue\"} 8"));
    ck_assert(prints("balrog_test_wait_seconds_sum{colour=\"blue\"} 20.002010001"));
    ck_assert(!str_contains(buf_view(&out), STR("wait_seconds_bucket{colour=\"red\"")));
    ck_assert_double_eq(metric_value(&rows[SECONDS], 1), 8);
    ck_assert_double_eq(metric_value(&rows[SECONDS], 0), 0);
}
END_TEST

/* As Prometheus' histogram_quantile(): evenly within a bucket. */
START_TEST(quantiles)
{
    ck_assert_double_eq(metric_quantile(&rows[SECONDS], 0, 2, 0.5), 0);
    for (int i = 0; i < 10; i++) {
        metric_observe(&rows[SECONDS], 0, 6000); /* of 5 to 10 us */
    }
    ck_assert_double_eq_tol(metric_quantile(&rows[SECONDS], 0, 1, 0.5), 7.5e-6, 1e-12);
    ck_assert_double_eq_tol(metric_quantile(&rows[SECONDS], 0, 1, 1), 10e-6, 1e-12);
    for (int i = 0; i < 10; i++) {
        metric_observe(&rows[SECONDS], 1, 2000000); /* of 1 to 2.5 ms */
    }
    ck_assert_double_eq_tol(metric_quantile(&rows[SECONDS], 0, 2, 0.5), 10e-6, 1e-12);
    ck_assert_double_eq_tol(metric_quantile(&rows[SECONDS], 0, 2, 0.75), 1.75e-3, 1e-9);
    ck_assert_double_eq_tol(metric_quantile(&rows[SECONDS], 1, 1, 0.5), 1.75e-3, 1e-9);
    for (int i = 0; i < 10; i++) {
        metric_observe(&rows[SECONDS], 0, 60000000000); /* longer than all limits */
    }
    ck_assert_double_eq_tol(metric_quantile(&rows[SECONDS], 0, 2, 0.99), 10, 1e-9);
    ck_assert_double_eq(metric_quantile(&unregistered, 0, 1, 0.5), 0);
}
END_TEST

START_TEST(not_registered)
{
    metric_count(&unregistered, 0);
    ck_assert_double_eq(metric_value(&unregistered, 0), 0);
    ck_assert(!prints("balrog_test_no_total 1"));
}
END_TEST

START_TEST(process)
{
    ck_assert(prints("# TYPE process_resident_memory_bytes gauge"));
    ck_assert(str_contains(buf_view(&out), STR("\nbalrog_test_info{pid=\"")));
    ck_assert(str_contains(buf_view(&out), STR("version=\"" PACKAGE_VERSION "\"} 1\n")));
    ck_assert(prints("# TYPE process_threads gauge"));
    ck_assert_double_ge(metric_value(&process_metrics.row[2], 0), 1);
}
END_TEST

static void *count_many(void *arg)
{
    for (int i = 0; i < 100000; i++) {
        metric_count(&rows[PLAIN], 0);
        metric_observe(&rows[SECONDS], 0, 100);
    }
    return arg;
}

/* Threads count, others follow them and use their cells again, and meanwhile somebody reads: sums never fall.
 */
START_TEST(threads)
{
    enum { THREADS = 4, ROUNDS = 3 };
    double seen = 0;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t thread[THREADS];
        for (int i = 0; i < THREADS; i++) {
            ck_assert_int_eq(pthread_create(&thread[i], NULL, count_many, NULL), 0);
        }
        for (int i = 0; i < 100; i++) {
            double now = metric_value(&rows[PLAIN], 0);
            ck_assert(now >= seen);
            seen = now;
        }
        for (int i = 0; i < THREADS; i++) {
            pthread_join(thread[i], NULL);
        }
    }
    ck_assert_double_eq(metric_value(&rows[PLAIN], 0), THREADS * ROUNDS * 100000.0);
    ck_assert(prints("balrog_test_wait_seconds_count{colour=\"red\"} 1200000"));
}
END_TEST

SUITE_MAIN_WITH("metrics", setup, teardown, series, sparse_and_read, histogram, quantiles, not_registered,
                process, threads)
