/* Versions and column matching, by tables. Expectations were worked out from the reference's rules, crashes
 * there being "never matches" here. */
#include "core/mem.h"
#include "core/python.h"
#include "query/match.h"
#include "query/rule_terms.h"

#include "suite.h"

START_TEST(versions_that_parse)
{
    static const struct {
        const char *text;
        struct version want;
    } cases[] = {
        { "118.0", { { 118, 0, 0 }, 0, 0 } },
        { "118.0.2", { { 118, 0, 2 }, 0, 0 } },
        { "70.0a1", { { 70, 0, 0 }, 'a', 1 } },
        { "3.6.3plugin1", { { 3, 6, 3 }, 'p', 1 } },
        { "3.6b3", { { 3, 6, 0 }, 'b', 3 } },
        { "2.0.0.20", { { 2, 0, 20 }, 0, 0 } },
        { "1.5.0.7rc2", { { 1, 5, 7 }, 'r', 2 } },
        { "30.0.0.0", { { 30, 0, 0 }, 0, 0 } },
        { "118.0\n", { { 118, 0, 0 }, 0, 0 } },
        { "00118.00", { { 118, 0, 0 }, 0, 0 } },
        { "99999999999.0", { { UINT32_MAX, 0, 0 }, 0, 0 } },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct version v;
        ck_assert_msg(version_parse(&v, str_of(cases[i].text)), "%s", cases[i].text);
        ck_assert_msg(version_cmp(&v, &cases[i].want) == 0, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(versions_that_do_not)
{
    static const char *const cases[] = { "",          "118",    "abc",          "30.0b3",    "118.",
                                         ".0",        "118.0.", "118.0.0.10.1", "2.0.00.20", "3.6b",
                                         "3.6.3.",    " 118.0", "118.0 ",       "118.0a",    "118.0a1x",
                                         "118.0\n\n", "118.-1", "-118.0",       "70.*",      "118,0",
                                         "118.0aa1",  "2.0.x.1" };
    struct version v;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert_msg(!version_parse(&v, str_of(cases[i])), "%s", cases[i]);
    }
    ck_assert(!version_parse(&v, STR("118.0\0")));
}
END_TEST

START_TEST(versions_compare)
{
    static const char *const ascending[] = { "1.5.0.7", "2.0",        "2.0.0.20", "3.6a1", "3.6b1",
                                             "3.6b2",   "3.6plugin1", "3.6",      "3.6.1", "70.0a1",
                                             "70.0a2",  "70.0",       "70.0.1",   "118.0" };
    size_t n = ARRAY_LEN(ascending);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            struct version a, b;
            ck_assert(version_parse(&a, str_of(ascending[i])) && version_parse(&b, str_of(ascending[j])));
            int c = version_cmp(&a, &b);
            ck_assert_msg((c > 0) - (c < 0) == (i > j) - (i < j), "%s %s", ascending[i], ascending[j]);
        }
    }
}
END_TEST

START_TEST(pins)
{
    struct pin_version pin;
    struct version v;
    char text[24];
    ck_assert(pin_version_parse(&pin, STR("102.")));
    ck_assert(version_parse(&v, STR("102.15.3")) && version_cmp_pin(&v, &pin) == 0);
    ck_assert(version_parse(&v, STR("103.0")) && version_cmp_pin(&v, &pin) > 0);
    ck_assert(pin_version_parse(&pin, STR("102.03.")));
    ck_assert(version_parse(&v, STR("102.2.9")) && version_cmp_pin(&v, &pin) < 0);
    ck_assert(str_eq((struct str){ text, pin_version_print(&pin, text) }, STR("102.3.")));
    static const char *const bad[] = {
        "", "102", "abc.", "1.2.3.", ".", "102..", "102.x.", "102.3", " 102."
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_msg(!pin_version_parse(&pin, str_of(bad[i])), "%s", bad[i]);
    }
}
END_TEST

