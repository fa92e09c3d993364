/* App releases, all versions. The XML expected is what the reference prints for these blobs. */
#include "blob_world.h"
#include "release/why.h"

#define PLATFORMS                                                                                            \
    "'platforms': {'Win64': {'OS_FTP': 'win64', 'OS_BOUNCER': 'win64', 'buildID': '20230101', 'locales': {"  \
    "'de': {'completes': [{'from': '*', 'hashValue': 'aa', 'filesize': 1}],"                                 \
    "       'partials': [{'from': 'Old', 'hashValue': 'bb', 'filesize': 2},"                                 \
    "                    {'from': 'Older', 'hashValue': 'cc', 'filesize': 3}]},"                             \
    "'fr': {'buildID': '20230202', 'appVersion': '118.1', 'completes': [{'from': '*', 'hashValue': 'dd',"    \
    "       'filesize': 4, 'fileUrl': 'http://good.com/fr.mar'}], 'isOSUpdate': true}}},"                    \
    "'Win64-asan': {'alias': 'Win64'}, 'Lost': {'alias': 'nowhere'}, 'Loop': {'alias': 'Loop2'},"            \
    "'Loop2': {'alias': 'Loop'}}"
#define URLS                                                                                                 \
    "'fileUrls': {'release': {'completes': {'*': "                                                           \
    "'http://download.mozilla.org/?p=f&os=%OS_BOUNCER%&lang=%LOCALE%'},"                                     \
    "                         'partials': {'Old': 'http://good.com/%os_ftp%/%locale%/old.mar',"              \
    "                                      'Older': 'http://good.com/%OS_FTP%/%LOCALE%/older.mar'}},"        \
    "             'empty': {}, '*': {'completes': {'*': 'http://good.com/any.mar'}}, 'evil': {'completes':"  \
    "              {'*': 'http://evil.com/x.mar'}}, 'wrong': 5, 'partly': {'partials': {}}}"
#define APP_8                                                                                                \
    "{'name': 'R', 'schema_version': 8, 'hashFunction': 'sha512', 'appVersion': '118.0', 'displayVersion': " \
    "'118',"                                                                                                 \
    " 'detailsUrl': 'http://x/%LOCALE%', 'actions': 'silent', 'showPrompt': false, 'promptWaitTime': 5,"     \
    " 'openURL': 'http://o/%locale%/', " PLATFORMS ", " URLS "}"

#define LINE(LOCALE, VERSION, BUILD, OS_UPDATE)                                                              \
    "    <update type=\"minor\" displayVersion=\"118\" appVersion=\"" VERSION                                \
    "\" platformVersion=\"None\" buildID=\"" BUILD "\" detailsURL=\"http://x/" LOCALE "\"" OS_UPDATE         \
    " showPrompt=\"false\" actions=\"silent\" openURL=\"http://o/" LOCALE "/\" promptWaitTime=\"5\">\n"
#define PATCH(TYPE, URL, HASH, SIZE)                                                                         \
    "        <patch type=\"" TYPE "\" URL=\"" URL "\" hashFunction=\"sha512\" hashValue=\"" HASH             \
    "\" size=\"" SIZE "\"/>\n"
#define END "    </update>\n"

static const struct release *add_app_8(void)
{
    world_add_as("Old",
                 "{'schema_version': 2, 'platforms': {'Win64-asan': {'locales': {'de': {'buildID': '1'}}}}}",
                 RELEASE_BUILD_IDS);
    world_add_as(
        "Older",
        "{'schema_version': 9, 'platforms': {'Win64': {'alias': 'W'}, 'W': {'buildID': '2', 'locales': "
        "{'de': {}}}}}",
        RELEASE_BUILD_IDS);
    return world_add("R", APP_8);
}

