/* The formats beside app releases, and what all have in common: rows that cannot be compiled, assets. */
#include "blob_world.h"

#include "release/markup.h"

START_TEST(desupport)
{
    const struct release *r = world_add("D", "{'schema_version': 50, 'displayVersion': 50, 'detailsUrl': "
                                             "'http://x/%LOCALE%/%OS%/%version%/%locale%/%os%/%VERSION%'}");
    world_query("Firefox", "3.6", "1", "WINNT_x86-msvc", "de", "c");
    ck_assert_str_eq(world_serve(r), "YES");
    ck_assert_str_eq(world_print(r),
                     "\n"
                     "    <update type=\"minor\" unsupported=\"true\" "
                     "detailsURL=\"http://x/de/WINNT/3.6/de/WINNT/3.6\" displayVersion=\"50\">\n"
                     "</update>\n");
    world_query("Firefox", "3.6", "1", "WINNT", "%os%", "c");
    ck_assert(strstr(world_print(r), "http://x/WINNT/WINNT/3.6/WINNT/WINNT/3.6") != NULL);
    ck_assert_str_eq(world_print(world_add("E", "{'schema_version': 50, 'detailsUrl': 'x'}")),
                     "BROKEN: release E has no detailsUrl or no displayVersion");
    ck_assert_str_eq(
        world_print(world_add("F", "{'schema_version': 50, 'detailsUrl': 5, 'displayVersion': '1'}")),
        "BROKEN: release F has no detailsUrl or no displayVersion");
}
END_TEST

#define VENDOR_FILE(URL, MORE) "{'fileUrl': '" URL "', 'hashValue': 'ab', 'filesize': 7" MORE "}"
#define GMP                                                                                                  \
    "{'schema_version': 1000, 'hashFunction': 'sha512', 'vendors': {"                                        \
    "'zz': {'version': '1.7', 'platforms': {'Win': " VENDOR_FILE(                                            \
        "http://good.com/z",                                                                                 \
        "") ","                                                                                              \
            "       'Win64': {'alias': 'Win'}, 'Lost': {'alias': 'nowhere'}, 'Odd': 5}},"                    \
            "'aa': {'version': 3, 'platforms': {'default': " VENDOR_FILE(                                    \
                "http://www.google.com/dl/a.crx3",                                                           \
                ", 'mirrorUrls': ['http://good.com/m', 'http://evil.com/', "                                 \
                "'http://good.com/n']") "}},"                                                                \
                                        "'mm': {'version': '2', 'platforms': {'Win': " VENDOR_FILE(          \
                                            "http://www.google.com/dl/a.exe",                                \
                                            "") ","                                                          \
                                                "       'Broken': {'hashValue': 'ab'}, 'Short': "            \
                                                "{'fileUrl': 'http://good.com/', 'hashValue': 'a'}}}}}"
#define GMP_A                                                                                                \
    "        <addon id=\"aa\" URL=\"http://www.google.com/dl/a.crx3\" hashFunction=\"sha512\" "              \
    "hashValue=\"ab\" "                                                                                      \
    "size=\"7\" version=\"3\">\n            <mirror URL=\"http://good.com/m\"/>\n"                           \
    "            <mirror URL=\"http://good.com/n\"/>\n        </addon>\n"
#define GMP_Z                                                                                                \
    "        <addon id=\"zz\" URL=\"http://good.com/z\" hashFunction=\"sha512\" hashValue=\"ab\" "           \
    "size=\"7\" "                                                                                            \
    "version=\"1.7\"/>\n"
#define HEAD "    <addons>\n"
#define FOOT "    </addons>\n"

