/* What is counted from lines of nginx's log: the lines themselves, the window, the bounds, a log that is
 * replaced under the reader. */
#include "core/mem.h"
#include "suite.h"
#include "uptake/follow.h"
#include "uptake/line.h"
#include "uptake/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { HOUR = 3600, START = 500000 * HOUR };

static void *ctx;
static struct error error;
static struct counts *counts;
static struct uptake_view view;
static const struct str product_names[] = { { "Firefox", 7 }, { "FirefoxVPN", 10 } };
static const struct str channel_names[] = { { "release", 7 }, { "beta", 4 } };
static const struct watch watches[] = {
    { { "Firefox", 7 }, { "release", 7 }, { "119.0", 5 } },
    { { "FirefoxVPN", 10 }, { "release", 7 }, { "2.10", 4 } },
};

static void setup(void)
{
    struct config_list products = { product_names, 2 }, channels = { channel_names, 2 };
    ctx = talloc_new(NULL);
    counts = counts_new(ctx, products, channels, 24, 2);
    view = (struct uptake_view){ counts, watches, 2, 10, START };
}

static void teardown(void)
{
    talloc_free(ctx);
}

static void add(int n, int64_t time_s, const char *product, const char *channel, const char *version)
{
    for (int i = 0; i < n; i++) {
        counts_add(counts, time_s, str_of(product), str_of(channel), str_of(version));
    }
}

static const char *shown(bool (*show)(struct buf *out, struct str product, struct str channel),
                         const char *product, const char *channel)
{
    struct buf out;
    buf_init(&out, 0, 1 << 20);
    ck_assert(show(&out, str_of(product), str_of(channel)));
    const char *text = mem_strndup(ctx, out.p, out.n);
    buf_free(&out);
    return text;
}

static bool as_json(struct buf *out, struct str product, struct str channel)
{
    return show_cell(out, &view, product, channel);
}

static bool as_metrics(struct buf *out, struct str product, struct str channel)
{
    (void)product;
    (void)channel;
    show_metrics(out, &view);
    return true;
}

static void expect(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "%s\nis not in\n%s", part, text);
}

static void lacks(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) == NULL, "%s\nis in\n%s", part, text);
}

/* ---- lines ---- */

static struct str canonical; /* of the last line */

static enum line_kind parse(const char *line, struct query *q, int64_t *time_s)
{
    static char text[QUERY_TEXT_MAX];
    static struct buf path;
    buf_free(&path);
    buf_init(&path, 0, 1024);
    enum line_kind kind = line_parse(str_of(line), q, text, time_s, &path);
    canonical = buf_view(&path);
    return kind;
}

#define QUERY_PATH                                                                                           \
    "/update/3/Firefox/118.0/20230927232528/WINNT_x86_64-msvc-x64/en-US/release-cck-x/os/default/default"