START_TEST(serves_what_is_newer)
{
    static const struct {
        const char *version, *build_id, *target, *locale, *pin, *want;
    } cases[] = {
        { "117.0", "1", "Win64", "de", NULL, "YES" },
        { "118.0", "1", "Win64", "de", NULL, "YES" },
        { "118.0", "20230101", "Win64", "de", NULL, "NO" },
        { "118.0", "3", "Win64", "de", NULL, "NO" },
        { "118.0", "1", "Win64-asan", "de", NULL, "YES" },
        { "118.0.1", "1", "Win64", "de", NULL, "NO" },
        { "118.0.1", "1", "Win64", "fr", NULL, "YES" },
        { "118.0", "1", "Win64", "xx", NULL, "BAD: No such locale 'xx' in platform 'Win64'" },
        { "118.0", "1", "Win64-asan", "xx", NULL, "BAD: No such locale 'xx' in platform 'Win64'" },
        { "118.0", "1", "Lost", "de", NULL, "BAD: No such locale 'de' in platform 'nowhere'" },
        { "118.0", "1", "Loop", "de", NULL, "BAD: No such locale 'de' in platform 'Loop2'" },
        { "118.0", "1", "Mac", "de", NULL, "BAD: Can't find platform '%s' Mac" },
        { "117.0", "1", "Mac", "de", NULL, "NO" },
        { "117.0", "1", "Win64", "xx", NULL, "YES" },
        { "x", "1", "Win64", "de", NULL, "BAD: Version number x is invalid." },
        { "117.0", NULL, "Win64", "de", NULL, "NO" },
        { "117.0", "1", "Win64", NULL, NULL, "NO" },
        { "100.0", "1", "Win64", "de", "117.", "MAYBE" },
        { "100.0", "1", "Win64", "de", "118.", "YES" },
        { "100.0", "1", "Win64", "fr", "118.0.", "MAYBE" },
        { "100.0", "1", "Win64", "de", "119.1.", "YES" },
        { "100.0", "1", "Win64", "de", "x", "BAD: Version Pin String 'x' is invalid." },
        { "119.0", "1", "Win64", "de", "x", "NO" },
    };
    const struct release *r = add_app_8();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_query("Firefox", cases[i].version, cases[i].build_id, cases[i].target, cases[i].locale,
                    "release");
        w.q.pin = str_of(cases[i].pin);
        ck_assert_str_eq(world_serve(r), cases[i].want);
    }
}
END_TEST

START_TEST(prints_the_first_patch_that_suits)
{
#define ANY PATCH("complete", "http://good.com/any.mar", "aa", "1")
#define MAIN PATCH("complete", "http://download.mozilla.org/?p=f&os=win64&lang=de", "aa", "1")
    static const struct {
        const char *build_id, *target, *locale, *channel;
        enum force force;
        const char *want;
    } cases[] = {
        { "0", "Win64", "de", "release", FORCE_NONE, LINE("de", "118.0", "20230101", "") MAIN END },
        { "1", "Win64", "de", "release", FORCE_NONE,
          LINE("de", "118.0", "20230101", "")
              MAIN PATCH("partial", "http://good.com/win64/de/old.mar", "bb", "2") END },
        { "2", "Win64-asan", "de", "release-cck-x", FORCE_NONE,
          LINE("de", "118.0", "20230101", "")
              MAIN PATCH("partial", "http://good.com/win64/de/older.mar", "cc", "3") END },
        { "1", "Win64", "de", "beta", FORCE_NONE, LINE("de", "118.0", "20230101", "") ANY END },
        { "1", "Win64", "de", "empty", FORCE_NONE, LINE("de", "118.0", "20230101", "") ANY END },
        { "1", "Win64", "de", "evil", FORCE_NONE, LINE("de", "118.0", "20230101", "") END },
        { "0", "Win64", "de", "release", FORCE_MAIN,
          LINE("de", "118.0", "20230101", "")
              PATCH("complete", "http://download.mozilla.org/?p=f&os=win64&lang=de&force=1", "aa", "1") END },
        { "0", "Win64", "de", "release", FORCE_FALLBACK,
          LINE("de", "118.0", "20230101", "") PATCH(
              "complete", "http://download.mozilla.org/?p=f&os=win64&lang=de&force=-1", "aa", "1") END },
        { "0", "Win64", "fr", "release", FORCE_MAIN,
          LINE("fr", "118.1", "20230202", " isOSUpdate=\"true\"")
              PATCH("complete", "http://good.com/fr.mar", "dd", "4") END },
        { "0", "Win64", "xx", "release", FORCE_NONE, "BAD: No such locale 'xx' in platform 'Win64'" },
        { "0", "Mac", "de", "release", FORCE_NONE, "BAD: Can't find platform '%s' Mac" },
        { "0", "Win64", "de", "wrong", FORCE_NONE,
          "BROKEN: release R, complete patch: fileUrls or a part of it is of the wrong type" },
        { "0", "Win64", "de", "partly", FORCE_NONE,
          "BROKEN: release R, complete patch: fileUrls has no URL for channel partly" },
    };
    const struct release *r = add_app_8();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_query("Firefox", "100.0", cases[i].build_id, cases[i].target, cases[i].locale,
                    cases[i].channel);
        w.q.force = cases[i].force;
        ck_assert_str_eq(world_print(r), cases[i].want);
    }
}
END_TEST