START_TEST(gmp)
{
    static const struct {
        const char *product, *target, *want, *skipped;
    } cases[] = {
        { "OpenH264", "Win", HEAD GMP_A GMP_Z FOOT, "" },
        { "OpenH264", "Win64", HEAD GMP_A GMP_Z FOOT, "" },
        { "OpenH264", "Mac", HEAD GMP_A FOOT, "" },
        { "Other", "Win", HEAD FOOT, "" },
        { "OpenH264", "Lost", "BAD: No platform '%s' in vendor '%s' nowhere zz", "" },
        { "OpenH264", "Odd", HEAD GMP_A FOOT, "release G, add-on zz: a platform is no object" },
        { "OpenH264", "Broken", HEAD GMP_A FOOT, "release G, add-on mm: there is no fileUrl" },
        { "OpenH264", "Short", HEAD GMP_A FOOT, "release G, add-on mm: there is no filesize" },
        { "Other", "Broken", "BROKEN: release G, add-on mm: there is no fileUrl", "" },
    };
    const struct release *r = world_add("G", GMP);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_query(cases[i].product, "3.6", "1", cases[i].target, "de", "c");
        ck_assert_str_eq(world_serve(r), "YES");
        ck_assert_str_eq(world_print(r), cases[i].want);
        ck_assert_str_eq(w.skipped.what, cases[i].skipped);
    }
    ck_assert_str_eq(world_print(world_add("N", "{'schema_version': 1000}")),
                     "BROKEN: release N: vendors is missing or no object");
    ck_assert_str_eq(world_print(world_add("P", "{'schema_version': 1000, 'vendors': {'a': {}}}")),
                     "BROKEN: release P, add-on a: platforms is no object");
}
END_TEST

START_TEST(system_addons)
{
#define ADDON(URL)                                                                                           \
    "'addons': {'a@b': {'version': '1', 'platforms': {'default': " VENDOR_FILE(URL, "") "}}, 'none': {}}"
#define GOOD                                                                                                 \
    "        <addon id=\"a@b\" URL=\"http://good.com/a\" hashFunction=\"sha256\" hashValue=\"ab\" "          \
    "size=\"7\" "                                                                                            \
    "version=\"1\"/>\n"
    static const struct {
        const char *json, *want;
    } cases[] = {
        { "'hashFunction': 'sha256', " ADDON("http://good.com/a"), HEAD GOOD FOOT },
        { "'hashFunction': 'sha256', 'uninstall': true, " ADDON("http://evil.com/a"), HEAD FOOT },
        { "'hashFunction': 'sha256', 'uninstall': false, " ADDON("http://evil.com/a"), "\n\n" },
        { "'uninstall': true", HEAD FOOT },
        { "'uninstall': true, 'addons': null", HEAD FOOT },
        { "'uninstall': false", "\n\n" },
        { "'addons': null", "BROKEN: release S: addons is missing or no object" },
        { "'addons': 'x'", "BROKEN: release S: addons is missing or no object" },
        { ADDON("http://good.com/a"), "BROKEN: release S, add-on a@b: there is no hashFunction" },
    };
    world_query("SystemAddons", "3.6", "1", "Win", "de", "c");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        w.n = 0;
        const struct release *r =
            world_add("S", mem_printf(w.ctx, "{'schema_version': 5000, %s}", cases[i].json));
        ck_assert_str_eq(world_serve(r), "YES");
        ck_assert_str_eq(world_print(r), cases[i].want);
    }
}
END_TEST

START_TEST(superblob)
{
    const struct release *products =
        world_add("P", "{'schema_version': 4000, 'products': ['a', 5, 'b'], 'blobs': ['x']}");
    ck_assert_uint_eq(products->n_products, 2);
    ck_assert(str_eq(products->products[1], STR("b")));
    ck_assert_ptr_null(products->members);
    const struct release *blobs = world_add("B", "{'schema_version': 4000, 'products': [], 'blobs': ['x']}");
    ck_assert_ptr_null(blobs->products);
    ck_assert_uint_eq(blobs->n_members, 1);
    ck_assert(str_eq(blobs->members[0], STR("x")));
    const struct release *none = world_add("N", "{'schema_version': 4000, 'blobs': 'x'}");
    ck_assert(none->products == NULL && none->members == NULL);
    world_query("GMP", "3.6", "1", "Win", "de", "c");
    ck_assert_str_eq(world_serve(none), "YES");
    ck_assert_str_eq(world_print(none), "BROKEN: release N is a superblob: it has no content of its own");
    struct release_env env = world_env();
    buf_reset(&w.out);
    ck_assert_int_eq(release_header_xml(products, &env, &w.out, &w.error), VERDICT_YES);
    ck_assert_int_eq(release_footer_xml(products, &env, &w.out, &w.error), VERDICT_YES);
    ck_assert(str_eq(buf_view(&w.out), STR(HEAD FOOT)));
}
END_TEST

