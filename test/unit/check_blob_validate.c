/* Validation of blobs. What is wanted is what the reference says of the same blobs, unless the test says
 * otherwise. */
#include "blob/validate.h"

#include "blob_json.h"
#include "core/mem.h"

static struct allowlist *allowlist;

static void setup(void)
{
    struct error e;
    allowlist = allowlist_new(NULL);
    ck_assert(allowlist_add(allowlist, STR("good.com Firefox"), &e));
    ck_assert(allowlist_add(allowlist, STR("other.org GMP"), &e));
}

static void teardown(void)
{
    talloc_free(allowlist);
}

/* Whether TEXT is valid; ERRORS is to be freed either way. */
static bool validate(const char *text, struct blob_errors *errors)
{
    cJSON *blob = parse_quoted(text);
    *errors = (struct blob_errors){ 0 };
    bool ok = blob_validate(blob, STR("Firefox"), allowlist, errors);
    ck_assert_int_eq(ok, errors->list == NULL);
    ck_assert(ok || errors->error.kind == ERROR_BAD_REQUEST);
    cJSON_Delete(blob);
    return ok;
}

START_TEST(good_blobs)
{
    static const char *const cases[] = {
        "{'name': 'R', 'schema_version': 1, 'hashFunction': 'sha512', 'extv': '1.0', 'appv': '1', "
        "'fakePartials': true, 'oldVersionSpecialCases': false, 'fileUrls': {'release': "
        "'https://good.com/%FILENAME%', '': 'http://good.com/'}, 'ftpFilenames': {'complete': 'c', "
        "'partial': 'p'}, 'bouncerProducts': {}, 'platforms': {'a': {'alias': 'b', 'more': 5}, 'b': "
        "{'buildID': 2016, 'OS_FTP': 'o', 'OS_BOUNCER': 'o', 'locales': {'de': {'buildID': '2016', 'extv': "
        "'1', 'complete': {'filesize': 1, 'from': '*', 'hashValue': 'ab'}, 'partial': {'filesize': 1, "
        "'from': 'R-1', 'hashValue': 'ab'}}}}}}",
        "{'name': 'R', 'schema_version': 2, 'hashFunction': 'sha512', 'appVersion': '1', 'platformVersion': "
        "'1', 'displayVersion': '1', 'detailsUrl': 'd', 'licenseUrl': 'l', 'actions': 'a', 'billboardURL': "
        "'b', 'openURL': 'o', 'notificationURL': 'n', 'alertURL': 'a', 'showPrompt': true, "
        "'showNeverForVersion': false, 'platforms': {'b': {'locales': {'de': {'isOSUpdate': true, "
        "'platformVersion': '1', 'complete': {'filesize': 1, 'from': '*', 'hashValue': 'ab'}}}}}}",
        "{'name': 'R', 'schema_version': 3, 'hashFunction': 'sha512', 'ftpFilenames': {'completes': {'*': "
        "'x', '': 'y'}, 'other': 5}, 'bouncerProducts': {'partials': {'R-1': 'p'}}}",
        "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'fileUrls': {'*': {'completes': {'*': "
        "'https://good.com/x'}, 'partials': {'R-1': 'https://good.com/x'}}}}",
        "{'name': 'R', 'schema_version': 5, 'hashFunction': 'sha512', 'promptWaitTime': 1.5, 'billboardURL': "
        "'b'}",
        "{'name': 'R', 'schema_version': 6, 'hashFunction': 'sha512', 'promptWaitTime': 1, 'appVersion': "
        "'1'}",
        "{'name': 'R', 'schema_version': 8, 'hashFunction': 'sha512', 'binTransMerkleRoot': 'm', "
        "'binTransCertificate': 'c', 'binTransSCTList': 's', 'platforms': {'p': {'locales': {'de': "
        "{'completes': [{'filesize': 1, 'from': '*', 'hashValue': 'ab', 'binTransInclusionProof': 'x'}]}}}}}",
        "{'name': 'R', 'schema_version': 9, 'hashFunction': 'sha512', 'updateLine': [{'for': {'locales': "
        "['de'], 'channels': ['beta*'], 'versions': ['<50.0', '50.0,51.0', '60.*', ''], 'buildIDs': "
        "['>=2016', '2016', '']}, 'fields': {'type': 'major', 'disableBITS': true, "
        "'disableBackgroundUpdates': true, 'promptWaitTime': 3, 'showPrompt': false}}, {'for': {}, 'fields': "
        "{'detailsURL': 'https://elsewhere.org/'}}], 'platforms': {'p': {'locales': {'de': {'completes': "
        "[{'filesize': 1, 'from': '*', 'hashValue': 'ab'}]}}}}}",
        "{'name': 'd', 'schema_version': 50, 'detailsUrl': 'https://elsewhere.org/', 'displayVersion': '3'}",
        "{'name': 'g', 'schema_version': 1000, 'hashFunction': 'SHA256', 'vendors': {'v': {'version': '1', "
        "'platforms': {'p': {'filesize': 3, 'hashValue': "
        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'fileUrl': "
        "'https://good.com/x', 'mirrorUrls': ['http://good.com/y']}, 'q': {'alias': 'p'}}}}}",
        "{'name': 's', 'schema_version': 4000, 'products': ['a']}",
        "{'name': 's', 'schema_version': 4000, 'blobs': []}",
        "{'name': 's', 'schema_version': 5000, 'uninstall': false}",
        "{'name': 's', 'schema_version': 5000, 'addons': {'a': {'version': '1', 'platforms': {'p': "
        "{'filesize': 1, 'hashValue': 'h', 'fileUrl': 'https://good.com/x'}}}}}",
        "{'name': 'g', 'product': 'Firefox', 'schema_version': 10000, 'version': '1', 'required': true, "
        "'hashFunction': 'x', 'platforms': {'p': {'fileUrl': 'https://good.com/x', 'hashValue': 'h'}}}",
        "{'name': "
        "'ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"
        "é', 'schema_version': 4, 'hashFunction': 'sha512'}",
        "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'platforms': {'p': {'alias': 'x', "
        "'locales': {}}}}",
        "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'platforms': {'p': {'buildID': 12}}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct blob_errors errors;
        bool ok = validate(cases[i], &errors);
        ck_assert_msg(ok, "%s: %s", cases[i], errors.error.what);
    }
}
END_TEST