START_TEST(names_the_releases_that_partials_start_from)
{
    const struct release *r = add_app_8();
    ck_assert_uint_eq(r->n_from, 2);
    for (size_t i = 0; i < r->n_from; i++) {
        ck_assert(str_eq(r->from[i], STR("Old")) || str_eq(r->from[i], STR("Older")));
    }
    ck_assert_uint_eq(world_add_as("B", APP_8, RELEASE_BUILD_IDS)->n_from, 0);
    ck_assert_int_eq(release_schema_version(r), 8);
    ck_assert(release_is_xml(r) && !release_is_json(r));
}
END_TEST

START_TEST(version_1)
{
#define APP_1(SPECIAL)                                                                                       \
    "{'schema_version': 1, 'hashFunction': 'md5', 'extv': '3.6.3', 'appv': '3.6.3plugin1', 'licenseUrl': "   \
    "'http://l/',"                                                                                           \
    " 'fileUrls': {'release': 'http://good.com/%PRODUCT%/%FILENAME%/%LOCALE%'}, 'bouncerProducts': "         \
    "{'complete': 'bp'},"                                                                                    \
    " 'platforms': {'Win': {'OS_FTP': 'win', 'OS_BOUNCER': 'w', 'locales': {'de': {'buildID': '5', "         \
    "'complete':"                                                                                            \
    " {'from': '*', 'hashValue': 'a', 'filesize': 1}}}}}" SPECIAL "}"
#define BODY                                                                                                 \
    " buildID=\"5\" licenseURL=\"http://l/\">\n        <patch type=\"complete\" "                            \
    "URL=\"http://good.com/bp//de\" "                                                                        \
    "hashFunction=\"md5\" hashValue=\"a\" size=\"1\"/>\n    </update>\n"
    static const struct {
        const char *version, *want;
    } cases[] = {
        { "1.5", "    <update type=\"minor\" version=\"3.6.3plugin1\" extensionVersion=\"3.6.3\"" BODY },
        { "2.0.0.20", "    <update type=\"minor\" version=\"2.0.0.20\"" BODY },
        { "3.5.1", "    <update type=\"minor\" version=\"3.6.3plugin1\"" BODY },
        { "3.6.1", "    <update type=\"minor\" version=\"3.6.3plugin1\" extensionVersion=\"3.6.1\"" BODY },
        { "4.0", "    <update type=\"minor\" version=\"3.6.3plugin1\" extensionVersion=\"3.6.3\"" BODY },
        { "x", "BAD: Version number x is invalid." },
    };
    const struct release *special = world_add("S", APP_1(", 'oldVersionSpecialCases': true"));
    const struct release *plain = world_add("P", APP_1(""));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_query("Firefox", cases[i].version, "1", "Win", "de", "release-cck-x");
        ck_assert_str_eq(world_print(special), cases[i].want);
        ck_assert_str_eq(world_print(plain), cases[0].want);
    }
    world_query("Firefox", "3.6", "1", "Win", "de", "beta");
    ck_assert_str_eq(world_print(plain),
                     "BROKEN: release P, complete patch: fileUrls has no string for channel beta");
}
END_TEST

