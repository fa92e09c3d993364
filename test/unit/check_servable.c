/* What can never be served: refused in what a write changes or says, left alone in what was there. */
#include "blob/servable.h"
#include "core/mem.h"
#include "release/lost_parts.h"
#include "release/unserved.h"

#include "blob_json.h"

/* What is wrong with the change of OLD to BLOB by PART (both NULL: none); "" when nothing is. */
static const char *judge(const char *blob, const char *old, const char *part)
{
    static struct error e;
    cJSON *is = parse_quoted(blob), *was = old != NULL ? parse_quoted(old) : NULL;
    cJSON *said = part != NULL ? parse_quoted(part) : NULL;
    struct blob_change c = { .blob = is, .old = was, .part = said };
    bool ok = blob_check_servable(&c, &e);
    cJSON_Delete(is);
    cJSON_Delete(was);
    cJSON_Delete(said);
    return ok ? "" : e.what;
}

START_TEST(what_is_said)
{
    static const struct {
        const char *blob, *what; /* what the error begins with; NULL: it is fine */
    } cases[] = {
        { "{'schema_version': 9, 'appVersion': '150.0'}", NULL },
        { "{'schema_version': 9, 'appVersion': '150.0a1', 'displayVersion': '150 beta'}", NULL },
        { "{'schema_version': 9}", NULL },
        { "{'schema_version': 9, 'appVersion': '150.0esr'}", "'150.0esr' at appVersion can never be served" },
        { "{'schema_version': 9, 'appVersion': ''}", "'' at appVersion can never be served" },
        { "{'schema_version': 1, 'extv': '3.6.3plugin1'}", NULL },
        { "{'schema_version': 1, 'extv': '5.0b3'}", "'5.0b3' at extv can never" },
        { "{'schema_version': 4, 'platforms': {'p': {'locales': {'de': {'appVersion': '150'}}}}}",
          "'150' at platforms.p.locales.de.appVersion can never" },
        { "{'schema_version': 9, 'updateLine': [{'for': {}, 'fields': {}}]}", NULL },
        { "{'schema_version': 9, 'updateLine': [{'for': {}, 'fields': {}}, {'for': {}}]}",
          "{'for': {}} at updateLine[1] can never be served: a group needs both" },
        { "{'schema_version': 9, 'updateLine': [{'fields': {'type': 'minor'}}]}",
          "{'fields': {'type': 'minor'}} at updateLine[0]" },
        { "{'schema_version': 4, 'platforms': {'p': {'alias': 'q'}, 'q': {'locales': {}}}}", NULL },
        { "{'schema_version': 4, 'platforms': {'p': {'alias': 'q'}, 'q': {'alias': 'r'}, 'r': {}}}",
          "'q' at platforms.p.alias can never be served: the alias leads to another alias" },
        { "{'schema_version': 4, 'platforms': {'p': {'alias': 'q'}}}",
          "'q' at platforms.p.alias can never be served: the alias leads to a platform that is not there" },
        { "{'schema_version': 1000, 'vendors': {'v': {'platforms': {'p': {'alias': 'q'}}}}}",
          "'q' at vendors.v.platforms.p.alias" },
        { "{'schema_version': 5000, 'addons': {'a': {'platforms': {'p': {'alias': 'q'}, 'q': {'alias': "
          "'q'}}}}}",
          "'q' at addons.a.platforms.p.alias" },
        { "{'schema_version': 9, 'fileUrls': {}}", NULL },
        { "{'schema_version': 9, 'fileUrls': {'*': {'completes': {'*': 'u'}}}}", NULL },
        { "{'schema_version': 9, 'fileUrls': {'*': {}, 'beta': {'completes': {'*': 'u'}}}}", NULL },
        { "{'schema_version': 9, 'fileUrls': {'*': {'completes': {}}}}",
          "{'*': {'completes': {}}} at fileUrls can never be served: there is no URL for any channel" },
        { "{'schema_version': 9, 'fileUrls': {'beta': {'completes': {'*': 'u'}}}}",
          "{'beta': {'completes': {'*': 'u'}}} at fileUrls" },
        { "{'schema_version': 3, 'fileUrls': {'beta': 'u'}}", NULL },
        { "{'schema_version': 4000, 'products': ['a']}", NULL },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *what = judge(cases[i].blob, NULL, NULL);
        const char *want = cases[i].what != NULL ? cases[i].what : "";
        ck_assert_msg(strncmp(what, want, strlen(want)) == 0 && (*want != '\0') == (*what != '\0'), "%s: %s",
                      cases[i].blob, what);
        ck_assert_str_eq(judge(cases[i].blob, cases[i].blob, NULL), "");
        ck_assert_str_eq(judge(cases[i].blob, cases[i].blob, "{}"), "");
    }
}
END_TEST