START_TEST(what_the_schemas_refuse)
{
    static const struct {
        const char *blob, *messages;
    } cases[] = {
        /* what is missing or too much */
        { "{'schema_version': 4}",
          "['`name` is a required property', '`hashFunction` is a required property']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'bogus': 1, 'detailsUrl': 5, 'it': "
          "'x'}",
          "['Additional properties are not allowed (`bogus`, `it` were unexpected)', '5 is not of type "
          "`string` at detailsUrl']" },
        { "{'name': 'R', 'schema_version': 1, 'hashFunction': 'sha512', 'appVersion': '1'}",
          "['Additional properties are not allowed (`appVersion` was unexpected)']" },
        { "{'name': 'R', 'schema_version': 2, 'hashFunction': 'sha512', 'extv': '1'}",
          "['Additional properties are not allowed (`extv` was unexpected)']" },
        { "{'name': 'R', 'schema_version': 6, 'hashFunction': 'sha512', 'licenseUrl': 'l'}",
          "['Additional properties are not allowed (`licenseUrl` was unexpected)']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'promptWaitTime': 1}",
          "['Additional properties are not allowed (`promptWaitTime` was unexpected)']" },
        { "{'name': 'R', 'schema_version': 9, 'hashFunction': 'sha512', 'detailsUrl': 'd'}",
          "['Additional properties are not allowed (`detailsUrl` was unexpected)']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'updateLine': []}",
          "['Additional properties are not allowed (`updateLine` was unexpected)']" },
        { "{'schema_version': 1000}", "['`name` is a required property', '`hashFunction` is a required "
                                      "property', '`vendors` is a required property']" },
        { "{'name': 'd', 'schema_version': 50, 'detailsUrl': 'u'}",
          "['`displayVersion` is a required property']" },
        { "{'name': 'g', 'schema_version': 10000, 'platforms': {'p': {'fileUrl': 'x'}, '': {}}}",
          "['`product` is a required property', '`version` is a required property', '`hashFunction` is a "
          "required property', '`` does not match any of the regexes: `^.+$` at platforms', '`hashValue` is "
          "a required property at platforms.p']" },
        { "{'name': 's', 'schema_version': 4000}",
          "['{`name`: `s`, `schema_version`: 4000} is not valid under any of the given schemas (with either "
          "`products` or `blobs`)']" },
        { "{'name': 's', 'schema_version': 4000, 'products': ['a'], 'blobs': ['b']}",
          "['{`name`: `s`, `schema_version`: 4000, `products`: [`a`], `blobs`: [`b`]} is not valid under any "
          "of the given schemas (with either `products` or `blobs`)']" },
        { "{'name': 's', 'schema_version': 5000, 'addons': {'a': {}}}",
          "['`version` is a required property at addons.a']" },
        /* types and texts */
        { "{'name': '', 'schema_version': 4, 'hashFunction': 'sha512'}",
          "['`` should be non-empty at name']" },
        { "{'name': "
          "'ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé"
          "éééé', 'schema_version': 4, 'hashFunction': 'sha512'}",
          "['`éééééééééééééééééééééééééééééé`... is too long at name']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'product': null}",
          "['None is not of type `string` at product']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': true, 'showPrompt': 1}",
          "['True is not of type `string` at hashFunction', '1 is not of type `boolean` at showPrompt']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'platforms': []}",
          "['[] is not of type `object` at platforms']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'appVersion': [1, 2.5, null, "
          "{'it`s': '~q~\\n'}]}",
          "['[1, 2.5, None, {~it`s~: `~q~\\\\n`}] is not of type `string` at appVersion']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'fileUrls': {'*': {'complete': {}}}}",
          "['`complete` does not match any of the regexes: `^(partials|completes)$` at fileUrls.*']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'fileUrls': {'': {}, 'a\\nb': {}}}",
          "['``, `a\\\\nb` do not match any of the regexes: `^.+$` at fileUrls']" },
        { "{'name': 'R', 'schema_version': 1, 'hashFunction': 'sha512', 'fileUrls': {'a\\nb': 'x'}}",
          "['`a\\\\nb` does not match any of the regexes: `^.*$` at fileUrls']" },
        { "{'name': 'R', 'schema_version': 1, 'hashFunction': 'sha512', 'ftpFilenames': {'partials': 'x', "
          "'it': 'y'}}",
          "['`it`, `partials` do not match any of the regexes: `^(partial|complete)$` at ftpFilenames']" },
        { "{'name': 'R', 'schema_version': 3, 'hashFunction': 'sha512', 'ftpFilenames': {'partials': {'a': "
          "1}}}",
          "['1 is not of type `string` at ftpFilenames.partials.a']" },
        /* platforms */
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'platforms': {'p': {'alias': 5}}}",
          "['5 is not of type `string` at platforms.p.alias']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'platforms': {'p': {'locales': "
          "{'de': {'completes': 'no'}}}}}",
          "['`no` is not of type `array` at platforms.p.locales.de.completes']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'platforms': {'p': {'buildID': "
          "'12x'}}}",
          "['`12x` is not valid under any of the given schemas (a number, or digits) at "
          "platforms.p.buildID']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'platforms': {'p': {'locales': {'': "
          "{}}}}}",
          "['`` does not match any of the regexes: `^.+$` at platforms.p.locales']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'platforms': {'p': {'locales': "
          "{'de': {'completes': [{'filesize': '1x', 'from': '*', 'hashValue': 'ab'}]}}}}}",
          "['`1x` is not valid under any of the given schemas (a number, or digits) at "
          "platforms.p.locales.de.completes[0].filesize']" },
        { "{'name': 'R', 'schema_version': 1, 'hashFunction': 'sha512', 'platforms': {'p': {'locales': "
          "{'de': {'complete': {'filesize': 1, 'from': 'R-1', 'hashValue': 'ab'}}}}}}",
          "['`R-1` is not one of [`*`] at platforms.p.locales.de.complete.from']" },
        { "{'name': 'R', 'schema_version': 8, 'hashFunction': 'sha512', 'platforms': {'p': {'locales': "
          "{'de': {'completes': [{'filesize': 1, 'from': '*', 'hashValue': 'ab'}]}}}}}",
          "['`binTransInclusionProof` is a required property at platforms.p.locales.de.completes[0]']" },
        { "{'name': 'R', 'schema_version': 9, 'hashFunction': 'sha512', 'platforms': {'p': {'locales': "
          "{'de': {'isOSUpdate': true}}}}}",
          "['Additional properties are not allowed (`isOSUpdate` was unexpected) at "
          "platforms.p.locales.de']" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'platforms': {'p\\n': {}, '': {}}}",
          "['`` does not match any of the regexes: `^.+$` at platforms']" },
        /* updateLine */
        { "{'name': 'R', 'schema_version': 9, 'hashFunction': 'sha512', 'updateLine': [{'for': {'versions': "
          "['50', '50.0,<51.0', '70.*,71.0', '<60.*', ' 1.0'], 'buildIDs': ['x', '=5', '<2016a', "
          "'>=20_16']}}]}",
          "['`50` is not a `version` at updateLine[0].for.versions[0]', '`50.0,<51.0` is not a `version` at "
          "updateLine[0].for.versions[1]', '`70.*,71.0` is not a `version` at "
          "updateLine[0].for.versions[2]', '`<60.*` is not a `version` at updateLine[0].for.versions[3]', '` "
          "1.0` is not a `version` at updateLine[0].for.versions[4]', '`x` is not a `buildID` at "
          "updateLine[0].for.buildIDs[0]', '`=5` is not a `buildID` at updateLine[0].for.buildIDs[1]', "
          "'`<2016a` is not a `buildID` at updateLine[0].for.buildIDs[2]']" },
        { "{'name': 'R', 'schema_version': 9, 'hashFunction': 'sha512', 'updateLine': [{'fields': {'type': "
          "'big', 'disableBITS': false, 'showPrompt': 'no'}}, {'for': []}, {'more': 1}]}",
          "['`big` is not one of [`minor`, `major`] at updateLine[0].fields.type', '`no` is not of type "
          "`boolean` at updateLine[0].fields.showPrompt', 'False is not one of [True] at "
          "updateLine[0].fields.disableBITS', '[] is not of type `object` at updateLine[1].for', 'Additional "
          "properties are not allowed (`more` was unexpected) at updateLine[2]']" },
        { "{'name': 'R', 'schema_version': 9, 'hashFunction': 'sha512', 'updateLine': [{'fields': {'type': "
          "5, 'disableBITS': 1}}]}",
          "['5 is not of type `string` at updateLine[0].fields.type', '5 is not one of [`minor`, `major`] at "
          "updateLine[0].fields.type', '1 is not of type `boolean` at updateLine[0].fields.disableBITS', '1 "
          "is not one of [True] at updateLine[0].fields.disableBITS']" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct blob_errors errors;
        ck_assert_msg(!validate(cases[i].blob, &errors), "%s", cases[i].blob);
        ck_assert_msg(errors.is_list, "%s", cases[i].blob);
        ck_assert_str_eq(errors.error.what, "Invalid blob! See 'errors' for details.");
        is_json(errors.list, cases[i].messages, cases[i].blob);
        blob_errors_free(&errors);
    }
}
END_TEST