START_TEST(version_3_names_by_from)
{
    const struct release *r = world_add(
        "R",
        "{'schema_version': 3, 'hashFunction': 'md5', 'appVersion': '4.0', 'fileUrls': {'c': "
        "'http://good.com/%product%/%filename%'}, 'ftpFilenames': {'completes': {'*': 'f'}, 'partials': "
        "{'Old': "
        "'p'}}, 'bouncerProducts': {'partials': {'Old': 'b'}}, 'platforms': {'Win': {'OS_FTP': 'win', "
        "'OS_BOUNCER': 'w', 'locales': {'de': {'buildID': '5', 'completes': [{'from': '*', 'hashValue': 'a', "
        "'filesize': 1}], 'partials': [{'from': 'Old', 'hashValue': 'b', 'filesize': 2}]}}}}}");
    world_add_as("Old", "{'schema_version': 3, 'platforms': {'Win': {'locales': {'de': {'buildID': '1'}}}}}",
                 RELEASE_BUILD_IDS);
    world_query("Firefox", "3.6", "1", "Win", "de", "c");
    ck_assert_str_eq(
        world_print(r),
        "    <update type=\"minor\" displayVersion=\"None\" appVersion=\"4.0\" platformVersion=\"None\" "
        "buildID=\"5\">\n"
        "        <patch type=\"complete\" URL=\"http://good.com//f\" hashFunction=\"md5\" "
        "hashValue=\"a\" size=\"1\"/>\n"
        "        <patch type=\"partial\" URL=\"http://good.com/b/p\" hashFunction=\"md5\" "
        "hashValue=\"b\" size=\"2\"/>\n"
        "    </update>\n");
}
END_TEST

START_TEST(version_9_groups)
{
    static const struct {
        const char *version, *build_id, *locale, *channel, *update_type, *want;
    } cases[] = {
        { "60.0", "1", "de", "beta", NULL,
          "actions=\"silent\" appVersion=\"70.0\" buildID=\"5\" displayVersion=\"None\" type=\"None\">" },
        { "60.0", "1", "de", "release-cck-x", "minor",
          "actions=\"silent\" appVersion=\"70.0\" buildID=\"5\" displayVersion=\"None\" "
          "openURL=\"http://o/de/de\" "
          "showPrompt=\"true\" type=\"major\">" },
        { "50.0", "1", "fr", "releasetest", "minor",
          "actions=\"None\" appVersion=\"70.0\" buildID=\"5\" displayVersion=\"%LOCALE%\" "
          "openURL=\"http://o/fr/fr\" "
          "showPrompt=\"true\" type=\"major\">" },
        { "50.0", "3", "fr", "beta", "minor",
          "actions=\"silent\" appVersion=\"70.0\" buildID=\"5\" displayVersion=\"None\" type=\"minor\">" },
    };
    const struct release *r = world_add(
        "R", "{'schema_version': 9, 'hashFunction': 'sha512', 'appVersion': '70.0', 'updateLine': ["
             "{'for': {}, 'fields': {'actions': 'silent'}},"
             "{'for': {'channels': ['release*']}, 'fields': {'type': 'major', 'showPrompt': true, 'openURL': "
             "'http://o/%LOCALE%/%locale%'}},"
             "{'for': {'versions': ['<51.0'], 'locales': ['fr', 'it'], 'buildIDs': ['<2']}, 'fields': "
             "{'displayVersion': '%LOCALE%', 'actions': null}},"
             "{'for': {'strange': ['x']}, 'fields': {'appVersion': '99'}}],"
             " 'platforms': {'Win': {'locales': {'de': {'buildID': '5'}, 'fr': {'buildID': '5'}}}}}");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_query("Firefox", cases[i].version, cases[i].build_id, "Win", cases[i].locale, cases[i].channel);
        w.update_type = cases[i].update_type;
        ck_assert_str_eq(world_print(r), mem_printf(w.ctx, "    <update %s\n    </update>\n", cases[i].want));
    }
}
END_TEST