START_TEST(what_a_write_touches)
{
    static const struct {
        const char *blob, *old, *part;
        bool fine;
    } cases[] = {
        /* the platform at the other end becomes an alias */
        { "{'schema_version': 4, 'platforms': {'p': {'alias': 'q'}, 'q': {'alias': 'r'}, 'r': {}}}",
          "{'schema_version': 4, 'platforms': {'p': {'alias': 'q'}, 'q': {}, 'r': {}}}", NULL, false },
        { "{'schema_version': 4, 'platforms': {'p': {'alias': 'q'}, 'q': {'alias': 'r'}, 'r': {}}}",
          "{'schema_version': 4, 'platforms': {'p': {'alias': 'q'}, 'q': {}, 'r': {}}}",
          "{'platforms': {'q': {'alias': 'r'}}}", false },
        /* of a v2 release that has more locales than are at hand, a platform may be among those */
        { "{'schema_version': 4, 'platforms': {'p': {'alias': 'q'}}}", "{'schema_version': 4}",
          "{'platforms': {'p': {'alias': 'q'}}}", true },
        /* a locale comes to a release that was odd before, or changes in it */
        { "{'schema_version': 4, 'appVersion': '5.0b1', 'platforms': {'p': {'locales': {'de': {}, 'fr': "
          "{}}}}}",
          "{'schema_version': 4, 'appVersion': '5.0b1', 'platforms': {'p': {'locales': {'de': {}}}}}", NULL,
          true },
        { "{'schema_version': 4, 'platforms': {'p': {'locales': {'de': {'appVersion': '5.0b1'}}}}}",
          "{'schema_version': 4}", "{'platforms': {'p': {'locales': {'de': {'buildID': '1'}}}}}", true },
        { "{'schema_version': 4, 'platforms': {'p': {'locales': {'de': {'appVersion': '5.0b1'}}}}}",
          "{'schema_version': 4}", "{'platforms': {'p': {'locales': {'de': {'appVersion': '5.0b1'}}}}}",
          false },
        /* another group than the odd one changes */
        { "{'schema_version': 9, 'updateLine': [{'for': {}}, {'for': {}, 'fields': {}}]}",
          "{'schema_version': 9, 'updateLine': [{'for': {}}]}", NULL, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *what = judge(cases[i].blob, cases[i].old, cases[i].part);
        ck_assert_msg((*what == '\0') == cases[i].fine, "%zu: %s", i, what);
    }
}
END_TEST

/* What of the release TEXT would not be served, as JSON. */
static void lists(const char *text, const char *want, size_t count)
{
    struct error e;
    struct buf json;
    struct unserved u = { .problems = cJSON_CreateArray() };
    struct allowlist *allowlist = allowlist_new(NULL);
    cJSON *blob = parse_quoted(text);
    ck_assert(allowlist_add(allowlist, STR("good.com Firefox"), &e));
    buf_init(&json, 1024, 1 << 24);
    json_print(&json, blob, JSON_DUMPS);
    struct release_row row = { .name = STR("R"), .product = STR("Firefox"), .json = buf_view(&json) };
    release_list_unserved(&row, allowlist, &u);
    if (want != NULL) {
        is_json(u.problems, want, text);
    }
    ck_assert_uint_eq(u.count, count);
    ck_assert_int_le(cJSON_GetArraySize(u.problems), UNSERVED_SHOWN_MAX);
    cJSON_Delete(u.problems);
    cJSON_Delete(blob);
    buf_free(&json);
    talloc_free(allowlist);
}

#define HEAD "{'name': 'R', 'schema_version': 9, 'hashFunction': 'sha512', "
#define DE(MORE)                                                                                             \
    "'de': {'buildID': '2', 'completes': [{'from': '*', 'filesize': 1, 'hashValue': 'ab'" MORE "}]}"
#define P(LOCALES) "'p': {'OS_FTP': 'a', 'OS_BOUNCER': 'b', 'locales': {" LOCALES "}}"
#define VERSION "'appVersion': '50.0', 'displayVersion': '50.0', "
#define URLS "'fileUrls': {'*': {'completes': {'*': 'https://good.com/x'}}}, "

START_TEST(what_would_not_be_served)
{
    lists(HEAD VERSION URLS "'platforms': {" P(DE("")) ", 'q': {'alias': 'p'}}}", "[]", 0);
    lists(HEAD VERSION "'platforms': {" P(DE(", 'fileUrl': 'https://good.com/x'")) "}}", "[]", 0);
    lists(HEAD VERSION URLS "'platforms': {" P(DE(", 'fileUrl': 'https://bad.com/x'")) "}}",
          "[{'platform': 'p', 'locale': 'de', 'channel': '*', 'what': 'there is no complete update, or none "
          "on a "
          "permitted host'}]",
          1);
    lists(HEAD VERSION "'fileUrls': {'beta': {'completes': {}}}, 'platforms': {" P(DE("")) "}}",
          "[{'platform': 'p', 'locale': 'de', 'channel': 'beta', 'what': 'release R, complete patch: "
          "fileUrls has no "
          "URL for channel beta'}]",
          1);
    lists(HEAD "'appVersion': '50.0b1', " URLS "'platforms': {" P(DE("")) "}}",
          "[{'platform': 'p', 'locale': 'de', 'what': 'Version number 50.0b1 is invalid.'}]", 1);
    lists(HEAD VERSION URLS "'platforms': {'a': {'alias': 'b'}, 'b': {'alias': 'c'}, 'c': {}}}",
          "[{'platform': 'a', 'what': 'its alias leads to another alias'}, {'platform': 'c', 'what': 'it has "
          "no "
          "locales'}]",
          2);
    lists(HEAD VERSION "'updateLine': [{'for': {}}], " URLS "'platforms': {'a': {'alias': 'x'}}}",
          "[{'platform': 'a', 'what': 'its alias leads to a platform that is not there'}]", 1);
    lists(HEAD VERSION URLS "'platforms': {}}", "[{'what': 'the release has no platforms'}]", 1);
    lists("{'name': 'R'}", "[{'what': 'schema_version is not set'}]", 1);
    lists("{'name': 'R', 'schema_version': 4000, 'products': []}", "[]", 0);
}
END_TEST

START_TEST(many_problems_are_counted)
{
    struct buf text;
    buf_init(&text, 1024, 1 << 24);
    buf_lit(&text, HEAD VERSION "'platforms': {'p': {'locales': {");
    for (int i = 0; i < 1500; i++) {
        buf_printf(&text, "'l%d': {}, ", i);
    }
    buf_lit(&text, "'de': {}}}}}");
    buf_char(&text, '\0');
    lists(text.p, NULL, 1501);
    buf_free(&text);
}
END_TEST

/* ---- what clients lose by another release ---- */

static struct release *compiled(void *ctx, const char *text)
{
    struct error e = { 0 };
    struct buf json;
    cJSON *blob = parse_quoted(text);
    buf_init(&json, 1024, 1 << 24);
    json_print(&json, blob, JSON_DUMPS);
    struct release_row row = { .name = STR("R"), .product = STR("Firefox"), .json = buf_view(&json) };
    struct release *release = release_compile(ctx, &row, RELEASE_SERVED, &e);
    ck_assert_msg(release != NULL, "%s", e.what);
    cJSON_Delete(blob);
    buf_free(&json);
    return release;
}

/* "p/de p/fr q": what NOW lacks; and behind it ">p/de 50.0 49.0 2 1" if it is older. */
static void loses(const char *old, const char *now, const char *want)
{
    void *ctx = mem_check(talloc_new(NULL));
    char *got = mem_strdup(ctx, "");
    const struct lost_parts *lost = release_lost_parts(ctx, compiled(ctx, old), compiled(ctx, now));
    for (size_t i = 0; i < lost->n; i++) {
        bool whole = str_absent(lost->part[i].locale);
        got = talloc_asprintf_append(got, "%s%.*s%s%.*s", i > 0 ? " " : "", STR_ARG(lost->part[i].platform),
                                     whole ? "" : "/", whole ? 0 : (int)lost->part[i].locale.n,
                                     whole ? "" : lost->part[i].locale.p);
    }
    if (!str_absent(lost->older_platform)) {
        got = talloc_asprintf_append(got, ">%.*s/%.*s %.*s %.*s %.*s %.*s", STR_ARG(lost->older_platform),
                                     STR_ARG(lost->older_locale), STR_ARG(lost->old_version),
                                     STR_ARG(lost->new_version), STR_ARG(lost->old_build_id),
                                     STR_ARG(lost->new_build_id));
    }
    ck_assert_str_eq(got, want);
    talloc_free(ctx);
}

#define APP(VERSION, PLATFORMS)                                                                              \
    "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'appVersion': '" VERSION                   \
    "', 'displayVersion': 'x', 'platforms': {" PLATFORMS "}}"
#define IN(PLATFORM, LOCALES) "'" PLATFORM "': {'locales': {" LOCALES "}}"
#define OF(LOCALE, BUILD) "'" LOCALE "': {'buildID': '" BUILD "'}"

START_TEST(what_clients_lose)
{
    loses(APP("50.0", IN("p", OF("de", "2"))), APP("50.0", IN("p", OF("de", "2"))), "");
    loses(APP("50.0", IN("p", OF("de", "2"))), APP("50.0b1", IN("p", OF("de", "1"))), ""); /* no version */
    loses(APP("50.0", IN("p", OF("de", "2") ", " OF("fr", "2"))), APP("51.0", IN("p", OF("ja", "3"))),
          "p/de p/fr");
    loses(APP("50.0", IN("q", OF("de", "2")) ", " IN("p", OF("de", "2"))), APP("51.0", ""), "p q");
    /* An alias has the locales of its platform, which are not listed again. */
    loses(APP("50.0", IN("p", OF("de", "2")) ", 'a': {'alias': 'p'}"), APP("51.0", IN("p", "")), "a p/de");
    loses(APP("50.0", IN("p", OF("de", "2")) ", 'a': {'alias': 'p'}"),
          APP("51.0", IN("a", OF("de", "3")) ", 'p': {'alias': 'a'}"), "");
    /* The first one by name whose version or, if that is equal, build id goes down. */
    loses(APP("50.0", IN("q", OF("de", "2")) ", " IN("p", OF("fr", "2") ", " OF("de", "2"))),
          APP("49.0.1", IN("q", OF("de", "3")) ", " IN("p", OF("fr", "3") ", " OF("de", "3"))),
          ">p/de 50.0 49.0.1 2 3");
    loses(APP("50.0", IN("p", OF("de", "20200102") ", " OF("fr", "20200102"))),
          APP("50.0", IN("p", OF("de", "20200102") ", " OF("fr", "20200101"))),
          ">p/fr 50.0 50.0 20200102 20200101");
    loses(APP("50.0", IN("p", OF("de", "2"))), "{'name': 'R', 'schema_version': 4000, 'products': []}", "");
}
END_TEST

START_TEST(whose_update_is_lost)
{
    void *ctx = mem_check(talloc_new(NULL));
    const struct release *old =
        compiled(ctx, APP("50.0", IN("p", OF("de", "2") ", " OF("fr", "2")) ", 'a': {'alias': 'p'}"));
    const struct release *now = compiled(ctx, APP("51.0", IN("p", OF("de", "3")) ", 'a': {'alias': 'p'}"));
    ck_assert(release_loses(old, now, STR("p"), STR("fr")) && release_loses(old, now, STR("a"), STR("fr")));
    ck_assert(!release_loses(old, now, STR("p"), STR("de")) && !release_loses(old, now, STR("a"), STR("de")));
    ck_assert(!release_loses(old, now, STR("p"), STR("ja")) && !release_loses(old, now, STR("x"), STR("de")));
    talloc_free(ctx);
}
END_TEST

SUITE_MAIN("servable", what_is_said, what_a_write_touches, what_would_not_be_served,
           many_problems_are_counted, what_clients_lose, whose_update_is_lost)