static const char *guardian_answer(const struct release *r)
{
    struct release_env env = world_env();
    buf_reset(&w.out);
    if (release_json(r, &env, &w.out, &w.error) != VERDICT_YES) {
        return w.error.what;
    }
    return mem_strndup(w.ctx, w.out.p, w.out.n);
}

START_TEST(guardian)
{
    static const struct {
        const char *version, *target, *serve, *answer;
    } cases[] = {
        { "1.0", "Win", "YES",
          "{\"version\": \"2.0.1\", \"url\": \"http://good.com/\\u00fc\", \"required\": true, "
          "\"hashFunction\": "
          "\"sha512\", \"hashValue\": \"ab\"}" },
        { "1.0.0b2", "Mac", "YES",
          "{\"version\": \"2.0.1\", \"url\": \"http://good.com/mac\", \"required\": true, \"hashFunction\": "
          "\"sha512\", \"hashValue\": null}" },
        { "2.0.1", "Win", "NO", NULL },
        { "2.0.1.1", "Win", "NO", NULL },
        { "2.0.b", "Win", "BROKEN: version 2.0.b cannot be compared with 2.0.1 of release G", NULL },
        { "1.0", "Linux", "NO", "{}" },
        { "1.0", "Evil", "YES", "{}" },
        { "1.0", "NoUrl", "YES", "{}" },
        { "1.0", "Number", "YES", "release G: platform Number has a fileUrl that is no string" },
        { "1.0", "Odd", "YES", "release G: platform Odd is no object" },
    };
    const struct release *r = world_add(
        "G", "{'schema_version': 10000, 'version': '2.0.1', 'required': true, 'hashFunction': 'sha512', "
             "'platforms': "
             "{'Win': {'fileUrl': 'http://good.com/ü', 'hashValue': 'ab'}, 'Mac': {'fileUrl': "
             "'http://good.com/mac'},"
             "'Evil': {'fileUrl': 'http://evil.com/'}, 'NoUrl': {}, 'Number': {'fileUrl': 5}, 'Odd': []}}");
    ck_assert(release_is_json(r) && !release_is_xml(r));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_query("Guardian", cases[i].version, NULL, cases[i].target, NULL, "c");
        ck_assert_str_eq(world_serve(r), cases[i].serve);
        if (cases[i].answer != NULL) {
            ck_assert_str_eq(guardian_answer(r), cases[i].answer);
        }
    }
    ck_assert_str_eq(world_print(r), "BROKEN: release G does not answer in XML");
    const struct release *bare =
        world_add("B", "{'schema_version': 10000, 'platforms': {'Odd': {'fileUrl': 'http://good.com/'}}}");
    world_query("Guardian", "1.0", NULL, "Odd", NULL, "c");
    ck_assert_str_eq(world_serve(bare), "BROKEN: release B has no version");
    ck_assert_str_eq(guardian_answer(bare), "release B lacks version, required or hashFunction");
}
END_TEST