/* A group that is wrong spoils the line, since all groups are looked at. */
START_TEST(version_9_wrong_groups)
{
    static const struct {
        const char *groups, *want;
    } cases[] = {
        { "{}", "BROKEN: release R: updateLine is no list, or too long" },
        { "null", "BROKEN: release R: updateLine is no list, or too long" },
        { "['x']", "BROKEN: release R: a group of updateLine has no \"for\"" },
        { "[{'for': {}}]", "BROKEN: release R: a group of updateLine has no fields" },
        { "[{'for': {'channels': 'c'}, 'fields': {}}]",
          "BROKEN: release R: a condition in updateLine is no list" },
        { "[{'for': {}, 'fields': {'openURL': 5}}]",
          "BROKEN: release R: an attribute of the update line is no string" },
        { "[{'for': {'versions': ['x']}, 'fields': {}}]", "BAD: Version number x is invalid." },
        { "[], 'displayVersion': false", "    <update appVersion=\"70.0\" buildID=\"5\" "
                                         "displayVersion=\"false\" type=\"minor\">\n    </update>\n" },
        { "[{'for': {'locales': ['xx']}}]", "    <update appVersion=\"70.0\" buildID=\"5\" "
                                            "displayVersion=\"None\" type=\"minor\">\n    </update>\n" },
    };
    world_query("Firefox", "60.0", "1", "Win", "de", "c");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        w.n = 0;
        const struct release *r = world_add(
            "R",
            mem_printf(w.ctx,
                       "{'schema_version': 9, 'appVersion': '70.0', 'updateLine': %s, 'platforms': {'Win': "
                       "{'locales': {'de': {'buildID': '5'}}}}}",
                       cases[i].groups));
        ck_assert_str_eq(world_print(r), cases[i].want);
    }
}
END_TEST

static const char malformed[] =
    "{'schema_version': 4, 'hashFunction': 'md5', 'appVersion': '10.0', "
    "'fileUrls': {'c': {'completes': {'*': 'http://good.com/'}}}, 'platforms': {'Win': {'locales': {"
    "'good': {'buildID': '5', 'completes': [{'from': '*', 'fileUrl': 'http://good.com/x', 'hashValue': 'a',"
    " 'filesize': 1}]},"
    "'string': 'x',"
    "'null': null,"
    "'number': {'buildID': '5', 'appVersion': 10.5},"
    "'empty': {'buildID': '5', 'appVersion': ''},"
    "'nobuild': {},"
    "'numberbuild': {'buildID': 5},"
    "'badversion': {'buildID': '5', 'appVersion': '1'},"
    "'nofrom': {'buildID': '5', 'completes': [{'hashValue': 'a'}]},"
    "'nolist': {'buildID': '5', 'completes': {'from': '*'}},"
    "'second': {'buildID': '5', 'completes': ['x', {'from': '*', 'fileUrl': 5}, {'from': '*',"
    " 'fileUrl': 'http://good.com/second', 'hashValue': 'a', 'filesize': 1}]},"
    "'nohash': {'buildID': '5', 'completes': [{'from': '*', 'fileUrl': 'http://good.com/x'}]},"
    "'noos': {'buildID': '5', 'completes': [{'from': '*', 'hashValue': 'a', 'filesize': 1}]},"
    "'gmpfrom': {'buildID': '5', 'partials': [{'from': 'G'}]}}},"
    "'List': {'locales': ['de']},"
    "'Number': 5,"
    "'ToNumber': {'alias': 'Number'},"
    "'BadAlias': {'alias': {}},"
    "'NullAlias': {'alias': null},"
    "'NoLocales': {}}}";

