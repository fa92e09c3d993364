/* Update URLs: the forms, the cleaning rules, query parameters, and input that no client should send. */
#include "query/query.h"

#include "core/percent.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

static char text[QUERY_TEXT_MAX];
static struct query q;
static struct error e;

static enum query_status parse(const char *uri)
{
    return query_parse(&q, text, str_of(uri), STR_NONE, &e);
}

static void is(struct str got, const char *want)
{
    if (want == NULL) {
        ck_assert_msg(str_absent(got), "expected no value, got '%.*s'", STR_ARG(got));
    } else {
        ck_assert_msg(str_eq(got, str_of(want)), "expected '%s', got '%.*s'", want, STR_ARG(got));
    }
}

#define V6(CAPABILITIES)                                                                                     \
    "/update/6/Firefox/118.0/20230927/Linux_x86_64-gcc3/de/release/Linux%206/" CAPABILITIES "/d/dv/"         \
    "update.xml"

START_TEST(every_form_names_its_fields)
{
    static const struct {
        const char *uri;
        const char *os_version, *distribution, *dist_version;
    } forms[] = {
        { "/update/1/P/1.0/b/t/l/c/update.xml", "", NULL, NULL },
        { "/update/2/P/1.0/b/t/l/c/os/update.xml", "os", NULL, NULL },
        { "/update/3/P/1.0/b/t/l/c/os/d/dv/update.xml", "os", "d", "dv" },
        { "/update/4/P/1.0/b/t/l/c/os/d/dv/pv/update.xml", "os", "d", "dv" },
        { "/update/5/P/1.0/b/t/l/c/os/d/dv/imei/update.xml", "os", "d", "dv" },
        { "/update/6/P/1.0/b/t/l/c/os/caps/d/dv/update.xml", "os", "d", "dv" },
    };
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        ck_assert_int_eq(parse(forms[i].uri), QUERY_OK);
        ck_assert_int_eq(q.form, QUERY_XML);
        is(q.product, "P");
        is(q.version, "1.0");
        is(q.build_id, "b");
        is(q.build_target, "t");
        is(q.locale, "l");
        is(q.channel, "c");
        is(q.os_version, forms[i].os_version);
        is(q.distribution, forms[i].distribution);
        is(q.dist_version, forms[i].dist_version);
        is(q.header_architecture, "Intel");
    }
}
END_TEST

START_TEST(json_forms)
{
    ck_assert_int_eq(parse("/json/1/FirefoxVPN/2.0/t/c/update.json?force=-1"), QUERY_OK);
    ck_assert_int_eq(q.form, QUERY_JSON);
    is(q.locale, NULL);
    is(q.build_id, NULL);
    is(q.header_architecture, NULL);
    is(q.os_version, "");
    ck_assert_int_eq(q.force, FORCE_FALLBACK);
    ck_assert_int_eq(parse("/json/2/FirefoxVPN/caf%C3%A9/t/c/os/update.json"), QUERY_OK);
    is(q.version, "caf\xc3\xa9");
    is(q.os_version, "os");
    ck_assert_int_eq(parse("/json/1/P/2.0/t/c/update.json?mig64=1"), QUERY_BAD_PARAMETER);
}
END_TEST

START_TEST(what_is_no_route)
{
    static const char *const uris[] = {
        "",
        "/",
        "update",
        "/update",
        "/update/",
        "/update/7/P/1/b/t/l/c/update.xml",
        "/update/1/P/1/b/t/l/c/update.json",
        "/update/1/P/1/b/t/l/c/update.xml/",
        "/update/1/P/1/b/t/l//update.xml",
        "/update/1/P//1/b/t/l/c/update.xml",
        "/update/1/P/1/b/t/l/c/os/update.xml",
        "/update/6/P/1/b/t/l/c/a%2Fb/caps/d/dv/update.xml",
        "/update/6/P/1/b/t/l/c/os/caps/d/dv/extra/update.xml",
        "/update/6/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/update.xml",
        "/json/3/P/1/t/c/update.json",
        "/UPDATE/1/P/1/b/t/l/c/update.xml",
        "?",
        "/%2Fupdate",
    };
    for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
        ck_assert_msg(parse(uris[i]) == QUERY_NO_ROUTE, "%s", uris[i]);
    }
}
END_TEST

