/* The sample of update queries: thinning without bias, the table of the last hours with its bounds, the text
 * form. */
#include "core/thin.h"
#include "suite.h"
#include "uptake/recent.h"

#include <math.h>
#include <stdio.h>

enum { HOUR = 3600, START = 500000 * HOUR };

static void *ctx;
static const struct str product_names[] = { { "Firefox", 7 }, { "GMP", 3 } };
static const struct str channel_names[] = { { "release", 7 }, { "beta", 4 } };
static const struct config_list products = { product_names, 2 }, channels = { channel_names, 2 };

static void setup(void)
{
    ctx = talloc_new(NULL);
}

static void teardown(void)
{
    talloc_free(ctx);
}

static const char *path_of(const char *product, const char *channel, int i)
{
    static char path[256];
    snprintf(path, sizeof path, "/update/3/%s/1.0/%d/t/l/%s/os/d/dv/update.xml", product, i, channel);
    return path;
}

static void add(struct recent *r, int64_t time_s, const char *product, const char *channel, int i)
{
    recent_add(r, time_s, str_of(product), str_of(channel), str_of(path_of(product, channel, i)));
}

static struct sample *take(const struct recent *r, const char *product, const char *channel, size_t limit)
{
    struct sample *s = sample_new(ctx);
    recent_sample(r, str_of(product), str_of(channel), limit, s);
    sample_fold(s);
    return s;
}

static uint64_t sum_of(const struct sample *s)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < s->n; i++) {
        sum += s->query[i].count;
    }
    return sum;
}

/* ---- thinning ---- */

START_TEST(thresholds)
{
    static const uint64_t weight[] = { 100, 1, 1, 50, 2, 2, 2 };
    ck_assert(thin_threshold(weight, 7, 7) == 0);
    double t = thin_threshold(weight, 7, 4), sum = 0;
    for (size_t i = 0; i < 7; i++) {
        sum += fmin(1, (double)weight[i] / t);
    }
    ck_assert_double_eq_tol(sum, 4, 1e-9);
    ck_assert_double_eq_tol(thin_threshold(weight, 7, 1), 158, 1e-9);
    static const uint64_t same[] = { 3, 3, 3, 3 };
    ck_assert_double_eq_tol(thin_threshold(same, 4, 2), 6, 1e-9);
}
END_TEST

/* Of each entry the mean of what stands for it is its weight, and the number of entries is the wanted one. */
START_TEST(thinning_has_no_bias)
{
    enum { N = 50, TARGET = 12, RUNS = 20000 };
    uint64_t weight[N], random = 1, total[N] = { 0 };
    for (size_t i = 0; i < N; i++) {
        weight[i] = 1 + 1000 / (i + 1);
    }
    double threshold = thin_threshold(weight, N, TARGET);
    for (int run = 0; run < RUNS; run++) {
        struct thinning t = thin_start(threshold, &random);
        size_t kept = 0;
        for (size_t i = 0; i < N; i++) {
            if (thin_keeps(&t, weight[i])) {
                total[i] += thin_scale(&t, weight[i], weight[i]);
                kept++;
            }
        }
        ck_assert_uint_eq(kept, TARGET);
    }
    for (size_t i = 0; i < N; i++) {
        double mean = (double)total[i] / RUNS;
        double sigma = sqrt((double)weight[i] * threshold / RUNS);
        ck_assert_double_eq_tol(mean, (double)weight[i], 5 * sigma);
    }
    ck_assert_uint_eq(total[0], RUNS * weight[0]);
}
END_TEST

/* ---- the table ---- */

START_TEST(exact_while_there_is_room)
{
    struct recent *r = recent_new(ctx, products, channels, 2000, 1);
    for (int i = 0; i < 300; i++) {
        add(r, START + i, "Firefox", "release", i % 100);
    }
    add(r, START, "Firefox", "beta", 1);
    add(r, START, "GMP", "release", 1);
    add(r, START, "Other", "release", 1);
    add(r, START, "Other", "nightly", 1);
    add(r, START, "Another", "nightly", 1);
    recent_add(r, START, STR("Firefox"), STR("release"), STR_NONE);
    struct sample *s = take(r, "Firefox", "release", 1000);
    ck_assert(s->whole);
    ck_assert_uint_eq(s->n, 100);
    ck_assert_uint_eq(s->query[0].count, 3);
    ck_assert_uint_eq(s->queries, 301);
    ck_assert_uint_eq(s->left_out, 1);
    ck_assert_double_eq_tol(sample_coverage(s), 300.0 / 301, 1e-9);
    ck_assert_int_eq(s->to_ms, (START + 299) * INT64_C(1000));
    ck_assert_int_eq(s->from_ms, (START - 23 * HOUR) * INT64_C(1000));
    ck_assert_uint_eq(take(r, NULL, NULL, 1000)->queries, 306);
    ck_assert_uint_eq(take(r, "Firefox", NULL, 1000)->n, 101);
    ck_assert_uint_eq(take(r, NULL, "release", 1000)->n, 102);
    /* Not configured, but in the table: what their paths say counts. */
    ck_assert_uint_eq(take(r, "Other", NULL, 1000)->n, 2);
    ck_assert_uint_eq(take(r, "Other", NULL, 1000)->queries, 2);
    ck_assert_uint_eq(take(r, NULL, "nightly", 1000)->n, 2);
    ck_assert_uint_eq(take(r, "Another", "release", 1000)->n, 0);
    ck_assert_double_eq(sample_coverage(take(r, "Another", "release", 1000)), 1);
}
END_TEST

