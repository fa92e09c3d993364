/* JSON: what is refused, keys given twice, and printing as Python prints. */
#include "core/json.h"

#include "core/json_pool.h"
#include "core/json_scan.h"
#include "suite.h"

#include <stdio.h>

static struct error e;

static cJSON *parse(const char *text)
{
    return json_parse(str_of(text), &e);
}

static void prints(const char *text, enum json_style style, const char *want)
{
    struct buf out;
    cJSON *value = parse(text);
    ck_assert_msg(value != NULL, "%s: %s", text, e.what);
    buf_init(&out, 16, 65536);
    json_print(&out, value, style);
    ck_assert_msg(str_eq(buf_view(&out), str_of(want)), "%.*s instead of %s", STR_ARG(buf_view(&out)), want);
    buf_free(&out);
    cJSON_Delete(value);
}

START_TEST(broken_json_is_refused)
{
    static const char *const cases[] = { "",
                                         " ",
                                         "{",
                                         "[1,]",
                                         "{\"a\":}",
                                         "{} x",
                                         "nul",
                                         "{\"a\" 1}",
                                         "\"\\u0000\"",
                                         "{\"a\\u0000b\":1}",
                                         "1e309",
                                         "-1e309",
                                         "{\"a\": [1, 1e400]}" };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert_msg(parse(cases[i]) == NULL, "%s", cases[i]);
    }
    ck_assert_ptr_null(json_parse(STR_NONE, &e));
    ck_assert_ptr_null(json_parse(STR("\"a\0b\""), &e));
}
END_TEST

/* An array of N numbers, each followed by FILLER bytes of white space. */
static bool parses_numbers(size_t n, size_t filler)
{
    struct buf text;
    buf_init(&text, 1 << 16, 1 << 28);
    buf_char(&text, '[');
    for (size_t i = 0; i < n; i++) {
        buf_str(&text, i > 0 ? STR(",7") : STR("7"));
        buf_reserve(&text, filler);
        memset(text.p + text.n, ' ', filler);
        text.n += filler;
    }
    buf_char(&text, ']');
    cJSON *value = json_parse(buf_view(&text), &e);
    bool parsed = value != NULL;
    cJSON_Delete(value);
    buf_free(&text);
    return parsed;
}

START_TEST(the_number_of_values_is_limited)
{
    ck_assert(parses_numbers(JSON_VALUES_MAX - 1, 0)); /* the array is one, too */
    ck_assert(!parses_numbers(JSON_VALUES_MAX, 0));
    ck_assert_str_eq(e.what, "JSON has more than 250000 values: send less at a time");
    ck_assert(parses_numbers(JSON_VALUES_MAX, JSON_VALUE_MIN));
    ck_assert(!parses_numbers(2 * JSON_VALUES_MAX, JSON_VALUE_MIN - 4));
}
END_TEST

START_TEST(depth_is_limited)
{
    enum { MANY = 1000000 };
    char *deep = malloc(MANY + 1);
    memset(deep, '[', MANY);
    ck_assert_ptr_null(json_parse((struct str){ deep, MANY }, &e));
    memset(deep, '[', JSON_DEPTH_MAX);
    memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
    cJSON *value = json_parse((struct str){ deep, 2 * JSON_DEPTH_MAX }, &e);
    ck_assert_ptr_nonnull(value);
    cJSON_Delete(value);
    free(deep);
    prints("\"[[[[\\\"[[[\"", JSON_DUMPS, "\"[[[[\\\"[[[\"");
}
END_TEST

START_TEST(the_last_of_twins_counts)
{
    prints("{\"a\": 1, \"b\": 2, \"a\": 3}", JSON_COMPACT, "{\"a\":3,\"b\":2}");
    prints("{\"a\": 1, \"a\": 2, \"a\": {\"b\": 1, \"b\": 2}}", JSON_COMPACT, "{\"a\":{\"b\":2}}");
    prints("{\"A\": 1, \"a\": 2}", JSON_COMPACT, "{\"A\":1,\"a\":2}");
    char text[4096] = "{";
    for (int i = 0; i < 100; i++) {
        char pair[32];
        snprintf(pair, sizeof pair, "%s\"k%d\": %d", i > 0 ? "," : "", i % 10, i);
        strcat(text, pair);
    }
    strcat(text, "}");
    prints(text, JSON_COMPACT,
           "{\"k0\":90,\"k1\":91,\"k2\":92,\"k3\":93,\"k4\":94,\"k5\":95,\"k6\":96,\"k7\":97,\"k8\":98,"
           "\"k9\":99}");
}
END_TEST