START_TEST(fields_become_ascii)
{
    ck_assert_int_eq(parse("/update/1/P/caf%C3%A9/b/%E2%82%AC%F0%9F%98%80/%ff%fe/c/update.xml"), QUERY_OK);
    is(q.version, "caf?");
    is(q.build_target, "??");
    is(q.locale, "??");
    /* A truncated sequence is one replacement character, a lone continuation byte one each, as in Python. */
    ck_assert_int_eq(parse("/update/1/P/%E2%82/b/%80%80/%E2x/%ED%A0%80/update.xml"), QUERY_OK);
    is(q.version, "?");
    is(q.build_target, "??");
    is(q.locale, "?x");
    is(q.channel, "???");
}
END_TEST

START_TEST(escapes)
{
    ck_assert_int_eq(parse("/update/1/P/a%00b/%zz/%4/%/a+b%2B/update.xml"), QUERY_OK);
    ck_assert(str_eq(q.version, STR("a\0b")));
    is(q.build_id, "%zz");
    is(q.build_target, "%4");
    is(q.locale, "%");
    is(q.channel, "a+b+");
}
END_TEST

START_TEST(paths_lose_their_dot_segments)
{
    static const struct {
        const char *raw, *want;
    } cases[] = {
        { "/a/../b", "/b" },
        { "/a/./b", "/a/b" },
        { "/a/b/../..", "/" },
        { "/../../a", "/a" },
        { "/a/..", "/" },
        { "/a/.", "/a/" },
        { "/a/%2e%2e/b", "/a/../b" },
        { "/a%2Fb/../c", "/a/c" },
        { "/a/...", "/a/..." },
        { "/a/.b/..c", "/a/.b/..c" },
        { "//a//", "//a//" },
        { "/a#b/../c", "/a" },
        { "", "" },
        { "/", "/" },
        { "a/b", "a/b" },
        { ".", "/" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char out[64];
        struct str got = { out, percent_decode_path(out, str_of(cases[i].raw)) };
        ck_assert_msg(str_eq(got, str_of(cases[i].want)), "%s gives %.*s", cases[i].raw, STR_ARG(got));
    }
    ck_assert_int_eq(parse("/update/1/P/1.0/b/t/x/../l/c/update.xml"), QUERY_OK);
    is(q.locale, "l");
    ck_assert_int_eq(parse("/update/1/P/1.0/b/t/../c/update.xml"), QUERY_NO_ROUTE);
    ck_assert_int_eq(parse("/update/1/P/1.0/b/t/%2E%2E/c/update.xml"), QUERY_OK);
    ck_assert_int_eq(parse("/update/1/P/1.0/b/t/l/c//../update.xml"), QUERY_OK);
    is(q.channel, "c");
    ck_assert_int_eq(parse("/update/1/P/1.0/b/t/l/c/1/2/3/4/5/6/7/../../../../../../../update.xml"),
                     QUERY_OK);
    ck_assert_int_eq(parse("./update/1/P/1.0/b/t/l/c/update.xml"), QUERY_OK);
    ck_assert_int_eq(parse("/update/1/P/1.0/b/t/l/c/update.xml#/.."), QUERY_OK);
    ck_assert_int_eq(parse("/update/1/P/1.0/b/t/l/c/#/update.xml"), QUERY_NO_ROUTE);
}
END_TEST

START_TEST(of_slashes_in_front_one_counts)
{
    static const char *const uris[] = { "//update/1/P/1/b/t/l/c/update.xml?force=1",
                                        "/////update/1/P/1/b/t/l/c/update.xml?force=1",
                                        "/%2Fupdate/1/P/1/b/t/l/c/update.xml?force=1" };
    for (size_t i = 0; i < ARRAY_LEN(uris); i++) {
        ck_assert_int_eq(parse(uris[i]), QUERY_OK);
        is(q.product, "P");
        is(q.channel, "c");
        ck_assert_int_eq(q.force, FORCE_MAIN);
    }
    ck_assert(query_is_form(STR("/update/1/P/1/b/t/l/c/update.xml")));
    ck_assert(!query_is_form(STR("/update/1/P//1/b/t/l/c/update.xml")));
    ck_assert(!query_is_form(STR("")));
}
END_TEST

START_TEST(slashes_are_merged)
{
    static const struct {
        const char *path, *want;
    } cases[] = {
        { "", "" },        { "/", "/" }, { "///", "/" }, { "/a/b", "/a/b" }, { "//a///b//", "/a/b/" },
        { "a//b", "a/b" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char merged[32];
        size_t n = strlen(cases[i].path);
        memcpy(merged, cases[i].path, n);
        n = percent_merge_slashes(merged, n);
        ck_assert_msg(str_eq((struct str){ merged, n }, str_of(cases[i].want)), "%s", cases[i].path);
    }
}
END_TEST

START_TEST(unambiguous_paths)
{
    static const struct {
        const char *raw;
        bool unambiguous;
    } cases[] = {
        { "", true },
        { "/", true },
        { "//", true },
        { "/rules/1", true },
        { "/a/...", true },
        { "/a/.b", true },
        { "/a/..b/c..", true },
        { "/a%20b/%c3%a9", true },
        { "/a/%252e%252e", true },
        { "/a/%2", true },
        { "/a/%", true },
        { "/a/%2e%2e%2e", true },
        { "/a\\..\\b", true },
        { "/a#/../b", true },
        { "/.", false },
        { "/a/..", false },
        { "/a/../b", false },
        { "/./b", false },
        { "..", false },
        { "/a/%2e", false },
        { "/a/%2E%2e/b", false },
        { "/a/.%2e", false },
        { "/a/%2e.", false },
        { "/a%2fb", false },
        { "/a%2Fb", false },
        { "/a%00", false },
        { "/a/%2f", false },
        { "/a/..#b", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert_msg(percent_is_unambiguous(str_of(cases[i].raw)) == cases[i].unambiguous, "%s",
                      cases[i].raw);
    }
}
END_TEST

START_TEST(avast_and_esrpre_are_cleaned)
{
    ck_assert_int_eq(parse("/update/1/P/1/b/t/x86%20de%20x86%20/c/update.xml"), QUERY_OK);
    is(q.locale, "de ");
    ck_assert_int_eq(parse("/update/3/P/10.0.2esrpre/b/t/l/c/os/d/dv/update.xml"), QUERY_OK);
    is(q.version, "10.0.2");
    ck_assert_int_eq(parse("/update/3/P/esrpre/b/t/l/c/os/d/dv/update.xml"), QUERY_OK);
    is(q.version, "esrpre");
    ck_assert_int_eq(parse("/update/4/P/10.0.2esrpre/b/t/l/c/os/d/dv/pv/update.xml"), QUERY_OK);
    is(q.version, "10.0.2esrpre");
}
END_TEST

START_TEST(force_and_mig64)
{
    static const struct {
        const char *args;
        enum force force;
        enum tristate mig64;
    } cases[] = {
        { "", FORCE_NONE, TRI_UNKNOWN },
        { "?", FORCE_NONE, TRI_UNKNOWN },
        { "?force=1", FORCE_MAIN, TRI_UNKNOWN },
        { "?force=-1&", FORCE_FALLBACK, TRI_UNKNOWN },
        { "?force=2&&force", FORCE_NONE, TRI_UNKNOWN },
        { "?force=-1&force=1", FORCE_MAIN, TRI_UNKNOWN },
        { "?force=1?avast=1", FORCE_MAIN, TRI_UNKNOWN },
        { "?force=1%3Favast=1", FORCE_MAIN, TRI_UNKNOWN },
        { "?force=1%253Favast=1", FORCE_MAIN, TRI_UNKNOWN },
        { "?force=1?avast", FORCE_MAIN, TRI_UNKNOWN },
        { "?force=avast", FORCE_NONE, TRI_UNKNOWN },
        { "?force=-1?mig64=1=avast", FORCE_FALLBACK, TRI_FALSE },
        { "?force=1?force=avast", FORCE_MAIN, TRI_UNKNOWN },
        { "?mig64=1", FORCE_NONE, TRI_TRUE },
        { "?mig64=0&avast=9", FORCE_NONE, TRI_FALSE },
        { "?mig64", FORCE_NONE, TRI_FALSE },
        { "?f%6frce=%31", FORCE_MAIN, TRI_UNKNOWN },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char uri[256];
        snprintf(uri, sizeof uri, "/update/1/P/1/b/t/l/c/update.xml%s", cases[i].args);
        ck_assert_msg(parse(uri) == QUERY_OK, "%s: %s", uri, e.what);
        ck_assert_msg(q.force == cases[i].force, "%s", uri);
        ck_assert_msg(q.mig64 == cases[i].mig64, "%s", uri);
    }
}
END_TEST

START_TEST(parameters_that_are_refused)
{
    static const char *const args[] = { "x=1",  "FORCE=1", "?",       "force=1&x",    "=1",
                                        "pin=", "pin",     "a=b&c=d", "force=1;mig64" };
    for (size_t i = 0; i < ARRAY_LEN(args); i++) {
        char uri[256];
        snprintf(uri, sizeof uri, "/update/1/P/1/b/t/l/c/update.xml?%s", args[i]);
        enum query_status want = strcmp(args[i], "force=1;mig64") == 0 ? QUERY_OK : QUERY_BAD_PARAMETER;
        ck_assert_msg(parse(uri) == want, "%s", uri);
    }
    ck_assert_int_eq(parse("/update/2/P/1/b/t/l/c/os/update.xml?pin=102."), QUERY_BAD_PARAMETER);
    ck_assert_int_eq(parse("/update/1/P/1/b/t/l/c/update.xml?pin=x&pin=102."), QUERY_OK);
    is(q.pin, "102.");
}
END_TEST

START_TEST(system_capabilities)
{
    static const struct {
        const char *uri;
        const char *instruction_set;
        bool has_memory;
        int64_t memory;
        enum tristate jaws;
    } cases[] = {
        { V6("ISET:SSE4_2,MEM:8192,JAWS:0"), "SSE4_2", true, 8192, TRI_FALSE },
        { V6("ISET:SSE3,MEM:4096,(x)"), "SSE3", true, 4096, TRI_UNKNOWN },
        { V6("ISET:,MEM:abc,JAWS:7"), "", false, 0, TRI_TRUE },
        { V6("ISET:A,MEM:1,MEM:x"), "A", false, 0, TRI_UNKNOWN },
        { V6("ISET:A:B,JAWS:x"), "A:B", false, 0, TRI_UNKNOWN },
        { V6("ISET:A,MEM:+1_000%20"), "A", true, 1000, TRI_UNKNOWN },
        { V6("ISET:A,MEM:99999999999999999999"), "A", true, INT64_MAX, TRI_UNKNOWN },
        { V6("SSE3"), "SSE3", false, 0, TRI_UNKNOWN },
        { V6("SSE3,2048"), "SSE3", true, 2048, TRI_UNKNOWN },
        { V6("SSE3,x"), "SSE3", false, 0, TRI_UNKNOWN },
        { V6("a,b,c"), NULL, false, 0, TRI_UNKNOWN },
        { V6("JAWS:1"), "JAWS:1", false, 0, TRI_UNKNOWN },
        { "/update/1/P/1/b/t/l/c/update.xml", "", false, 0, TRI_UNKNOWN },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert_msg(parse(cases[i].uri) == QUERY_OK, "%s", cases[i].uri);
        is(q.instruction_set, cases[i].instruction_set);
        ck_assert_msg(q.has_memory == cases[i].has_memory, "%s", cases[i].uri);
        if (q.has_memory) {
            ck_assert_int_eq(q.memory, cases[i].memory);
        }
        ck_assert_msg(q.jaws == cases[i].jaws, "%s", cases[i].uri);
    }
}
END_TEST

START_TEST(architecture_comes_from_the_user_agent)
{
    const struct str mac = STR("/update/1/P/1/b/Darwin_x/l/c/update.xml");
    const struct str windows = STR("/update/1/P/1/b/WINNT/l/c/update.xml");
    query_parse(&q, text, mac, STR("Mozilla/5.0 (PPC)"), &e);
    is(q.header_architecture, "PPC");
    query_parse(&q, text, mac, STR("ppc"), &e);
    is(q.header_architecture, "Intel");
    query_parse(&q, text, windows, STR("PPC"), &e);
    is(q.header_architecture, "Intel");
}
END_TEST

START_TEST(channels_fall_back)
{
    parse("/update/1/P/1/b/t/l/release-cck-x-cck-y/update.xml");
    is(q.channel, "release-cck-x-cck-y");
    is(q.fallback_channel, "release");
    parse("/update/1/P/1/b/t/l/release-cck/update.xml");
    is(q.fallback_channel, "release-cck");
}
END_TEST

static char *long_uri(size_t n)
{
    static const char head[] = "/update/1/P/1/b/t/l/";
    static const char tail[] = "/update.xml";
    char *uri = malloc(n + 1);
    memset(uri, 'c', n);
    memcpy(uri, head, sizeof head - 1);
    memcpy(uri + n - (sizeof tail - 1), tail, sizeof tail);
    return uri;
}

/* ---- one spelling ---- */

/* What URI, which is a query, is printed as. */
static const char *canonical(const char *uri)
{
    static char other[QUERY_TEXT_MAX], printed[4096];
    struct buf out;
    ck_assert_msg(parse(uri) == QUERY_OK, "%s", uri);
    buf_init(&out, 0, sizeof printed - 1);
    query_print_canonical(&out, &q, other, str_of(uri));
    ck_assert(!out.full);
    memcpy(printed, out.p, out.n);
    printed[out.n] = '\0';
    buf_free(&out);
    return printed;
}

START_TEST(one_spelling_for_a_query)
{
    static const char *const pairs[][2] = {
        { V6("ISET:SSE4_2,MEM:8192"), V6("ISET:SSE4_2,MEM:8192") },
        { "//update/3/P/1.0/%62/t/x/../l/c/o%20s/d+d/dv/update.xml?mig64=7&avast=1&force=1",
          "/update/3/P/1.0/b/t/l/c/o%20s/d+d/dv/update.xml?force=1&mig64=0" },
        { "/update/3/P/1.0/b/t/l/c/\xc3\xa4\"/%2e%2E/%/update.xml?pin=1+2.%26&force=0",
          "/update/3/P/1.0/b/t/l/c/%C3%A4%22/%2E%2E/%25/update.xml?pin=1%202.%26" },
        { "/json/1/P/1.0/t/c/update.json?force=-1", "/json/1/P/1.0/t/c/update.json?force=-1" },
        /* The IMEI, and nothing else of any form. */
        { "/update/5/P/1.0/b/t/l/c/os/d/dv/490154203237518/update.xml",
          "/update/5/P/1.0/b/t/l/c/os/d/dv/-/update.xml" },
        { "//update/%35/P/1.0/b/t/l/c/os/d/x/../dv/%34901542%30?/update.xml", NULL },
        { "//update/%35/P/1.0/b/t/l/c/os/d/x/../dv/%34901542%30/update.xml?force=1",
          "/update/5/P/1.0/b/t/l/c/os/d/dv/-/update.xml?force=1" },
        { "/update/4/P/1.0/b/t/l/c/os/d/dv/pv/update.xml", "/update/4/P/1.0/b/t/l/c/os/d/dv/pv/update.xml" },
    };
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        if (pairs[i][1] == NULL) {
            ck_assert_int_ne(parse(pairs[i][0]), QUERY_OK);
            continue;
        }
        ck_assert_str_eq(canonical(pairs[i][0]), pairs[i][1]);
        ck_assert_str_eq(canonical(pairs[i][1]), pairs[i][1]);
    }
}
END_TEST

/* Random texts in all places: what is printed is the same query, but for the IMEI. */
START_TEST(the_one_spelling_means_the_same)
{
    static const char *const bits[] = { "a",    "%20",    "%2F",   "%",      "%41",   "..",   ".",
                                        "#",    "%2e",    "+",     "&",      "=",     "\xff", "%e2%82%ac",
                                        "x86 ", "esrpre", "-cck-", "Darwin", "ISET:", "," };
    static char other[QUERY_TEXT_MAX];
    srand(1);
    int compared = 0;
    for (int i = 0; i < 20000; i++) {
        struct buf uri;
        int version = 1 + rand() % 6, parts = (int[]){ 6, 7, 9, 10, 10, 10 }[version - 1];
        buf_init(&uri, 0, QUERY_URL_MAX);
        buf_printf(&uri, "/update/%d", version);
        for (int part = 0; part < parts; part++) {
            buf_lit(&uri, "/v");
            for (int n = rand() % 3; n > 0; n--) {
                buf_str(&uri, str_of(bits[(size_t)rand() % (ARRAY_LEN(bits))]));
            }
        }
        buf_lit(&uri, "/update.xml");
        buf_printf(&uri, "%s%d", (const char *[]){ "?force=", "?mig64=", "?pin=1." }[rand() % 3],
                   rand() % 3 - 1);
        if (query_parse(&q, text, buf_view(&uri), STR_NONE, &e) == QUERY_OK) {
            struct query again;
            struct buf out;
            compared++;
            buf_init(&out, 0, 3 * QUERY_URL_MAX);
            query_print_canonical(&out, &q, other, buf_view(&uri));
            ck_assert_int_eq(query_parse(&again, other, buf_view(&out), STR_NONE, &e), QUERY_OK);
            const struct str had[] = { q.product,      q.version,         q.build_id,   q.build_target,
                                       q.locale,       q.channel,         q.os_version, q.distribution,
                                       q.dist_version, q.instruction_set, q.pin };
            const struct str has[] = { again.product,         again.version,      again.build_id,
                                       again.build_target,    again.locale,       again.channel,
                                       again.os_version,      again.distribution, again.dist_version,
                                       again.instruction_set, again.pin };
            for (size_t f = 0; f < ARRAY_LEN(had); f++) {
                ck_assert_msg(str_eq(had[f], has[f]), "field %zu of %.*s became %.*s", f,
                              STR_ARG(buf_view(&uri)), STR_ARG(buf_view(&out)));
            }
            ck_assert(q.force == again.force && q.mig64 == again.mig64 && q.memory == again.memory);
            buf_free(&out);
        }
        buf_free(&uri);
    }
    ck_assert_int_gt(compared, 2000);
}
END_TEST

START_TEST(long_urls)
{
    static const struct {
        size_t n;
        enum query_status want;
    } cases[] = { { 8192, QUERY_OK },
                  { QUERY_URL_MAX, QUERY_OK },
                  { QUERY_URL_MAX + 1, QUERY_NO_ROUTE },
                  { 1 << 20, QUERY_NO_ROUTE } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char *uri = long_uri(cases[i].n);
        ck_assert_int_eq(parse(uri), cases[i].want);
        free(uri);
    }
}
END_TEST

START_TEST(thousands_of_parameters)
{
    char uri[QUERY_URL_MAX + 1];
    size_t n = (size_t)snprintf(uri, sizeof uri, "/update/1/P/1/b/t/l/c/update.xml?");
    while (n + 8 < sizeof uri) {
        n += (size_t)snprintf(uri + n, sizeof uri - n, "force=1&");
    }
    ck_assert_int_eq(parse(uri), QUERY_OK);
    ck_assert_int_eq(q.force, FORCE_MAIN);
}
END_TEST

SUITE_MAIN("query", every_form_names_its_fields, json_forms, what_is_no_route, fields_become_ascii, escapes,
           paths_lose_their_dot_segments, unambiguous_paths, of_slashes_in_front_one_counts,
           slashes_are_merged, avast_and_esrpre_are_cleaned, force_and_mig64, parameters_that_are_refused,
           system_capabilities, architecture_comes_from_the_user_agent, channels_fall_back,
           one_spelling_for_a_query, the_one_spelling_means_the_same, long_urls, thousands_of_parameters)