/* One malformed locale, platform or patch leaves the others alone. */
START_TEST(malformed_parts)
{
    static const struct {
        const char *target, *locale, *serve, *print;
    } cases[] = {
        { "Win", "good", "YES", "<patch type=\"complete\" URL=\"http://good.com/x\"" },
        { "Win", "string", "BROKEN: release R: locale string of platform Win is no object", NULL },
        { "Win", "null", "BROKEN: release R: locale null of platform Win is no object", NULL },
        { "Win", "number", "BROKEN: release R: appVersion is no string", NULL },
        { "Win", "empty", "NO", NULL },
        { "Win", "nobuild", "YES", "BAD: No buildID for platform 'Win'" },
        { "Win", "numberbuild", "YES", "buildID=\"5\"" },
        { "Win", "badversion", "BAD: Version number 1 is invalid.", NULL },
        { "Win", "nofrom", "YES", "BROKEN: release R, complete patch: from is missing or no string" },
        { "Win", "nolist", "YES", "BROKEN: release R, complete patch: the patches are no list" },
        { "Win", "second", "YES", "<patch type=\"complete\" URL=\"http://good.com/second\"" },
        { "Win", "nohash", "YES",
          "BROKEN: release R, complete patch: there is no hashFunction, hashValue or filesize" },
        { "Win", "noos", "YES",
          "BROKEN: release R, complete patch: platform Win has no OS_FTP or no OS_BOUNCER that is a string" },
        { "Win", "gmpfrom", "YES", "    </update>" },
        { "List", "de", "BROKEN: release R: platform List has locales that are no object", NULL },
        { "Number", "de", "BROKEN: release R: platform Number is no object", NULL },
        { "ToNumber", "de", "BROKEN: release R: platform Number is no object", NULL },
        { "BadAlias", "de", "BROKEN: release R: platform BadAlias has an alias that is no name", NULL },
        { "NullAlias", "de", "YES", "BAD: No such locale 'de' in platform 'None'" },
        { "NoLocales", "de", "YES", "BAD: No such locale 'de' in platform 'NoLocales'" },
    };
    const struct release *r = world_add("R", malformed);
    world_add_as("G", "{'schema_version': 1000, 'vendors': {}}", RELEASE_BUILD_IDS);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_query("Firefox", "9.0", "1", cases[i].target, cases[i].locale, "c");
        ck_assert_str_eq(world_serve(r), cases[i].serve);
        if (cases[i].print != NULL) {
            const char *got = world_print(r);
            ck_assert_msg(strstr(got, cases[i].print) != NULL, "%s: %s", cases[i].locale, got);
        }
    }
    ck_assert_str_eq(world_serve(world_add("N", "{'schema_version': 4, 'appVersion': '10.0'}")),
                     "BROKEN: release N: there is no platforms");
    ck_assert_str_eq(
        world_serve(world_add("L", "{'schema_version': 4, 'appVersion': '10.0', 'platforms': []}")),
        "BROKEN: release L: platforms is no object");
}
END_TEST

START_TEST(skipped_patches_are_named)
{
    const struct release *r = world_add(
        "R",
        "{'schema_version': 4, 'hashFunction': 'md5', 'appVersion': '10.0', 'platforms': {'Win': {'locales': "
        "{'de': {'buildID': '5', 'completes': [{'from': '*', 'fileUrl': 'http://good.com/x', 'hashValue': "
        "'a', "
        "'filesize': 1}], 'partials': [{'from': 'Old', 'hashValue': 'b', 'filesize': 2}]}}}}}");
    world_query("Firefox", "9.0", "1", "Win", "de", "c");
    ck_assert(strstr(world_print(r), "complete") != NULL);
    ck_assert_str_eq(w.skipped.what, "");
    world_add_as("Old", "{'schema_version': 4, 'platforms': {'Win': {'locales': {}}}}", RELEASE_BUILD_IDS);
    ck_assert(strstr(world_print(r), "complete") != NULL);
    ck_assert_str_eq(w.skipped.what, "from release Old: No such locale 'de' in platform 'Win'");
    w.n = 1;
    world_add_as("Old", "{'schema_version': 4, 'platforms': {'Win': {'locales': {'de': {'buildID': '1'}}}}}",
                 RELEASE_BUILD_IDS);
    ck_assert(strstr(world_print(r), "partial") == NULL);
    ck_assert_str_eq(w.skipped.what, "fileUrls has no URL for channel c");
}
END_TEST