START_TEST(printing_as_python_does)
{
    prints("{\"b\": [1, {}], \"a\": null}", JSON_DUMPS, "{\"b\": [1, {}], \"a\": null}");
    prints("{\"b\": [1, []], \"a\": true}", JSON_DUMPS_SORTED, "{\"a\": true, \"b\": [1, []]}");
    prints("{\"b\": [1, 2], \"a\": {}}", JSON_PRETTY,
           "{\n    \"a\": {},\n    \"b\": [\n        1,\n        2\n    ]\n}");
    prints("{\"b\": 1, \"a\": false}", JSON_PROBLEM, "{\n  \"a\": false,\n  \"b\": 1\n}");
    prints("[0, -0.5, 1e3, 1.1, 12345678901234, 1e300]", JSON_COMPACT,
           "[0,-0.5,1000.0,1.1,12345678901234,1e+300]");
    prints("{\"1.0\": 1, \"a\": [1.0, true, \"2.0\", 1e0, -0.0], \"b\": 1, \"c\": 20E-1, \"c\": 3}",
           JSON_COMPACT, "{\"1.0\":1,\"a\":[1.0,true,\"2.0\",1.0,-0.0],\"b\":1,\"c\":3}");
    prints("[1, 9, 10, -7, 0.5, 1.5, 999999999999999, 1000000000000000, 9007199254740993]", JSON_COMPACT,
           "[1,9,10,-7,0.5,1.5,999999999999999,1000000000000000,9007199254740992]");
    prints("[1e16, -1.5e16, 12345678901234567.0, 1.7976931348623157e308]", JSON_COMPACT,
           "[1e+16,-1.5e+16,1.2345678901234568e+16,1.7976931348623157e+308]");
    prints("\"caf\\u00e9 \xe2\x82\xac \\ud83d\\ude00\"", JSON_DUMPS, "\"caf\\u00e9 \\u20ac \\ud83d\\ude00\"");
    prints("\"\\u0001\\n\\t\\r\\b\\f\\\\\\/\x7f\"", JSON_DUMPS, "\"\\u0001\\n\\t\\r\\b\\f\\\\/\x7f\"");
}
END_TEST

START_TEST(strings_that_are_not_utf8)
{
    struct buf out;
    buf_init(&out, 16, 1024);
    json_print_string(&out, STR("a\xff\xc0\x80\xed\xa0\x80\xe2\x82"));
    ck_assert(str_eq(buf_view(&out), STR("\"a\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\"")));
    buf_free(&out);
}
END_TEST

START_TEST(scalars_as_str)
{
    static const struct {
        const char *json, *want;
    } cases[] = { { "true", "True" }, { "false", "False" }, { "null", "None" }, { "12", "12" },
                  { "1.5", "1.5" },   { "\"x\"", "x" },     { "[1]", "[1]" } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;
        cJSON *value = parse(cases[i].json);
        buf_init(&out, 16, 1024);
        json_print_str(&out, value);
        ck_assert(str_eq(buf_view(&out), str_of(cases[i].want)));
        buf_free(&out);
        cJSON_Delete(value);
    }
}
END_TEST

START_TEST(buffers_stop_at_their_maximum)
{
    struct buf b;
    buf_init(&b, 4, 10);
    buf_lit(&b, "12345678");
    ck_assert(!b.full && b.n == 8);
    buf_lit(&b, "abc");
    ck_assert(b.full && b.n == 8);
    buf_reset(&b);
    buf_printf(&b, "%d", 123456789);
    ck_assert(!b.full && b.n == 9);
    buf_free(&b);
}
END_TEST

