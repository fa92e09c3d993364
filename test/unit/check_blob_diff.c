/* Unified diffs. What is wanted is what Python's difflib gives for the same lines. */
#include "blob/diff.h"

#include "blob_json.h"
#include "core/mem.h"

static void diffs(const char *a, const char *b, const char *want)
{
    struct buf out;
    buf_init(&out, 64, 1 << 20);
    diff_unified(&out, str_of(a), str_of(b), "a", "b", DIFF_STEPS);
    ck_assert_msg(str_eq(buf_view(&out), str_of(want)), "%.*s\ninstead of\n%s", STR_ARG(buf_view(&out)),
                  want);
    buf_free(&out);
}

START_TEST(short_texts)
{
    diffs("", "", "");
    diffs("x\ny", "x\ny", "");
    diffs("", "x", "--- a\n+++ b\n@@ -0,0 +1 @@\n+x");
    diffs("x", "", "--- a\n+++ b\n@@ -1 +0,0 @@\n-x");
    diffs("x", "y", "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y");
    diffs("1\n2\n3\n4\n5", "1\n2\n3\n4\n5\n6", "--- a\n+++ b\n@@ -3,3 +3,4 @@\n 3\n 4\n 5\n+6");
    diffs("1\n2\n3\n4\n5", "2\n3\n4\n5", "--- a\n+++ b\n@@ -1,4 +1,3 @@\n-1\n 2\n 3\n 4");
    diffs("ab\ncd", "ab\nxx\nab\ncd", "--- a\n+++ b\n@@ -1,2 +1,4 @@\n+ab\n+xx\n ab\n cd");
}
END_TEST

START_TEST(changes_far_apart_are_groups_of_their_own)
{
    diffs("1\n2\n3\n4\n5\n6\n7\n8", "x\n2\n3\n4\n5\n6\n7\ny",
          "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y");
    diffs("1\n2\n3\n4\n5\n6\n7\n8\n9", "x\n2\n3\n4\n5\n6\n7\n8\ny",
          "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y");
}
END_TEST

/* A run of numbers that Python can make, too. */
static uint32_t next(uint32_t *state)
{
    *state = (*state * 1103515245u + 12345u) & 0x7fffffff;
    return *state >> 8;
}

enum { LINES_MAX = 3000, LINE = 16 };

struct lines {
    char text[2 * LINES_MAX][LINE];
    size_t n;
};

static void make(uint32_t *state, struct lines *lines, size_t n, uint32_t kinds)
{
    for (lines->n = 0; lines->n < n; lines->n++) {
        bool any = next(state) % 4 != 0;
        snprintf(lines->text[lines->n], LINE, "line %u", next(state) % (any ? kinds : 3));
    }
}

/* Takes away CHANGES of a thousand lines, and adds as many. */
static void edit(uint32_t *state, const struct lines *from, struct lines *to, uint32_t changes,
                 uint32_t kinds)
{
    to->n = 0;
    for (size_t i = 0; i < from->n; i++) {
        uint32_t r = next(state) % 1000;
        if (r < changes) {
            continue;
        }
        if (r < 2 * changes) {
            snprintf(to->text[to->n++], LINE, "new %u", next(state) % kinds);
        }
        memcpy(to->text[to->n++], from->text[i], LINE);
    }
}

static void join(struct buf *out, const struct lines *lines)
{
    for (size_t i = 0; i < lines->n; i++) {
        buf_str(out, i > 0 ? STR("\n") : STR(""));
        buf_str(out, str_of(lines->text[i]));
    }
}

/* FNV-1a, of which other programs have the same. */
static uint32_t fnv1a(struct str s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char)s.p[i]) * 16777619u;
    }
    return h;
}

/* From 200 lines on, popular lines start no block. */
START_TEST(long_texts)
{
    static const struct {
        uint32_t seed, n, kinds, changes;
        size_t length;
        uint32_t hash; /* of the diff */
    } cases[] = {
        { 1, 20, 5, 100, 158, 0x945da0c2u },     { 2, 50, 10, 50, 253, 0x22bb9cadu },
        { 3, 199, 30, 30, 645, 0xccaf949au },    { 4, 200, 30, 30, 1369, 0xb233415eu },
        { 5, 400, 90, 20, 1108, 0x51ebdaefu },   { 6, 400, 90, 300, 5075, 0x246b9d4du },
        { 7, 1500, 700, 10, 2971, 0xc5c635c3u }, { 8, 1500, 120, 60, 9696, 0x6b4295bbu },
        { 9, 3000, 50, 5, 12158, 0x79a91d0eu },  { 10, 3000, 2000, 400, 43841, 0xd1ff9143u },
    };
    static struct lines a, b;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf text[2], out;
        uint32_t state = cases[i].seed;
        make(&state, &a, cases[i].n, cases[i].kinds);
        edit(&state, &a, &b, cases[i].changes, cases[i].kinds);
        for (size_t k = 0; k < 2; k++) {
            buf_init(&text[k], 64, 1 << 20);
            join(&text[k], k == 0 ? &a : &b);
        }
        buf_init(&out, 64, 1 << 20);
        diff_unified(&out, buf_view(&text[0]), buf_view(&text[1]), "a", "b", DIFF_STEPS);
        ck_assert_msg(out.n == cases[i].length && fnv1a(buf_view(&out)) == cases[i].hash,
                      "seed %u: %zu bytes:\n%.*s", cases[i].seed, out.n, STR_ARG(buf_view(&out)));
        buf_free(&text[0]);
        buf_free(&text[1]);
        buf_free(&out);
    }
}
END_TEST

/* The diff is whole all the same. */
START_TEST(the_search_gives_up)
{
    struct buf out;
    buf_init(&out, 64, 4096);
    diff_unified(&out, STR("1\n2\n3\n4\n5"), STR("1\n2\nx\n4\n5"), "a", "b", 2);
    ck_assert(str_eq(buf_view(&out), STR("--- a\n+++ b\n@@ -1,5 +1,5 @@\n 1\n 2\n-3\n-4\n-5\n+x\n+4\n+5")));
    buf_free(&out);
}
END_TEST

START_TEST(json)
{
    struct error e;
    struct buf out;
    cJSON *a = parse_quoted("{'name': 'R', 'a': {'b': [1, {}], 'c': '\\n'}}");
    cJSON *b = parse_quoted("{'a': {'c': '\\n', 'b': [1, {}, []]}, 'name': 'R'}");
    buf_init(&out, 64, 4096);
    ck_assert(diff_json(&out, a, b, "Current", "Next", &e));
    ck_assert(str_eq(buf_view(&out),
                     STR("--- Current\n+++ Next\n@@ -2,7 +2,8 @@\n   \"a\": {\n     \"b\": [\n       1,\n"
                         "-      {}\n+      {},\n+      []\n     ],\n     \"c\": \"\\n\"\n   },")));
    buf_free(&out);
    buf_init(&out, 16, 16);
    ck_assert(!diff_json(&out, a, b, "Current", "Next", &e));
    ck_assert_int_eq(e.kind, ERROR_INTERNAL);
    buf_free(&out);
    cJSON_Delete(a);
    cJSON_Delete(b);
}
END_TEST

SUITE_MAIN("blob_diff", short_texts, changes_far_apart_are_groups_of_their_own, long_texts,
           the_search_gives_up, json)