START_TEST(lines)
{
    struct query q;
    int64_t time_s;
    ck_assert_int_eq(parse("{\"time\":\"2026-11-23T04:05:06+02:00\",\"request\":\"GET " QUERY_PATH
                           "/update.xml?force=1 HTTP/1.1\",\"status\":200,\"agent\":\"\\u0022x\"}",
                           &q, &time_s),
                     LINE_QUERY);
    ck_assert_int_eq(time_s, 1795399506);
    ck_assert(str_eq(q.version, STR("118.0")));
    ck_assert(str_eq(canonical, STR(QUERY_PATH "/update.xml?force=1")));
    ck_assert(str_eq(q.channel, STR("release-cck-x")));
    static const char *const other[] = {
        "{\"time\":\"2026-11-23T04:05:06+02:00\",\"request\":\"GET /__version__ HTTP/1.1\",\"status\":200}",
        "{\"time\":\"2026-11-23T04:05:06+02:00\",\"request\":\"GET " QUERY_PATH
        "/update.xml HTTP/1.1\",\"status\":502}",
        "{\"time\":\"2026-11-23T04:05:06+02:00\",\"request\":\"HEAD " QUERY_PATH
        "/update.xml HTTP/1.1\",\"status\":200}",
        "{\"time\":\"2026-11-23T04:05:06+02:00\",\"request\":\"\",\"status\":400}",
        "{\"time\":\"2026-11-23T04:05:06+02:00\",\"request\":\"GET /x\",\"status\":200}",
    };
    for (size_t i = 0; i < ARRAY_LEN(other); i++) {
        ck_assert_msg(parse(other[i], &q, &time_s) == LINE_OTHER, "%s", other[i]);
    }
    static const char *const broken[] = {
        "",
        "127.0.0.1 - - \"GET / HTTP/1.1\"",
        "[]",
        "{\"request\":\"GET / HTTP/1.1\",\"status\":200}",
        "{\"time\":\"yesterday\",\"request\":\"GET / HTTP/1.1\",\"status\":200}",
        "{\"time\":\"2026-11-23T04:05:06+02:00\",\"request\":\"GET / HTTP/1.1\",\"status\":\"200\"}",
        "{\"time\":\"2026-11-23T04:05:06+02:00\",\"request\":\"GET / HT",
    };
    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        ck_assert_msg(parse(broken[i], &q, &time_s) == LINE_BROKEN, "%s", broken[i]);
    }
}
END_TEST

/* LINE, which begins with '{', is read as the JSON parser reads it: white space behind the brace makes a line
 * one for that parser. */
static void read_alike(const char *line)
{
    struct query q;
    int64_t plain_s = 0, json_s = 0;
    char spaced[1024];
    enum line_kind plain = parse(line, &q, &plain_s);
    char *path = mem_strndup(ctx, canonical.p != NULL ? canonical.p : "", canonical.n);
    snprintf(spaced, sizeof spaced, "{ %s", line + 1);
    ck_assert_msg(parse(spaced, &q, &json_s) == plain, "%s", line);
    ck_assert_msg(plain == LINE_BROKEN || plain_s == json_s, "%s", line);
    ck_assert_msg(str_eq(canonical, str_of(path)), "%s", line);
    talloc_free(path);
}

/* Each byte of a line is replaced by bytes that matter to JSON, taken out, or put there twice. */
START_TEST(plain_lines_are_read_as_json)
{
    static const char line[] =
        "{\"time\":\"2026-11-23T04:05:06+02:00\",\"client\":\"10.0.0.1\",\"request\":\"GET " QUERY_PATH
        "/update.xml HTTP/1.1\",\"status\":200,\"seconds\":0.001,\"agent\":\"x\"}";
    static const char bytes[] = "\"\\{}[],:.0129-+eTtn \t\n\x7f\xc3\x80";
    char changed[sizeof line + 1];
    for (size_t i = 1; i < sizeof line - 1; i++) {
        for (size_t k = 0; k < sizeof bytes - 1; k++) {
            memcpy(changed, line, sizeof line);
            changed[i] = bytes[k];
            read_alike(changed);
        }
        memcpy(changed, line, i);
        memcpy(changed + i, line + i + 1, sizeof line - i - 1);
        read_alike(changed);
        memcpy(changed, line, i);
        memcpy(changed + i, line + i - 1, sizeof line - i + 1);
        read_alike(changed);
    }
    read_alike("{\"status\":200,\"time\":\"2026-11-23T04:05:06-02:30\",\"request\":\"GET " QUERY_PATH
               "/update.xml HTTP/1.1\",\"status\":500}");
    read_alike("{\"status\":500,\"time\":\"2026-11-23T04:05:06-02:30\",\"request\":\"GET " QUERY_PATH
               "/update.xml HTTP/1.1\",\"status\":200}");
    read_alike("{\"status\":200,\"time\":1,\"request\":\"GET / HTTP/1.1\"}");
    read_alike("{\"status\":2.0e2,\"time\":\"2026-11-23T04:05:06Z\",\"request\":\"GET / HTTP/1.1\"}");
    read_alike("{\"status\":12345678901234567890,\"time\":\"2026-11-23T04:05:06+00:00\",\"request\":\"GET / "
               "HTTP/1.1\"}");
    read_alike("{}");
    read_alike("{");
}
END_TEST