START_TEST(the_window_moves)
{
    struct recent *r = recent_new(ctx, products, channels, 2000, 1);
    add(r, START, "Firefox", "release", 1);
    add(r, START + 10 * HOUR, "Firefox", "release", 1);
    add(r, START, "Firefox", "release", 2);
    add(r, START + 9 * HOUR, "Firefox", "release", 3); /* late, but within the window */
    ck_assert_uint_eq(take(r, NULL, NULL, 10)->queries, 4);
    recent_move_window(r, START + 23 * HOUR);
    ck_assert_uint_eq(take(r, NULL, NULL, 10)->queries, 4);
    recent_move_window(r, START + 24 * HOUR);
    struct sample *s = take(r, NULL, NULL, 10);
    ck_assert_uint_eq(s->queries, 2);
    ck_assert_uint_eq(s->n, 2);
    ck_assert_uint_eq(r->n, 2);
    add(r, START, "Firefox", "release", 4); /* older than the window */
    ck_assert_uint_eq(take(r, NULL, NULL, 10)->queries, 2);
    recent_move_window(r, START + 100 * HOUR);
    ck_assert_uint_eq(r->n, 0);
    ck_assert_uint_eq(take(r, NULL, NULL, 10)->queries, 0);
}
END_TEST

/* A skewed distribution, as real queries have it: the query number k is asked about 1 / k as often as the
 * first. */
enum { KEYS = 20000, ASKED = 60000, ROOM = 1000 };
static double truth[KEYS];

static int draw_key(uint64_t *random)
{
    double u = (double)(thin_random(random) >> 11) * 0x1p-53;
    int k = (int)(pow(KEYS, u)) - 1; /* density 1 / k */
    return k < KEYS ? k : KEYS - 1;
}

static int key_of(struct str path)
{
    int key = -1;
    ck_assert_int_eq(sscanf(path.p, "/update/3/Firefox/1.0/%d/", &key), 1);
    return key;
}

/* The keys in bands: the most frequent ones, and so on. */
enum { BANDS = 5 };

static int band_of(int key)
{
    return key < 10 ? 0 : key < 100 ? 1 : key < 1000 ? 2 : key < 5000 ? 3 : 4;
}

/* 20,000 queries in 1,000 entries: the means of many runs meet the truth, and in one run the error is small.
 */
START_TEST(estimates_have_no_bias)
{
    enum { RUNS = 30 };
    uint64_t random = 7;
    int *asked = mem_array(ctx, int, ASKED);
    double sum[BANDS] = { 0 }, squares[BANDS] = { 0 }, wanted[BANDS] = { 0 };
    for (int i = 0; i < ASKED; i++) {
        asked[i] = draw_key(&random);
        truth[asked[i]]++;
        wanted[band_of(asked[i])] += i >= ASKED / 2;
    }
    for (int run = 0; run < RUNS; run++) {
        struct recent *r = recent_new(ctx, products, channels, ROOM, (uint64_t)run);
        double got[BANDS] = { 0 };
        for (int i = 0; i < ASKED; i++) {
            /* The first half will have left the window in the end. */
            add(r, START + (i < ASKED / 2 ? 0 : 5 * HOUR), "Firefox", "release", asked[i]);
            ck_assert_uint_le(r->n, ROOM);
        }
        recent_move_window(r, START + 25 * HOUR);
        struct sample *s = take(r, NULL, NULL, SAMPLE_QUERIES_MAX);
        ck_assert(!s->whole);
        ck_assert_uint_eq(s->queries, ASKED / 2);
        for (size_t i = 0; i < s->n; i++) {
            got[band_of(key_of(s->query[i].path))] += (double)s->query[i].count;
        }
        for (int b = 0; b < BANDS; b++) {
            sum[b] += got[b];
            squares[b] += (got[b] - wanted[b]) * (got[b] - wanted[b]);
        }
        talloc_free(s);
        talloc_free(r);
    }
    static const double error_max[BANDS] = { 0.001, 0.03, 0.09, 0.18, 0.18 };
    for (int b = 0; b < BANDS; b++) {
        double sigma = sqrt(squares[b] / RUNS), mean = sum[b] / RUNS;
        ck_assert_double_eq_tol(mean, wanted[b], 5 * sigma / sqrt(RUNS) + 1);
        ck_assert_double_lt(sigma / wanted[b], error_max[b]);
    }
}
END_TEST