START_TEST(what_else_is_refused)
{
    static const struct {
        const char *blob, *text;
    } cases[] = {
        { "{'name': 'R', 'schema_version': 50, 'detailsUrl': 'x\\ny', 'displayVersion': '1'}",
          "Control characters are not allowed at detailsUrl" },
        { "{'name': 'R', 'schema_version': 1, 'hashFunction': 'sha512', 'fileUrls': {'release': "
          "'https://evil.com/'}}",
          "Blob contains forbidden domain(s): 'evil.com' at fileUrls.release" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'fileUrls': {'*': {'partials': "
          "{'R-1': 'https://other.org/x'}}}}",
          "Blob contains forbidden domain(s): 'other.org' at fileUrls.*.partials.R-1" },
        { "{'name': 'R', 'schema_version': 4, 'hashFunction': 'sha512', 'platforms': {'p': {'locales': "
          "{'de': {'completes': [{'filesize': 1, 'from': '*', 'hashValue': 'ab', 'fileUrl': "
          "'https://good.com/x'}, {'filesize': 1, 'from': '*', 'hashValue': 'ab', 'fileUrl': "
          "'good.com/x'}]}}}}}",
          "Blob contains forbidden domain(s): 'good.com/x' at platforms.p.locales.de.completes[1].fileUrl" },
        { "{'name': 'R', 'schema_version': 1, 'hashFunction': 'sha512', 'platforms': {'p': {'locales': "
          "{'de': {'partial': {'filesize': 1, 'from': '*', 'hashValue': 'ab', 'fileUrl': 'x'}}}}}}",
          "Blob contains forbidden domain(s): 'x' at platforms.p.locales.de.partial.fileUrl" },
        { "{'name': 'g', 'schema_version': 1000, 'hashFunction': 'sha256', 'vendors': {'v': {'version': '1', "
          "'platforms': {'p': {'filesize': 3, 'hashValue': "
          "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'fileUrl': "
          "'https://good.com/x', 'mirrorUrls': ['http://evil.com/y']}}}}}",
          "Blob contains forbidden domain(s): 'evil.com' at vendors.v.platforms.p.mirrorUrls[0]" },
        { "{'name': 's', 'schema_version': 5000, 'addons': {'a': {'version': '1', 'platforms': {'p': "
          "{'filesize': 1, 'hashValue': 'h', 'fileUrl': 'https://evil.com/x'}}}}}",
          "Blob contains forbidden domain(s): 'evil.com' at addons.a.platforms.p.fileUrl" },
        { "{'name': 'g', 'product': 'Firefox', 'schema_version': 10000, 'version': '1', 'hashFunction': 'x', "
          "'platforms': {'p': {'fileUrl': 'https://evil.com/x', 'hashValue': 'h'}}}",
          "Blob contains forbidden domain(s): 'evil.com' at platforms.p.fileUrl" },
        { "{'name': 'g', 'schema_version': 1000, 'hashFunction': 'SHA512', 'vendors': {'v': {'version': '1', "
          "'platforms': {'p': {'filesize': 3, 'hashValue': "
          "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'fileUrl': "
          "'https://good.com/x'}}}}}",
          "The hashValue length is different from the required length of 128 for sha512 at "
          "vendors.v.platforms.p.hashValue" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct blob_errors errors;
        ck_assert_msg(!validate(cases[i].blob, &errors), "%s", cases[i].blob);
        ck_assert(!errors.is_list);
        ck_assert_str_eq(errors.error.what, cases[i].text);
        ck_assert_int_eq(cJSON_GetArraySize(errors.list), 1);
        ck_assert_str_eq(errors.list->child->valuestring, cases[i].text);
        blob_errors_free(&errors);
    }
}
END_TEST

START_TEST(blobs_without_a_format)
{
    static const struct {
        const char *blob, *message;
    } cases[] = {
        { "[]", "the blob is not an object" },
        { "{}", "schema_version is not set" },
        { "{'schema_version': 0}", "schema_version is not set" },
        { "{'schema_version': 7}", "schema_version is unknown" },
        { "{'schema_version': '4'}", "schema_version is unknown" },
        { "{'schema_version': null}", "schema_version is not set" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct blob_errors errors;
        ck_assert(!validate(cases[i].blob, &errors));
        ck_assert(errors.is_list);
        ck_assert_str_eq(errors.error.what, "Invalid Blob");
        ck_assert_str_eq(errors.list->child->valuestring, cases[i].message);
        blob_errors_free(&errors);
    }
}
END_TEST

/* The reference fails at these. */
START_TEST(hashes_of_an_unknown_function)
{
    struct blob_errors errors;
    ck_assert(!validate(
        "{'name': 'g', 'schema_version': 1000, 'hashFunction': 'md5', 'vendors': {'v': {'version': '1', "
        "'platforms': {'p': {'filesize': 3, 'hashValue': 'x', 'fileUrl': 'https://good.com/x'}}}}}",
        &errors));
    ck_assert_str_eq(errors.error.what, "The hashFunction md5 is unknown.");
    blob_errors_free(&errors);
}
END_TEST

START_TEST(no_product_may_be_served_from_nowhere)
{
    struct blob_errors errors;
    cJSON *blob = parse_quoted("{'name': 'R', 'schema_version': 1, 'hashFunction': 'x', 'fileUrls': "
                               "{'release': 'https://good.com/'}}");
    ck_assert(!blob_validate(blob, STR_NONE, allowlist, &errors));
    blob_errors_free(&errors);
    ck_assert(!blob_validate(blob, STR("firefox"), allowlist, &errors));
    blob_errors_free(&errors);
    cJSON_Delete(blob);
}
END_TEST

/* Whether groups with the conditions X and Y, written as JSON, conflict. */
static bool conflict(const char *x, const char *y)
{
    char text[400];
    struct blob_errors errors;
    snprintf(
        text, sizeof text,
        "{'name': 'R', 'schema_version': 9, 'hashFunction': 'x', 'updateLine': [{'for': {%s}, 'fields': "
        "{'type': 'minor', 'actions': 'a'}}, {'for': {%s}, 'fields': {'type': 'major', 'openURL': 'b'}}]}",
        x, y);
    bool ok = validate(text, &errors);
    if (!ok) {
        ck_assert_msg(errors.is_list, "%s", errors.error.what);
        ck_assert_str_eq(errors.error.what, "Multiple values found for updateLine items: type");
        snprintf(text, sizeof text, "[[{%s}, {%s}, ['type']]]", x, y);
        is_json(errors.list, text, x);
    }
    blob_errors_free(&errors);
    return !ok;
}

static bool values_conflict(const char *condition, const char *x, const char *y)
{
    char one[100], other[100];
    snprintf(one, sizeof one, "'%s': ['%s']", condition, x);
    snprintf(other, sizeof other, "'%s': ['%s']", condition, y);
    return conflict(one, other);
}

START_TEST(values_of_groups_that_meet)
{
    static const struct {
        const char *condition, *x, *y;
        bool meet;
    } cases[] = {
        { "channels", "release", "release", true },
        { "channels", "release*", "release", true },
        { "channels", "release", "release*", true },
        { "channels", "release*", "rel*", true },
        { "channels", "beta", "release", false },
        { "channels", "release", "release-cck-x", true },
        { "channels", "a*", "ab", false },
        { "locales", "de", "de", true },
        { "locales", "de", "fr", false },
        { "versions", "50.0", "50.0", true },
        { "versions", "<50.0", "49.0", true },
        { "versions", "<50.0", "50.0", false },
        { "versions", "50.0", ">=50.0", true },
        { "versions", ">50.0", "<51.0", true },
        { "versions", ">50.0", "<50.1", false },
        { "versions", ">50.0", "<50.2", true },
        { "versions", "<50.0", ">=50.0", false },
        { "versions", "<=50.0", ">=50.0", true },
        { "versions", "<50.0.0", "<40.0", true },
        { "versions", "<50.0", ">49.999", true },
        { "versions", "<50.0", ">49.998", true },
        { "versions", "<70.0", "69.*", true },
        { "versions", "70.*", "<71.0", true },
        { "versions", "<70.0", "70.*", false },
        { "versions", "<2.0.0.20", ">2.0.0.18", true },
        { "versions", "<2.0.0.20", ">2.0.0.19", false },
        { "buildIDs", "2016", "2016", true },
        { "buildIDs", "<2016", "<2015", true },
        { "buildIDs", ">2016", "<2018", true },
        { "buildIDs", ">2016", "<2017", false },
        { "buildIDs", ">=2016", "<=2016", true },
        { "buildIDs", ">2016", "<=2016", false },
        /* values without operators that differ: the reference fails at them */
        { "versions", "50.0", "51.0", false },
        { "versions", "50.0", "50.0.0", true },
        { "versions", "70.*", "70.1", true },
        { "versions", "70.*", "70.1.*", true },
        { "versions", "70.*", "71.*", false },
        { "versions", "50.0,51.0", ">=51.0", true },
        { "versions", "50.0,51.0", "52.0,50.0", true },
        { "buildIDs", "2016", "2017", false },
        { "buildIDs", "2016", ">2015", true },
        { "buildIDs", "<2016", "2016", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert_msg(values_conflict(cases[i].condition, cases[i].x, cases[i].y) == cases[i].meet,
                      "%s %s %s", cases[i].condition, cases[i].x, cases[i].y);
        ck_assert_msg(values_conflict(cases[i].condition, cases[i].y, cases[i].x) == cases[i].meet,
                      "%s %s %s", cases[i].condition, cases[i].y, cases[i].x);
    }
}
END_TEST

START_TEST(conditions_of_groups_that_meet)
{
    ck_assert(conflict("", "'locales': ['de']"));
    ck_assert(conflict("'channels': ['beta']", "'locales': ['de']"));
    ck_assert(conflict("'locales': ['de', 'fr']", "'locales': ['it', 'fr']"));
    ck_assert(!conflict("'locales': []", "'locales': ['it']"));
    ck_assert(
        !conflict("'channels': ['beta'], 'locales': ['de']", "'channels': ['beta'], 'locales': ['fr']"));
    ck_assert(
        conflict("'channels': ['beta'], 'locales': ['de']", "'channels': ['beta'], 'versions': ['<50.0']"));
}
END_TEST

START_TEST(versions_that_cannot_be_compared)
{
    static const char *const cases[] = { "<70.0a1", ">2.0.9.9b1", "<0.0" };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[400];
        struct blob_errors errors;
        snprintf(
            text, sizeof text,
            "{'name': 'R', 'schema_version': 9, 'hashFunction': 'x', 'updateLine': [{'for': {'versions': "
            "['%s']}, "
            "'fields': {'type': 'minor'}}, {'for': {'versions': ['<60.0']}, 'fields': {'type': 'major'}}]}",
            cases[i]);
        ck_assert(!validate(text, &errors));
        ck_assert(!errors.is_list);
        ck_assert_msg(strstr(errors.error.what, cases[i] + 1) != NULL, "%s", errors.error.what);
        blob_errors_free(&errors);
    }
}
END_TEST

START_TEST(groups_that_cannot_conflict)
{
    static const char *const cases[] = {
        "[]",
        "[{'fields': {'type': 'minor'}}, {'fields': {'type': 'minor'}}]",
        "[{'for': {}, 'fields': {'type': 'minor'}}, {'for': {}, 'fields': {'actions': 'a'}}]",
        "[{'for': {}}, {'fields': {'type': 'minor'}}]",
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[400];
        struct blob_errors errors;
        snprintf(text, sizeof text,
                 "{'name': 'R', 'schema_version': 9, 'hashFunction': 'x', 'updateLine': %s}", cases[i]);
        ck_assert_msg(validate(text, &errors), "%s", cases[i]);
    }
}
END_TEST

/* The bytes that the list of ERRORS takes in an answer. */
static size_t printed_size(const struct blob_errors *errors)
{
    char *text = cJSON_PrintUnformatted(errors->list);
    size_t n = strlen(text);
    free(text);
    return n;
}

START_TEST(messages_are_bounded)
{
    enum { PLATFORMS = 3000, TEXT = 4000 };
    struct blob_errors errors;
    cJSON *blob = parse_quoted("{'name': 'R', 'schema_version': 4, 'hashFunction': 'x', 'platforms': {}}");
    char *text = malloc(TEXT + 1);
    memset(text, 'x', TEXT);
    text[TEXT] = '\0';
    for (int i = 0; i < PLATFORMS; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        cJSON_AddStringToObject(cJSON_GetObjectItem(blob, "platforms"), name, text);
    }
    ck_assert(!blob_validate(blob, STR("Firefox"), allowlist, &errors));
    ck_assert_int_gt(cJSON_GetArraySize(errors.list), 3);
    ck_assert_uint_lt(printed_size(&errors), 1700);
    is_json(cJSON_GetArrayItem(errors.list, cJSON_GetArraySize(errors.list) - 1),
            "'there are more errors than are shown here'", "last");
    blob_errors_free(&errors);
    cJSON_ReplaceItemInObjectCaseSensitive(blob, "hashFunction",
                                           cJSON_Duplicate(json_get(blob, "platforms"), true));
    ck_assert(!blob_validate(blob, STR("Firefox"), allowlist, &errors));
    is_json(cJSON_GetArrayItem(errors.list, 0), "'{...} is not of type `string` at hashFunction'", "long");
    ck_assert_uint_lt(printed_size(&errors), 1700);
    blob_errors_free(&errors);
    cJSON_Delete(blob);
    free(text);
}
END_TEST

START_TEST(conflicts_are_bounded)
{
    for (size_t k = 0; k < 2; k++) {
        static char text[50000];
        struct blob_errors errors;
        int n = snprintf(text, sizeof text,
                         "{'name': 'R', 'schema_version': 9, 'hashFunction': 'x', 'updateLine': [");
        for (int i = 0; i < 20; i++) {
            n += snprintf(text + n, sizeof text - (size_t)n,
                          "%s{'for': {'locales': ['%0*d', 'de']}, 'fields': {'actions': 'a%d'}}",
                          i > 0 ? ", " : "", k == 0 ? 100 : 1000, i, i);
        }
        snprintf(text + n, sizeof text - (size_t)n, "]}");
        ck_assert(!validate(text, &errors));
        ck_assert_int_gt(cJSON_GetArraySize(errors.list), 3);
        ck_assert_uint_lt(printed_size(&errors), 1700);
        if (k == 1) {
            is_json(errors.list->child, "'updateLine[0] and updateLine[1] are for the same queries'", "long");
        }
        blob_errors_free(&errors);
    }
}
END_TEST

START_TEST(the_version_of_a_release)
{
    static const struct {
        const char *blob, *version;
    } cases[] = { { "{'schema_version': 1, 'extv': '3.6', 'appVersion': '4'}", "3.6" },
                  { "{'schema_version': 9, 'extv': '3.6', 'appVersion': '4.0'}", "4.0" },
                  { "{'schema_version': 4, 'platforms': {'p': {'locales': {'de': {'appVersion': '1'}}}}}",
                    NULL },
                  { "{'schema_version': 4, 'appVersion': 5}", NULL },
                  { "{'schema_version': 50, 'appVersion': '5'}", NULL } };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cJSON *blob = parse_quoted(cases[i].blob);
        ck_assert(str_eq(blob_application_version(blob), str_of(cases[i].version)));
        cJSON_Delete(blob);
    }
}
END_TEST

SUITE_MAIN_WITH("blob_validate", setup, teardown, good_blobs, what_the_schemas_refuse, what_else_is_refused,
                blobs_without_a_format, hashes_of_an_unknown_function, no_product_may_be_served_from_nowhere,
                values_of_groups_that_meet, conditions_of_groups_that_meet, versions_that_cannot_be_compared,
                groups_that_cannot_conflict, messages_are_bounded, conflicts_are_bounded,
                the_version_of_a_release)