/* ---- counting ---- */

START_TEST(spread)
{
    add(30, START, "Firefox", "release", "118.0");
    add(10, START, "Firefox", "release", "119.0");
    add(5, START, "Firefox", "release", "119.0.1");
    add(5, START, "Firefox", "release", "no version");
    counts_move_window(counts, START);
    const char *json = shown(as_json, "Firefox", "release");
    expect(json, "\"hours\": 24, \"queries\": 50, \"age_s\": 0");
    expect(json,
           "\"versions\": {\"118.0\": {\"queries\": 30, \"percent\": 60.000}, \"119.0\": {\"queries\": 10");
    expect(json, "\"other\": {\"queries\": 10, \"percent\": 20.000}");
    expect(json, "\"watched\": {\"queries\": 15, \"percent\": 30.000, \"version\": \"119.0\"}");
    lacks(shown(as_json, "Firefox", "beta"), "watched");
    ck_assert(!show_cell(NULL, &view, STR("Firefox"), STR("other")));
    ck_assert(!show_cell(NULL, &view, STR("Gecko"), STR("release")));
}
END_TEST

START_TEST(loose_versions)
{
    add(9, START, "FirefoxVPN", "release", "2.9");
    add(1, START, "FirefoxVPN", "release", "2.10");
    expect(shown(as_json, "FirefoxVPN", "release"), "\"watched\": {\"queries\": 1, ");
}
END_TEST

/* Nothing is said on a thin base: too few, too long ago, or gone from the window. */
START_TEST(thin)
{
    add(9, START, "Firefox", "release", "119.0");
    lacks(shown(as_json, "Firefox", "release"), "watched");
    add(1, START, "Firefox", "release", "119.0");
    expect(shown(as_json, "Firefox", "release"), "watched");
    view.now_s = START + HOUR;
    lacks(shown(as_json, "Firefox", "release"), "watched");
    counts_move_window(counts, START + 23 * HOUR);
    expect(shown(as_json, "Firefox", "release"), "\"queries\": 10,");
    counts_move_window(counts, START + 24 * HOUR);
    expect(shown(as_json, "Firefox", "release"), "\"queries\": 0,");
    add(1, START, "Firefox", "release", "118.0"); /* a late line, older than the window */
    expect(shown(as_json, "Firefox", "release"), "\"queries\": 0,");
    add(1, START + 10 * HOUR, "Firefox", "release", "118.0");
    expect(shown(as_json, "Firefox", "release"), "\"queries\": 1,");
    counts_move_window(counts, START + 1000 * HOUR);
    expect(shown(as_json, "Firefox", "release"), "\"queries\": 0,");
}
END_TEST

START_TEST(bounds)
{
    char version[16];
    for (int i = 0; i < COUNTS_REMEMBERED_MAX + 500; i++) {
        snprintf(version, sizeof version, "%d.0", i);
        add(1, START, "Firefox", "release", version);
    }
    add(3, START, "Firefox", "release", "");
    add(4, START, "Forged", "release", "1.0");
    add(4, START, "Firefox", "forged", "1.0");
    counts_move_window(counts, START);
    ck_assert_uint_eq(counts_cell(counts, STR("Firefox"), STR("release"))->n, COUNTS_REMEMBERED_MAX);
    char expected[64];
    snprintf(expected, sizeof expected, "\"queries\": %d,", COUNTS_REMEMBERED_MAX + 503);
    expect(shown(as_json, "Firefox", "release"), expected);
    const char *metrics = shown(as_metrics, NULL, NULL);
    lacks(metrics, "orged");
    expect(metrics,
           "balrog_uptake_window_queries{product=\"other\",channel=\"release\",version=\"1.0\"} 4\n");
    expect(metrics,
           "balrog_uptake_window_queries{product=\"Firefox\",channel=\"other\",version=\"1.0\"} 4\n");
    int series = 0;
    for (const char *at = metrics; (at = strstr(at, "\nbalrog_uptake_queries_total{")) != NULL; at++) {
        series++;
    }
    ck_assert_int_eq(series, 3 + 2 + 2);
}
END_TEST