START_TEST(rows_that_cannot_be_compiled)
{
    static const struct {
        const char *json, *why;
    } cases[] = {
        { "", "JSON is broken" },
        { "{", "JSON is broken" },
        { "[]", "the blob is no object" },
        { "null", "the blob is no object" },
        { "{}", "schema_version is not set" },
        { "{\"schema_version\": 0}", "schema_version is not set" },
        { "{\"schema_version\": 7}", "schema_version is unknown" },
        { "{\"schema_version\": \"1\"}", "schema_version is unknown" },
        { "{\"schema_version\": 1e300}", "schema_version is unknown" },
        { "{\"schema_version\": {\"a\": 1}}", "schema_version is unknown" },
        { NULL, "schema_version is not set" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct release_row row = { .name = STR("R"), .json = str_of(cases[i].json) };
        w.error = (struct error){ 0 };
        ck_assert_ptr_null(release_compile(w.ctx, &row, RELEASE_SERVED, &w.error));
        ck_assert_msg(strstr(w.error.what, cases[i].why) != NULL, "%s", w.error.what);
    }
    struct release_row row = { .name = STR("R"), .json = STR("{\"schema_version\": 50}") };
    ck_assert_ptr_nonnull(release_compile(w.ctx, &row, RELEASE_BUILD_IDS, &w.error));
}
END_TEST

START_TEST(for_build_ids_only)
{
    static const char *const jsons[] = { "{'schema_version': 4}", "{'schema_version': 50}",
                                         "{'schema_version': 10000}" };
    world_query("Firefox", "1.0", "1", "Win", "de", "c");
    for (size_t i = 0; i < ARRAY_LEN(jsons); i++) {
        const struct release *r = world_add_as("R", jsons[i], RELEASE_BUILD_IDS);
        ck_assert_str_eq(world_serve(r), "BROKEN: release R was loaded for its build ids only");
        ck_assert_str_eq(world_print(r), "BROKEN: release R was loaded for its build ids only");
        ck_assert_str_eq(guardian_answer(r), "release R was loaded for its build ids only");
    }
}
END_TEST

/* Assets make what the base lacks, replace what it has, and spoil nothing but themselves. */
START_TEST(assets)
{
    static const struct {
        const char *target, *locale, *want;
    } cases[] = {
        { "Win", "de", "buildID=\"1\"" },
        { "Win", "fr", "buildID=\"9\"" },
        { "Mac", "de", "buildID=\"3\"" },
        { "Win", "bad", "BROKEN: release R: locale bad of platform Win is no object" },
        { "Win", "null", "BROKEN: release R: locale null of platform Win is no object" },
        { "Win", "a", "BAD: No buildID for platform 'Win'" },
        { "Odd", "de", "BROKEN: release R: platform Odd is no object" },
    };
    struct release_asset list[] = {
        { STR(""), world_json("{}") },
        { STR("."), world_json("{}") },
        { STR(".platforms.Mac.locales.de"), world_json("{'buildID': '3'}") },
        { STR(".platforms.Odd.locales.de"), world_json("{'buildID': '4'}") },
        { STR(".platforms.Win.locales.a.b"), world_json("{'buildID': '5'}") },
        { STR(".platforms.Win.locales.bad"), world_json("{'buildID': ") },
        { STR(".platforms.Win.locales.fr"), world_json("{'buildID': '9'}") },
        { STR(".platforms.Win.locales.null"), STR_NONE },
    };
    struct release_row row = {
        .name = STR("R"),
        .json = world_json(
            "{'schema_version': 4, 'platforms': {'Win': {'locales': {'de': {'buildID': '1'}, 'fr': "
            "{'buildID': '2'}}}, 'Odd': 5}}"),
        .assets = list,
        .n_assets = ARRAY_LEN(list),
    };
    const struct release *r = release_compile(w.ctx, &row, RELEASE_SERVED, &w.error);
    ck_assert_ptr_nonnull(r);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_query("Firefox", "1.0", "0", cases[i].target, cases[i].locale, "c");
        const char *got = world_print(r);
        ck_assert_msg(strstr(got, cases[i].want) != NULL, "%s", got);
    }
    struct release_asset version = { STR(".schema_version"), STR("50") };
    struct release_row no_base = { .name = STR("N"), .assets = &version, .n_assets = 1 };
    ck_assert_ptr_nonnull(release_compile(w.ctx, &no_base, RELEASE_SERVED, &w.error));
}
END_TEST

/* What RELEASE answers, as it is sent. */
static const char *finished(const struct release *release)
{
    struct buf out;
    const char *marked = world_print(release);
    buf_init(&out, 256, 1 << 16);
    markup_finish(&out, str_of(marked));
    const char *text = mem_strndup(w.ctx, out.p, out.n);
    buf_free(&out);
    return text;
}