/* The examples of RFC 6901, and what is none. */
START_TEST(pointers)
{
    cJSON *value =
        parse("{\"foo\": [\"bar\", \"baz\"], \"\": 0, \"a/b\": 1, \"c%d\": 2, \"k\\\"l\": 6, \" \": 7, "
              "\"m~n\": 8, \"~1\": 9}");
    static const struct {
        const char *pointer;
        double want;
    } rows[] = { { "/", 0 },  { "/a~1b", 1 }, { "/c%d", 2 }, { "/k\"l", 6 },
                 { "/ ", 7 }, { "/m~0n", 8 }, { "/~01", 9 } };
    ck_assert_msg(value != NULL, "%s", e.what);
    ck_assert_ptr_eq(json_pointer(value, ""), value);
    ck_assert_str_eq(json_pointer(value, "/foo/0")->valuestring, "bar");
    ck_assert_str_eq(json_pointer(value, "/foo/1")->valuestring, "baz");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const cJSON *found = json_pointer(value, rows[i].pointer);
        ck_assert_msg(found != NULL && found->valuedouble == rows[i].want, "%s", rows[i].pointer);
    }
    static const char *const none[] = { "/foo/2",  "/foo/00", "/foo/01",  "/foo/-",         "/foo/",
                                        "/foo/1x", "/foo/-1", "/fo",      "/fooo",          "foo",
                                        "/a/b",    "/m~n/",   "/foo/0/x", "/foo/9999999999" };
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        ck_assert_msg(json_pointer(value, none[i]) == NULL, "%s", none[i]);
    }
    ck_assert_ptr_null(json_pointer(NULL, "/a"));
    ck_assert(json_is_pointer("") && json_is_pointer("/a~0~1/b"));
    ck_assert(!json_is_pointer("a") && !json_is_pointer("/a~") && !json_is_pointer("/~2"));
    cJSON_Delete(value);
}
END_TEST

/* Small values, a string longer than a block of the pool, more than one block; a tree of before stays. */
START_TEST(a_pool_is_used_again_and_again)
{
    enum { LONG = 3 << 20, MANY = 50000 };
    struct json_pool *pool = json_pool_new();
    struct buf longest, many, out;
    cJSON *before = parse("{\"a\": [1, 2]}");
    buf_init(&longest, LONG, 2 * LONG);
    buf_init(&many, 1024, 1 << 20);
    buf_init(&out, 1024, 1 << 20);
    buf_char(&longest, '"');
    for (size_t i = 0; i < LONG; i++) {
        buf_char(&longest, 'x');
    }
    buf_lit(&longest, "\"");
    buf_lit(&many, "[0");
    for (size_t i = 1; i < MANY; i++) {
        buf_printf(&many, ", %zu", i);
    }
    buf_lit(&many, "]");
    for (int round = 0; round < 3; round++) {
        json_pool_enter(pool);
        cJSON *text = json_parse(buf_view(&longest), &e);
        cJSON *array = json_parse(buf_view(&many), &e);
        ck_assert_uint_eq(strlen(text->valuestring), LONG);
        ck_assert_ptr_null(json_parse(STR("[1, 2, {"), &e));
        cJSON_Delete(text);
        buf_reset(&out);
        json_print(&out, array, JSON_DUMPS);
        ck_assert(str_eq(buf_view(&out), buf_view(&many)));
        json_pool_leave(pool);
    }
    json_pool_free(pool);
    prints("[{\"b\": null}]", JSON_DUMPS, "[{\"b\": null}]");
    ck_assert_int_eq(cJSON_GetArraySize(json_get(before, "a")), 2);
    cJSON_Delete(before);
    buf_free(&longest);
    buf_free(&many);
    buf_free(&out);
}
END_TEST

