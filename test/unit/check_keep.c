/* What balrog-uptake keeps: numbers by time, the state across restarts, the place in the log. */
#include "core/clock.h"
#include "core/file.h"
#include "core/sealed_file.h"
#include "suite.h"
#include "uptake/keep.h"
#include "uptake/show.h"

#include <stdio.h>
#include <unistd.h>

enum { HOUR = 3600, START = 500000 * HOUR };

static void *ctx;
static struct error error;
static char dir[32], log_path[64], previous_path[64], state_path[64];
static const struct str product_names[] = { { "Firefox", 7 }, { "A B%", 4 } };
static const struct str channel_names[] = { { "release", 7 }, { "beta", 4 } };
static const struct config_list products = { product_names, 2 }, channels = { channel_names, 2 };
static struct config config;

static void setup(void)
{
    ctx = talloc_new(NULL);
    snprintf(dir, sizeof dir, "/tmp/check_keep.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(log_path, sizeof log_path, "%s/log", dir);
    snprintf(previous_path, sizeof previous_path, "%s/log.1", dir);
    snprintf(state_path, sizeof state_path, "%s/uptake.state", dir);
    config = (struct config){ 0 };
    config.uptake.products = products;
    config.uptake.channels = channels;
    config.uptake.state_dir = dir;
    config.uptake.sample_entries = 10000;
}

static void teardown(void)
{
    char command[64];
    talloc_free(ctx);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

static void append(const char *path, const char *text)
{
    FILE *file = fopen(path, "a");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static const char *content(const char *path)
{
    struct buf out;
    buf_init(&out, 0, 1 << 20);
    ck_assert_msg(file_read(path, &out, &error), "%s", error.what);
    const char *text = mem_strndup(ctx, out.p, out.n);
    buf_free(&out);
    return text;
}

/* ---- sealed files ---- */

static bool note_line(void *arg, struct str line, struct error *e)
{
    (void)e;
    strncat(arg, mem_printf(ctx, "%.*s|", STR_ARG(line)), 200);
    return true;
}

static void write_sealed(const char *line)
{
    struct sealed_file *f = sealed_file_create(ctx, state_path, &error);
    ck_assert_ptr_nonnull(f);
    sealed_file_write(f, STR("first"));
    sealed_file_write(f, str_of(line));
    ck_assert_msg(sealed_file_commit(f, &error), "%s", error.what);
    talloc_free(f);
}

START_TEST(sealed_files)
{
    char seen[1024] = "";
    ck_assert(!sealed_file_read(state_path, note_line, seen, &error));
    ck_assert_int_eq(error.kind, ERROR_NOT_FOUND);
    write_sealed("a");
    write_sealed("b");
    struct sealed_file *unfinished = sealed_file_create(ctx, state_path, &error);
    sealed_file_write(unfinished, STR("c"));
    talloc_free(unfinished);
    ck_assert(sealed_file_read(state_path, note_line, seen, &error));
    ck_assert_str_eq(seen, "first|b|");
    ck_assert_int_ne(access(mem_printf(ctx, "%s.new", state_path), F_OK), 0);
    ck_assert_ptr_null(sealed_file_create(ctx, mem_printf(ctx, "%s/no/file", dir), &error));
    ck_assert_int_eq(error.kind, ERROR_INTERNAL);
}
END_TEST

/* No byte may change, be missing or be added. */
START_TEST(damage_is_found)
{
    char seen[1024] = "";
    write_sealed("b");
    const char *good = content(state_path);
    size_t n = strlen(good);
    for (size_t i = 0; i < 2 * n + 3; i++) {
        char *bad = mem_strdup(ctx, good);
        if (i < n) {
            bad[i] ^= 1;
        } else if (i < 2 * n) {
            bad[i - n] = '\0';
        } else {
            bad = mem_printf(ctx, "%s%s", good, (const char *[]){ "x\n", "\n", "x" }[i - 2 * n]);
        }
        unlink(state_path);
        append(state_path, bad);
        ck_assert_msg(!sealed_file_read(state_path, note_line, seen, &error), "%zu: %s", i, bad);
        ck_assert_int_eq(error.kind, ERROR_BAD_REQUEST);
    }
    ck_assert_str_eq(seen, "");
}
END_TEST

/* ---- the series ---- */

static const char *shown(const struct series *s, int64_t now_s, unsigned step_s)
{
    struct buf out;
    struct counts *counts = counts_new(ctx, products, channels, 24, 2);
    struct uptake_view view = { counts, NULL, 0, 0, now_s };
    buf_init(&out, 0, 1 << 20);
    ck_assert(show_series(&out, &view, s, STR("Firefox"), STR("release"), step_s));
    const char *text = mem_strndup(ctx, out.p, out.n);
    buf_free(&out);
    return text;
}

static void expect(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "%s\nis not in\n%s", part, text);
}

START_TEST(steps)
{
    struct series *s = series_new(ctx, products, channels);
    series_count(s, START, STR("Firefox"), STR("release"), STR("1.0"));
    series_count(s, START + 299, STR("Firefox"), STR("release"), STR("2.0"));
    series_count(s, START + 300, STR("Firefox"), STR("release"), STR("1.0"));
    series_count(s, START + 900, STR("Firefox"), STR("release"), STR("1.0"));
    series_count(s, START + 900, STR("Firefox"), STR("release"), STR("3.0")); /* the third: not shown */
    series_count(s, START + 900, STR("Firefox"), STR("release"), STR_NONE);
    series_count(s, START + 900, STR("Firefox"), STR("beta"), STR("1.0"));
    series_count(s, START + 900, STR("x"), STR("release"), STR("1.0"));
    const char *text = shown(s, START + 900, 300);
    expect(text, "{\"product\": \"Firefox\", \"channel\": \"release\", \"hours\": 24, \"step_s\": 300, "
                 "\"series\": [{");
    expect(text, "[{\"at\": 1800000000000, \"queries\": 2, \"versions\": {\"1.0\": 1, \"2.0\": 1}}, "
                 "{\"at\": 1800000300000, \"queries\": 1, \"versions\": {\"1.0\": 1}}, "
                 "{\"at\": 1800000600000, \"queries\": 0, \"versions\": {}}, "
                 "{\"at\": 1800000900000, \"queries\": 3, \"versions\": {\"1.0\": 1}}], "
                 "\"window\": {\"hours\": 24, \"queries\": 0}, \"watched\": null}\n");
    expect(shown(s, START + 900, 600),
           "[{\"at\": 1800000000000, \"queries\": 3, \"versions\": {\"1.0\": 2, \"2.0\": 1}}, "
           "{\"at\": 1800000600000, \"queries\": 3,");
    ck_assert_ptr_null(series_find(s, STR("x"), STR("release")));
    /* The first step leaves the window. */
    series_move_window(s, START + 24 * HOUR);
    text = shown(s, START + 24 * HOUR, 300);
    expect(text, "\"series\": [{\"at\": 1800000300000, \"queries\": 1,");
    series_count(s, START, STR("Firefox"), STR("release"), STR("1.0"));
    ck_assert_str_eq(shown(s, START + 24 * HOUR, 300), text);
    series_move_window(s, START + 72 * HOUR);
    expect(shown(s, START + 72 * HOUR, 300), "\"series\": []");
    series_count(s, START + 72 * HOUR, STR("Firefox"), STR("release"), STR("1.0"));
    expect(shown(s, START + 72 * HOUR, 86400), "\"series\": [{\"at\": 1800230400000, \"queries\": 1,");
}
END_TEST

/* Forged versions take no more memory than there is room for, and a real one finds room again. */
START_TEST(versions_are_bounded)
{
    struct series *s = series_new(ctx, products, channels);
    const struct series_version *top[2];
    for (int i = 0; i < 10; i++) {
        series_count(s, START, STR("Firefox"), STR("release"), STR("1.0"));
    }
    for (int i = 0; i < 1000; i++) {
        series_count(s, START, STR("Firefox"), STR("release"), str_of(mem_printf(ctx, "%d", i)));
    }
    const struct series_cell *cell = series_find(s, STR("Firefox"), STR("release"));
    ck_assert_uint_eq(cell->n, SERIES_VERSIONS);
    series_move_window(s, START);
    ck_assert_uint_eq(cell->n, SERIES_VERSIONS / 2);
    for (int i = 0; i < 20; i++) {
        series_count(s, START, STR("Firefox"), STR("release"), STR("2.0"));
    }
    ck_assert_uint_eq(series_top(cell, top, 2), 2);
    ck_assert(str_eq(top[0]->version, STR("2.0")) && str_eq(top[1]->version, STR("1.0")));
    ck_assert_uint_eq(cell->step[START / SERIES_STEP_S % SERIES_STEPS], 1030);
    ck_assert_uint_eq(series_top(series_find(s, STR("Firefox"), STR("beta")), top, 2), 0);
}
END_TEST

/* ---- the state ---- */

static struct state new_state(void)
{
    return (struct state){ .recent = recent_new(ctx, products, channels, 10000, 1),
                           .series = series_new(ctx, products, channels) };
}

static const char *sampled(const struct recent *r)
{
    struct buf out;
    struct sample *s = sample_new(ctx);
    recent_sample(r, STR_NONE, STR_NONE, 1000, s);
    sample_fold(s);
    buf_init(&out, 0, 1 << 20);
    sample_print(&out, s);
    const char *text = mem_strndup(ctx, out.p, out.n);
    buf_free(&out);
    return text;
}

static struct str path_of(const char *product, int i)
{
    return str_of(mem_printf(ctx, "/update/3/%s/1.0/%d/t/l/release/os/d/dv/update.xml", product, i));
}

START_TEST(the_state_comes_back)
{
    struct state a = new_state(), b = new_state();
    for (int i = 0; i < 500; i++) {
        int64_t time_s = START + i * 173;
        recent_add(a.recent, time_s, STR("Firefox"), STR("release"), path_of("Firefox", i % 37));
        recent_add(a.recent, time_s, STR("A B%"), STR("release"), path_of("A%20B%25", i % 5));
        recent_add(a.recent, time_s, STR("x"), STR("release"), i % 7 ? path_of("x", i % 5) : STR_NONE);
        series_count(a.series, time_s, STR("Firefox"), STR("release"), i % 3 ? STR("1.0") : STR("* %"));
        series_count(a.series, time_s, STR("x"), STR("release"), STR(""));
    }
    a.mark = (struct follow_mark){ 1, 2, 3, 4, 0xabcdef };
    a.last_s = a.recent->last_s;
    ck_assert_msg(state_save(state_path, &a, &error), "%s", error.what);
    ck_assert_msg(state_load(state_path, &b, a.last_s, &error), "%s", error.what);
    ck_assert_str_eq(sampled(a.recent), sampled(b.recent));
    ck_assert_str_eq(shown(a.series, a.last_s, 300), shown(b.series, a.last_s, 300));
    ck_assert(memcmp(&a.mark, &b.mark, sizeof a.mark) == 0);
    ck_assert_int_eq(b.last_s, a.last_s);
    /* Ten hours later some of it is gone: as if the program had run all the time. */
    struct state later = new_state();
    recent_move_window(a.recent, a.last_s + 10 * HOUR);
    series_move_window(a.series, a.last_s + 10 * HOUR);
    ck_assert(state_load(state_path, &later, a.last_s + 10 * HOUR, &error));
    ck_assert_str_eq(sampled(a.recent), sampled(later.recent));
    ck_assert_str_eq(shown(a.series, 0, 300), shown(later.series, 0, 300));
    ck_assert(state_load(state_path, &later, a.last_s + 100 * HOUR, &error));
    ck_assert_uint_eq(later.recent->n, 0);
}
END_TEST

START_TEST(states_that_are_refused)
{
    static const char *const bad[] = { "balrog-uptake 2",
                                       "balrog-uptake 1\nquery /x 1:1",
                                       "balrog-uptake 1\nlog 1",
                                       "balrog-uptake 1\nseries a b",
                                       "balrog-uptake 1\ngroup a b 1:x",
                                       "balrog-uptake 1\nthinned",
                                       "balrog-uptake 1\nother" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct state state = new_state();
        struct str line, rest = str_of(bad[i]);
        struct sealed_file *f = sealed_file_create(ctx, state_path, &error);
        while (str_split(&rest, '\n', &line)) {
            sealed_file_write(f, line);
        }
        ck_assert(sealed_file_commit(f, &error));
        ck_assert_msg(!state_load(state_path, &state, START, &error), "%s", bad[i]);
        ck_assert_int_eq(error.kind, ERROR_BAD_REQUEST);
    }
}
END_TEST

/* ---- the place in the log ---- */

struct run {
    struct keep *keep;
    struct follow *follow;
    int64_t time_s;
};

static void count(void *arg, struct str line)
{
    struct run *run = arg;
    struct query q = { .product = STR("Firefox"), .fallback_channel = STR("release"), .version = STR("1.0") };
    keep_count(run->keep, run->follow, run->time_s, &q,
               str_of(mem_printf(ctx, "/update/1/Firefox/1.0/%.*s/t/l/release/update.xml", STR_ARG(line))));
}

/* Starts, reads all that the log has, as of queries at TIME_S, and ends. Returns the numbers of the queries
 * that are known then, "a2 b1". */
static const char *restart(int64_t time_s, bool save)
{
    static char known[256];
    struct run run = { .keep = keep_new(ctx, &config),
                       .follow = follow_new(ctx, log_path, true),
                       .time_s = time_s };
    size_t n, quiet = 0;
    keep_load(run.keep, run.follow);
    while (quiet < 3) {
        ck_assert_msg(follow_read(run.follow, 0, count, &run, &n, &error), "%s", error.what);
        quiet = n == 0 ? quiet + 1 : 0;
    }
    ck_assert(follow_is_at_end(run.follow));
    keep_caught_up(run.keep);
    if (save) {
        keep_save(run.keep, run.follow, true);
    }
    struct sample *s = sample_new(ctx);
    recent_sample(run.keep->recent, STR_NONE, STR_NONE, 1000, s);
    known[0] = '\0';
    for (char c = 'a'; c <= 'z'; c++) {
        for (size_t i = 0; i < s->n; i++) {
            if (s->query[i].path.p[strlen("/update/1/Firefox/1.0/")] == c) {
                snprintf(known + strlen(known), sizeof known - strlen(known), "%s%c%d", known[0] ? " " : "",
                         c, (int)s->query[i].count);
            }
        }
    }
    talloc_free(run.keep);
    talloc_free(run.follow);
    return known;
}

START_TEST(no_line_counts_twice)
{
    int64_t now = clock_wall_ms() / 1000;
    append(previous_path, "a\nb\n");
    append(log_path, "c\nd\ne");
    ck_assert_str_eq(restart(now, true), "a1 b1 c1 d1");
    ck_assert_str_eq(restart(now, true), "a1 b1 c1 d1");
    append(log_path, "\nf\n");
    ck_assert_str_eq(restart(now, false), "a1 b1 c1 d1 e1 f1"); /* as after a crash: nothing was saved */
    ck_assert_str_eq(restart(now, true), "a1 b1 c1 d1 e1 f1");
    /* Replaced once, with lines in the old file and in the new one. */
    append(log_path, "g\n");
    ck_assert_int_eq(rename(log_path, previous_path), 0);
    append(log_path, "h\n");
    ck_assert_str_eq(restart(now, true), "a1 b1 c1 d1 e1 f1 g1 h1");
    ck_assert_str_eq(restart(now, true), "a1 b1 c1 d1 e1 f1 g1 h1");
    /* Truncated in place: the time decides, to the second. */
    ck_assert_int_eq(truncate(log_path, 0), 0);
    append(log_path, "i\n");
    ck_assert_str_eq(restart(now, false), "a1 b1 c1 d1 e1 f1 g1 h1");
    ck_assert_int_eq(truncate(previous_path, 0), 0);
    ck_assert_str_eq(restart(now + 1, false), "a1 b1 c1 d1 e1 f1 g1 h1 i1");
    /* Another file under the same inode. */
    append(log_path, "j\nk\nl\n");
    ck_assert_str_eq(restart(now + 1, true), "a1 b1 c1 d1 e1 f1 g1 h1 i1 j1 k1 l1");
}
END_TEST

START_TEST(a_damaged_state_is_set_aside)
{
    int64_t now = clock_wall_ms() / 1000;
    append(log_path, "a\nb\n");
    ck_assert_str_eq(restart(now, true), "a1 b1");
    append(state_path, "x");
    append(log_path, "c\n");
    ck_assert_str_eq(restart(now, true), "a1 b1 c1");
    ck_assert_int_eq(access(mem_printf(ctx, "%s.damaged", state_path), F_OK), 0);
    ck_assert_str_eq(restart(now, true), "a1 b1 c1");
    /* Where it cannot be written or must not be kept, the rest works. */
    config.uptake.state_dir = "/proc/none";
    ck_assert_str_eq(restart(now, true), "a1 b1 c1");
    config.uptake.state_dir = "";
    ck_assert_str_eq(restart(now, true), "a1 b1 c1");
}
END_TEST

SUITE_MAIN_WITH("keep", setup, teardown, sealed_files, damage_is_found, steps, versions_are_bounded,
                the_state_comes_back, states_that_are_refused, no_line_counts_twice,
                a_damaged_state_is_set_aside)