#define EVIL "<x a=\\'1\\'/>"
#define SHOWN "&lt;x a=&quot;1&quot;/&gt;"

START_TEST(texts_do_not_become_markup)
{
    world_query("Firefox", "3.6", "1", "p", "d<\">e", "c");
    const char *text = finished(world_add("D", "{'schema_version': 50, 'displayVersion': '" EVIL
                                               "', 'detailsUrl': 'http://x/" EVIL "/%LOCALE%'}"));
    ck_assert_ptr_nonnull(
        strstr(text, "detailsURL=\"http://x/" SHOWN "/d&lt;&quot;&gt;e\" displayVersion=\"" SHOWN "\">"));
    w.update_type = "mi\"nor";
    world_query("Firefox", "3.6", "1", "p", "de", "c");
    text = finished(world_add(
        "A",
        "{'schema_version': 9, 'hashFunction': 'h" EVIL "', 'appVersion': '4.0', 'displayVersion': '" EVIL
        "', 'updateLine': [{'for': {}, 'fields': {'actions': '" EVIL "', 'bad name': 'x', 'a\\'b': 'y'}}],"
        " 'platforms': {'p': {'locales': {'de': {'buildID': '" EVIL
        "', 'completes': [{'from': '*', 'filesize': '" EVIL "', 'hashValue': '" EVIL
        "', 'fileUrl': 'https://good.com/x.mar'},"
        " {'from': '*', 'filesize': 1, 'hashValue': 'ab', 'fileUrl': 'https://good.com/x" EVIL "'}]}}}}}"));
    ck_assert_ptr_nonnull(strstr(text, " actions=\"" SHOWN "\""));
    ck_assert_ptr_nonnull(strstr(text, " buildID=\"" SHOWN "\""));
    ck_assert_ptr_nonnull(strstr(text, " displayVersion=\"" SHOWN "\""));
    ck_assert_ptr_nonnull(strstr(text, " type=\"mi&quot;nor\""));
    ck_assert_ptr_nonnull(
        strstr(text, " hashFunction=\"h" SHOWN "\" hashValue=\"" SHOWN "\" size=\"" SHOWN "\"/>"));
    ck_assert_ptr_null(strstr(text, "bad name"));
    ck_assert_ptr_null(strstr(text, "<x"));
    w.update_type = "minor";
    /* A URL with such characters is left out, and that is noted. */
    text = finished(world_add(
        "U", "{'schema_version': 9, 'hashFunction': 'h', 'appVersion': '4.0', 'displayVersion': '4',"
             " 'platforms': {'p': {'locales': {'de': {'buildID': '2', 'completes': [{'from': '*',"
             " 'filesize': 1, 'hashValue': 'ab', 'fileUrl': 'https://good.com/" EVIL "'},"
             " {'from': '*', 'filesize': 1, 'hashValue': 'ab', 'fileUrl': 'https://good.com/x'}]"
             "}}}}}"));
    ck_assert_ptr_nonnull(strstr(text, "URL=\"https://good.com/x\""));
    ck_assert_ptr_nonnull(strstr(w.skipped.what, "release U: a patch was left out"));
    world_query("SystemAddons", "3.6", "1", "p", "de", "c");
    text = finished(world_add(
        "S",
        "{'schema_version': 5000, 'hashFunction': 'h', 'addons': {'" EVIL "': {'version': '" EVIL
        "', 'platforms': {'p': {'fileUrl': 'https://good.com/x', 'hashValue': 'ab', 'filesize': 1}}}}}"));
    ck_assert_ptr_nonnull(strstr(text, "<addon id=\"" SHOWN "\" URL"));
    ck_assert_ptr_nonnull(strstr(text, " version=\"" SHOWN "\""));
}
END_TEST

SUITE_MAIN_WITH("blob_other", world_setup, world_teardown, desupport, gmp, system_addons, superblob, guardian,
                rows_that_cannot_be_compiled, for_build_ids_only, assets, texts_do_not_become_markup)