/* A counter of a version that comes and goes never falls while it is shown, nor does that of the others. */
START_TEST(counters)
{
    add(5, START, "Firefox", "release", "a\"\\b");
    counts_move_window(counts, START);
    add(2, START, "Firefox", "release", "a\"\\b");
    expect(shown(as_metrics, NULL, NULL), "version=\"a\\\"\\\\b\"} 2\n");
    expect(shown(as_metrics, NULL, NULL),
           "_total{product=\"Firefox\",channel=\"release\",version=\"other\"} 5\n");
    add(10, START, "Firefox", "release", "1");
    add(10, START, "Firefox", "release", "2");
    counts_move_window(counts, START);
    const char *metrics = shown(as_metrics, NULL, NULL);
    lacks(metrics, "version=\"a");
    expect(metrics, "_total{product=\"Firefox\",channel=\"release\",version=\"other\"} 25\n");
    add(1, START, "Firefox", "release", "1");
    expect(shown(as_metrics, NULL, NULL),
           "_total{product=\"Firefox\",channel=\"release\",version=\"1\"} 1\n");
}
END_TEST

/* ---- following ---- */

static char got[256];

static void note(void *arg, struct str line)
{
    (void)arg;
    snprintf(got + strlen(got), sizeof got - strlen(got), "%.*s|", STR_ARG(line));
}

static void append(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* Reads until it is time to wait; what came is EXPECTED. */
static void expect_lines(struct follow *f, int64_t now_ms, const char *expected)
{
    size_t n;
    got[0] = '\0';
    do {
        ck_assert_msg(follow_read(f, now_ms, note, NULL, &n, &error), "%s", error.what);
    } while (n > 0);
    ck_assert_str_eq(got, expected);
}

START_TEST(follows)
{
    char dir[] = "/tmp/check_uptake.XXXXXX", path[64], before[64];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/log", dir);
    snprintf(before, sizeof before, "%s/log.1", dir);
    size_t n;
    ck_assert(!follow_read(follow_new(ctx, path, true), 0, note, NULL, &n, &error));
    expect(error.what, "log: No such file");
    append(before, "a\nb\n");
    append(path, "c\nd");
    struct follow *f = follow_new(ctx, path, true);
    expect_lines(f, 0, "a|b|");
    expect_lines(f, 0, "c|");
    append(path, "e\n");
    expect_lines(f, 1, "de|");
    /* Replaced: what the old file still gets is read, and then the new one. */
    ck_assert_int_eq(rename(path, before), 0);
    expect_lines(f, 2, "");
    append(before, "f\n");
    append(path, "g\n");
    expect_lines(f, 3, "f|");
    append(before, "h\n");
    expect_lines(f, 4, "h|");
    expect_lines(f, 4 + FOLLOW_LATE_MS, "");
    expect_lines(f, 4 + FOLLOW_LATE_MS, "g|");
    /* Truncated in place. */
    ck_assert_int_eq(truncate(path, 0), 0);
    expect_lines(f, 20000, "");
    append(path, "i\n");
    expect_lines(f, 20001, "i|");
    unlink(path);
    unlink(before);
    rmdir(dir);
}
END_TEST

START_TEST(long_line)
{
    char path[] = "/tmp/check_uptake.XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    char *text = talloc_zero_size(ctx, 2 * FOLLOW_LINE_MAX + 1);
    memset(text, 'x', 2 * FOLLOW_LINE_MAX);
    append(path, "a\n");
    append(path, text);
    append(path, "\nb\n");
    expect_lines(follow_new(ctx, path, false), 0, "a|b|");
    unlink(path);
}
END_TEST

SUITE_MAIN_WITH("uptake", setup, teardown, lines, plain_lines_are_read_as_json, spread, loose_versions, thin,
                bounds, counters, follows, long_line)