START_TEST(loose_versions)
{
    static const struct {
        const char *a, *b;
        bool comparable;
        int cmp;
    } cases[] = {
        { "1.0.0b2", "1.0.0", true, 1 },    { "1.0.0b2", "1.0.0b10", true, -1 }, { "1.0", "1.0", true, 0 },
        { "1..0", "1.0", true, 0 },         { "1.0-2", "1.0-10", true, -1 },     { "2.0", "10.0", true, -1 },
        { "1.0", "1.a", false, 0 },         { "1.0.x", "1.0", true, 1 },         { "RC1", "rc1", true, -1 },
        { "1.0.0b2", "1.0.0.1", false, 0 }, { "1.010", "1.10", true, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int cmp = 99;
        bool comparable = version_cmp_loose(str_of(cases[i].a), str_of(cases[i].b), &cmp);
        ck_assert_msg(comparable == cases[i].comparable, "%s %s", cases[i].a, cases[i].b);
        ck_assert_msg(!comparable || (cmp > 0) - (cmp < 0) == cases[i].cmp, "%s %s: %d", cases[i].a,
                      cases[i].b, cmp);
    }
}
END_TEST

START_TEST(version_column)
{
    static const struct {
        const char *rule, *query;
        bool loose, want, bad;
    } cases[] = {
        { NULL, "nonsense", false, true, false },
        { "118.0", "118.0", false, true, false },
        { "118.0", "118.0.1", false, false, false },
        { "<118.0", "117.9", false, true, false },
        { "<=118.0", "118.0a1", false, true, false },
        { ">118.0", "118.0a1", false, false, false },
        { ">=3.6", "3.6.3plugin1", false, true, false },
        { "70.*", "70.0.1", false, true, false },
        { "70.*", "70.0a1", false, true, false },
        { "70.*", "71.0", false, false, false },
        { "80.0.*", "80.0", false, true, false },
        { "80.0.*", "80.0.3", false, true, false },
        { "80.0.*", "80.1", false, false, false },
        { "7.*", "70.0", false, false, false },
        { "1.0,2.0.0.20,118.0", "118.0", false, true, false },
        { "1.0,2.0", "118.0", false, false, false },
        { "118.0", "abc", false, false, true },
        { "<118", "abc", false, false, true },
        { "<118", "117.0", false, false, false }, /* the column cannot be parsed */
        { "3.*", "3.6", false, false, false },
        { "=118.0", "118.0", false, false, false },
        { "=118.0", "abc", false, false, false }, /* no operator: nothing is parsed */
        { "118.0,", "118.0", false, false, false },
        { "", "118.0", false, false, false },
        { ">=118.0-foo", "118.0", false, true, false },
        { "<1.0.0b2", "1.0.0", true, true, false },
        { "<1.0.0b2", "abc", true, false, false },
        { "2.0", "2.0", true, true, false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool bad;
        bool got = match_version(str_of(cases[i].rule), str_of(cases[i].query), cases[i].loose, &bad);
        ck_assert_msg(got == cases[i].want, "%s against %s", cases[i].rule, cases[i].query);
        ck_assert_msg(bad == cases[i].bad, "%s against %s", cases[i].rule, cases[i].query);
    }
}
END_TEST

START_TEST(channel_column)
{
    static const struct {
        const char *rule, *channel, *fallback;
        bool want;
    } cases[] = {
        { NULL, "x", "x", true },
        { "release", "release", "release", true },
        { "release", "release-cck-x", "release", true },
        { "release", "Release", "Release", false },
        { "release*", "release-cck-x", "release", true },
        { "release*", "releas", "releas", false },
        { "re*", "release", "release", true },
        { "r*", "release", "release", false }, /* too short for a glob */
        { "*", "release", "release", false },
        { "r*l*", "release", "release", false },
        { "r*l*", "r*lease", "r*lease", true },
        { "re.*", "release", "release", false },
        { "rel*", "release\n", "release\n", true },
        { "rel*", "release\nx", "release\nx", false },
        { "release", "release ", "release ", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool got = match_channel(str_of(cases[i].rule), str_of(cases[i].channel), str_of(cases[i].fallback));
        ck_assert_msg(got == cases[i].want, "%s against %s", cases[i].rule, cases[i].channel);
    }
}
END_TEST

START_TEST(other_columns)
{
    const struct str null = STR_NONE;
    ck_assert(match_build_id(null, STR("x")) && match_build_id(STR("20"), STR("20")) &&
              !match_build_id(STR("20"), STR("21")));
    ck_assert(match_build_id(STR(">20190101"), STR("2019010100")) &&
              !match_build_id(STR("<20190101"), STR("x")));
    ck_assert(!match_build_id(STR("2019*"), STR("20190101")) && match_build_id(STR("2019*"), STR("2019*")));
    ck_assert(!match_build_id(STR("=20"), STR("20")) && !match_build_id(STR(""), STR("")));

    ck_assert(match_memory(null, true, 1) && match_memory(STR(">=4096"), true, 4096) &&
              match_memory(STR("<4096"), false, 0));
    ck_assert(!match_memory(STR("<4096"), true, 4096) && match_memory(STR("2_048"), true, 2048));
    ck_assert(!match_memory(STR("lots"), true, 1) && !match_memory(STR("lots"), false, 0));

    ck_assert(match_list(null, null) && match_list(STR("de,fr"), STR("fr")) &&
              !match_list(STR("de, fr"), STR("fr")));
    ck_assert(!match_list(STR("de"), null) && !match_list(STR("de,"), STR("")) &&
              !match_list(STR("de"), STR("DE")));

    static const bool truth[3][3] = { { true, true, true }, { false, true, false }, { false, false, true } };
    for (int rule = TRI_UNKNOWN; rule <= TRI_TRUE; rule++) {
        for (int value = TRI_UNKNOWN; value <= TRI_TRUE; value++) {
            ck_assert(match_tristate((enum tristate)rule, (enum tristate)value) ==
                      truth[rule + 1][value + 1]);
        }
    }
}
END_TEST

START_TEST(python_integers)
{
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        { "0", true, 0 },        { " +12\n", true, 12 }, { "-5", true, -5 },
        { "1_000", true, 1000 }, { "_1", false, 0 },     { "1_", false, 0 },
        { "1__0", false, 0 },    { "", false, 0 },       { "-", false, 0 },
        { "0x1", false, 0 },     { "1.0", false, 0 },    { "9223372036854775808", true, INT64_MAX }
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t value;
        ck_assert_msg(python_int(str_of(cases[i].text), &value) == cases[i].ok, "%s", cases[i].text);
        ck_assert_msg(!cases[i].ok || value == cases[i].value, "%s", cases[i].text);
    }
}
END_TEST

START_TEST(terms_that_match_nothing)
{
    static const struct {
        const char *column, *text;
        bool loose, fine;
    } cases[] = {
        { "osVersion", "Darwin 6,Darwin 7", false, true },
        { "osVersion", "Windows_NT 6&&x64,Darwin", false, true },
        { "osVersion", "", false, true },
        { "osVersion", "Darwin 6,", false, false },
        { "osVersion", ",Darwin 6", false, false },
        { "osVersion", "Darwin 6, ,Darwin 7", false, false },
        { "osVersion", ",", false, false },
        { "osVersion", "Windows&&", false, false },
        { "osVersion", "&&", false, false },
        { "osVersion", "a&& &&b", false, false },
        { "locale", "de,fr", false, true },
        { "locale", "de,,fr", false, false },
        { "distribution", "a,", false, false },
        { "instructionSet", ",SSE2", false, false },
        { "memory", "<2048", false, true },
        { "memory", "2048", false, true },
        { "memory", "lots", false, false },
        { "memory", "<", false, false },
        { "memory", "=2048", false, false },
        { "buildID", "<=20240101", false, true },
        { "buildID", "~", false, false },
        { "buildID", "2024*", false, false },
        { "version", "<70.0", false, true },
        { "version", "70.*", false, true },
        { "version", "3.6,50.0", false, true },
        { "version", "1.0,", false, false },
        { "version", "x", false, false },
        { "version", "1.0.0b2.1", true, true },
        { "channel", ",", false, true },
        { "comment", "a,,b", false, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error e;
        bool fine = rule_terms_check(cases[i].column, str_of(cases[i].text), cases[i].loose, &e);
        ck_assert_msg(fine == cases[i].fine, "%s '%s'", cases[i].column, cases[i].text);
        ck_assert(fine || strstr(e.what, cases[i].column) != NULL);
    }
    ck_assert(rule_terms_check("osVersion", STR_NONE, false, NULL));
}
END_TEST

SUITE_MAIN("match", terms_that_match_nothing, versions_that_parse, versions_that_do_not, versions_compare,
           pins, loose_versions, version_column, channel_column, other_columns, python_integers)