/* What release_find_place() says: "platform>target locale version build_id no". */
static const char *place_of(const struct release *r)
{
    static const char *const no[] = { "", "field", "version", "platform", "newer", "newer build" };
    struct release_place p;
    ck_assert(release_find_place(r, &w.q, &p));
    return mem_printf(w.ctx, "%.*s>%.*s%s %s %.*s %.*s %s", STR_ARG(p.platform), STR_ARG(p.target),
                      p.has_target ? "" : "!", p.has_locale ? "locale" : "-", STR_ARG(p.version),
                      STR_ARG(p.build_id), no[p.no]);
}

START_TEST(places_are_explained)
{
    static const struct {
        const char *version, *build_id, *target, *locale, *want;
    } cases[] = {
        { "117.0", "1", "Win64", "de", "Win64> locale 118.0 20230101 " },
        { "117.0", "1", "Win64-asan", "fr", "Win64-asan>Win64 locale 118.1 20230202 " },
        { "117.0", "1", "Win64", "xx", "Win64> - 118.0  " },
        { "117.0", "1", "Lost", "de", "Lost>nowhere! - 118.0  " },
        { "117.0", "1", "Mac", "de", ">! - 118.0  platform" },
        { "119.0", "1", "Win64", "de", "Win64> locale 118.0 20230101 newer" },
        { "118.0", "3", "Win64", "de", "Win64> locale 118.0 20230101 newer build" },
        { "118.0", NULL, "Win64", "de", ">! - 118.0  field" },
    };
    const struct release *r = add_app_8();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_query("Firefox", cases[i].version, cases[i].build_id, cases[i].target, cases[i].locale,
                    "release");
        ck_assert_str_eq(place_of(r), cases[i].want);
    }
}
END_TEST

static void add_patch(void *arg, const struct patch_note *p)
{
    static const char *const fates[] = { "offered", "second",  "missing", "other",
                                         "no url",  "refused", "broken" };
    buf_printf(arg, "%s %.*s %s;", p->partial ? "partial" : "complete", STR_ARG(p->from), fates[p->fate]);
}

START_TEST(patches_are_explained)
{
    static const struct {
        const char *build_id, *channel, *want;
    } cases[] = {
        { "0", "release", "complete * offered;partial Old other;partial Older other;" },
        { "1", "release", "complete * offered;partial Old offered;partial Older other;" },
        { "1", "beta", "complete * offered;partial Old no url;partial Older other;" },
        { "1", "evil", "complete * refused;partial Old no url;partial Older other;" },
        { "1", "wrong", "complete * broken;partial Old broken;partial Older other;" },
    };
    const struct release *r = add_app_8();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        world_query("Firefox", "117.0", cases[i].build_id, "Win64", "de", cases[i].channel);
        struct release_env env = world_env();
        buf_reset(&w.out);
        release_note_patches(r, &env, add_patch, &w.out);
        ck_assert_msg(str_eq(buf_view(&w.out), str_of(cases[i].want)), "%.*s", STR_ARG(buf_view(&w.out)));
    }
    w.release[0] = NULL;
    world_query("Firefox", "117.0", "1", "Win64", "de", "release");
    struct release_env env = world_env();
    buf_reset(&w.out);
    release_note_patches(r, &env, add_patch, &w.out);
    ck_assert(str_contains(buf_view(&w.out), STR("partial Old missing")));
}
END_TEST

SUITE_MAIN_WITH("blob_app", world_setup, world_teardown, serves_what_is_newer,
                prints_the_first_patch_that_suits, names_the_releases_that_partials_start_from, version_1,
                version_3_names_by_from, version_9_groups, version_9_wrong_groups, malformed_parts,
                skipped_patches_are_named, places_are_explained, patches_are_explained)