START_TEST(numbers_become_integers)
{
    static const struct {
        const char *text;
        bool fine;
        int64_t n;
    } cases[] = {
        { "0", true, 0 },
        { "-1", true, -1 },
        { "1.0", true, 1 },
        { "9007199254740993", true, 9007199254740992 },
        { "9223372036854774784", true, 9223372036854774784 },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775807", false, 0 }, /* as a double 2^63 */
        { "9223372036854775808", false, 0 },
        { "-9223372036854777856", false, 0 },
        { "1e19", false, 0 },
        { "-1e19", false, 0 },
        { "1e308", false, 0 },
        { "-1e308", false, 0 },
        { "0.5", false, 0 },
        { "\"1\"", false, 0 },
        { "null", false, 0 },
    };
    int64_t n = 7;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cJSON *json = json_parse(str_of(cases[i].text), &e);
        ck_assert_msg(json_int(json, INT64_MIN, INT64_MAX, &n) == cases[i].fine && n == cases[i].n, "%s",
                      cases[i].text);
        ck_assert(!json_int(json, 100, 200, &n) && n == 0);
        cJSON_Delete(json);
    }
    ck_assert(!json_int(NULL, INT64_MIN, INT64_MAX, &n) && n == 0);
}
END_TEST

/* As Python's json.dumps prints what json.loads has read. */
START_TEST(numbers_as_python_prints_them)
{
    static const char *const cases[][2] = {
        { "1", "1" },
        { "1.0", "1.0" },
        { "1e3", "1000.0" },
        { "1e16", "1e+16" },
        { "1e15", "1000000000000000.0" },
        { "0.1", "0.1" },
        { "1e-5", "1e-05" },
        { "-2.50", "-2.5" },
        { "1e300", "1e+300" },
        { "10000000000000000", "10000000000000000" },
        { "9223372036854775808", "9223372036854775808" },
        { "18446744073709551616", "18446744073709551616" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;
        cJSON *json = json_parse(str_of(cases[i][0]), &e);
        buf_init(&out, 64, 1000);
        json_print(&out, json, JSON_DUMPS);
        ck_assert_msg(str_eq(buf_view(&out), str_of(cases[i][1])), "%s: %.*s", cases[i][0], (int)out.n,
                      out.p);
        buf_reset(&out);
        json_print_str(&out, json);
        ck_assert_msg(str_eq(buf_view(&out), str_of(cases[i][1])), "%s: %.*s", cases[i][0], (int)out.n,
                      out.p);
        buf_free(&out);
        cJSON_Delete(json);
    }
}
END_TEST

START_TEST(members_are_found_without_parsing)
{
    static const struct str keys[] = { { "a", 1 }, { "v", 1 } };
    static const char *const cases[][3] = {
        { "{\"a\": 1, \"v\": \"x\"}", "1", "\"x\"" },
        { " {\"b\":{\"v\":[1,{\"a\":2}]},\"v\" : \" , }\" ,\"a\":\n[ 1 ]\n}", "[ 1 ]", "\" , }\"" },
        { "{\"x\\\"\": \"\\\\\", \"v\": \"\\\"a\\\\\", \"a\":{}}", "{}", "\"\\\"a\\\\\"" },
        { "{\"v\": 1, \"v\": 2}", NULL, "2" },
        { "{}", NULL, NULL },
        { "[{\"a\": 1}]", NULL, NULL },
        { "", NULL, NULL },
        { "{\"a\": 1, \"v", "1", NULL },
        { "{\"a\": 1, \"v\"", "1", NULL },
        { "{\"a\": 1, \"v\":", "1", "" },
        { "{\"a\": \"1", "\"1", NULL },
        { "{\"\\", NULL, NULL },
        { "{\"", NULL, NULL },
        { "{", NULL, NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str found[2];
        size_t n = strlen(cases[i][0]);
        char *text = mem_check(malloc(n > 0 ? n : 1)); /* no byte more, for the sanitizers */
        memcpy(text, cases[i][0], n);
        json_scan((struct str){ text, n }, keys, 2, found);
        for (size_t k = 0; k < 2; k++) {
            struct str want = str_of(cases[i][k + 1]);
            ck_assert_msg(str_eq(found[k], want), "%s: %.*s", cases[i][0], STR_ARG(found[k]));
        }
        free(text);
    }
}
END_TEST

SUITE_MAIN("json", members_are_found_without_parsing, numbers_become_integers, numbers_as_python_prints_them,
           broken_json_is_refused, depth_is_limited, the_number_of_values_is_limited,
           the_last_of_twins_counts, printing_as_python_does, strings_that_are_not_utf8, scalars_as_str,
           buffers_stop_at_their_maximum, pointers, a_pool_is_used_again_and_again)