/* A flood of distinct queries does not push out what is rare, and not what is frequent. */
START_TEST(a_rare_channel_keeps_its_entries)
{
    struct recent *r = recent_new(ctx, products, channels, 10000, 3);
    ck_assert_uint_eq(r->rare, RECENT_RARE);
    for (int i = 0; i < 1500; i++) {
        add(r, START, "Firefox", "beta", i);
    }
    for (int i = 0; i < 450; i++) {
        add(r, START, "GMP", "beta", i);
    }
    for (int i = 0; i < 100; i++) {
        for (int n = 0; n < 1000; n++) {
            add(r, START, "Firefox", "release", i);
        }
    }
    for (int i = 0; i < 300000; i++) {
        add(r, START, "Forged", "release", i);
        ck_assert_uint_le(r->n, 10000);
    }
    struct sample *rare = take(r, "Firefox", "beta", 10000);
    ck_assert_uint_ge(rare->n, RECENT_RARE);
    ck_assert_uint_eq(rare->queries, 1500);
    ck_assert_double_eq_tol((double)sum_of(rare), 1500, 150);
    struct sample *all = take(r, "GMP", "beta", 10000);
    ck_assert_uint_eq(all->n, 450);
    ck_assert_uint_eq(sum_of(all), 450);
    struct sample *frequent = take(r, "Firefox", "release", 10000);
    ck_assert_uint_eq(frequent->n, 100);
    ck_assert_uint_eq(sum_of(frequent), 100000);
    /* With a limit, the sum is still about right. */
    struct sample *few = take(r, NULL, NULL, 1000);
    ck_assert_uint_le(few->n, 1000);
    ck_assert_double_eq_tol((double)sum_of(few), 401950, 8000);
    ck_assert(!few->whole);
}
END_TEST

/* A table that is too small for 500 entries of each group gives each what there is. */
START_TEST(small_tables)
{
    struct recent *r = recent_new(ctx, products, channels, 18, 3);
    ck_assert_uint_eq(r->rare, 1);
    for (int i = 0; i < 1000; i++) {
        add(r, START, i % 2 ? "Firefox" : "Forged", i % 3 ? "release" : "x", i);
        ck_assert_uint_le(r->n, 18 + 9);
    }
    ck_assert_uint_gt(r->n, 0);
}
END_TEST

/* ---- as text ---- */

static const char *printed(const struct sample *s)
{
    struct buf out;
    buf_init(&out, 0, 1 << 20);
    sample_print(&out, s);
    const char *text = mem_strndup(ctx, out.p, out.n);
    buf_free(&out);
    return text;
}

#define HEAD(PRODUCT, QUERIES)                                                                               \
    "{\"balrog_sample\": 1, \"product\": " PRODUCT ", \"channel\": null, \"from\": 1000, \"to\": 2000, "     \
    "\"queries\": " QUERIES ", \"left_out\": 1, \"whole\": true}\n"

START_TEST(text)
{
    struct error e;
    struct sample *s = sample_new(ctx);
    ck_assert_msg(sample_parse(s,
                               STR(HEAD("\"Firefox\"", "7") "{\"count\": 2, \"path\": \"/b\"}\n"
                                                            "{\"count\": 4, \"path\": \"/a\"}\n"),
                               &e),
                  "%s", e.what);
    sample_fold(s);
    ck_assert_str_eq(printed(s), HEAD("\"Firefox\"", "7") "{\"count\": 4, \"path\": \"/a\"}\n"
                                                          "{\"count\": 2, \"path\": \"/b\"}\n");
    /* A second host's is added. */
    ck_assert(sample_parse(s, STR(HEAD("\"GMP\"", "4") "{\"count\": 3, \"path\": \"/b\"}"), &e));
    sample_fold(s);
    ck_assert_uint_eq(s->queries, 11);
    ck_assert_uint_eq(s->left_out, 2);
    ck_assert(str_absent(s->product));
    ck_assert_uint_eq(s->n, 2);
    ck_assert_uint_eq(s->query[0].count, 5);
    ck_assert(str_eq(s->query[0].path, STR("/b")));
}
END_TEST

START_TEST(text_that_is_refused)
{
    static const char *const texts[] = {
        "",
        "{}\n",
        "{\"balrog_sample\": 2, \"from\": 0, \"to\": 0, \"queries\": 0, \"left_out\": 0, \"whole\": true}",
        HEAD("null", "0"),
        HEAD("null", "1e30"),
        HEAD("null", "7") "{\"count\": 0, \"path\": \"/b\"}\n",
        HEAD("null", "7") "{\"count\": 1.5, \"path\": \"/b\"}\n",
        HEAD("null", "7") "{\"count\": 1, \"path\": \"b\"}\n",
        HEAD("null", "7") "{\"count\": 1}\n",
        HEAD("null", "7") "{\"count\": 1, \"path\": \"/",
        HEAD("null", "7") "\n{\"count\": 1, \"path\": \"/b\"}\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct error e;
        ck_assert_msg(!sample_parse(sample_new(ctx), str_of(texts[i]), &e), "%s", texts[i]);
        ck_assert_int_eq(e.kind, ERROR_BAD_REQUEST);
    }
}
END_TEST

SUITE_MAIN_WITH("sample", setup, teardown, thresholds, thinning_has_no_bias, exact_while_there_is_room,
                the_window_moves, estimates_have_no_bias, a_rare_channel_keeps_its_entries, small_tables,
                text, text_that_is_refused)
