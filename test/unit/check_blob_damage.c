/* Whatever is in the database, compiling and asking must not crash: each format's blob is cut short, has
 * bytes changed, and has every value replaced by every kind of value. Runs under the sanitizers in CI. Also:
 * how much memory a big release takes. */
#include "blob_world.h"

#include "core/json.h"

static const char *const blobs[] = {
    "{'name': 'R', 'schema_version': 1, 'hashFunction': 'sha512', 'appv': '3.0', 'extv': '3.0', "
    "'detailsUrl': 'd',"
    " 'oldVersionSpecialCases': true, 'fileUrls': {'c': 'http://good.com/%PRODUCT%/%FILENAME%'}, "
    "'bouncerProducts':"
    " {'complete': 'x'}, 'ftpFilenames': {'complete': 'x'}, 'platforms': {'Win': {'OS_FTP': 'a', "
    "'OS_BOUNCER': 'b',"
    " 'buildID': '5', 'locales': {'de': {'complete': {'from': '*', 'hashValue': 'a', 'filesize': 1}, "
    "'partial':"
    " {'from': 'R', 'fileUrl': 'http://good.com/', 'hashValue': 'a', 'filesize': 1}}}}, 'W': {'alias': "
    "'Win'}}}",
    "{'name': 'R', 'schema_version': 3, 'hashFunction': 'sha512', 'appVersion': '3.0', 'fileUrls': {'c': "
    "'http://good.com/%PRODUCT%/%FILENAME%'}, 'bouncerProducts': {'completes': {'*': 'x'}}, 'ftpFilenames': "
    "{'completes': {'*': 'x'}}, 'platforms': {'Win': {'OS_FTP': 'a', 'OS_BOUNCER': 'b', 'buildID': '5', "
    "'locales': "
    "{'de': {'completes': [{'from': '*', 'hashValue': 'a', 'filesize': 1}], 'partials': [{'from': 'R'}]}}}}}",
    "{'name': 'R', 'schema_version': 8, 'hashFunction': 'sha512', 'appVersion': '3.0', 'openURL': 'o', "
    "'actions': 'a',"
    " 'fileUrls': {'c': {'completes': {'*': 'http://good.com/%LOCALE%'}}, '*': {'partials': {'R': 'x'}}}, "
    "'platforms':"
    " {'Win': {'OS_FTP': 'a', 'OS_BOUNCER': 'b', 'buildID': '5', 'locales': {'de': {'isOSUpdate': true, "
    "'completes':"
    " [{'from': '*', 'hashValue': 'a', 'filesize': 1, 'binTransInclusionProof': 'p'}], 'partials': [{'from': "
    "'R'}]}}},"
    " 'W': {'alias': 'Win'}}}",
    "{'name': 'R', 'schema_version': 9, 'hashFunction': 'sha512', 'appVersion': '3.0', 'updateLine': "
    "[{'for': "
    "{'channels': ['c*'], 'versions': ['<4.0', '2.*'], 'buildIDs': ['>0'], 'locales': ['de']}, 'fields': "
    "{'type': 't',"
    " 'openURL': '%LOCALE%', 'showPrompt': false}}, {'for': {}, 'fields': {'actions': 'a'}}], 'platforms': "
    "{'Win': "
    "{'locales': {'de': {'buildID': '5', 'completes': [{'from': 'R', 'fileUrl': 'http://good.com/', "
    "'hashValue': 'a',"
    " 'filesize': 1}]}}}}}",
    "{'name': 'R', 'schema_version': 50, 'detailsUrl': 'http://x/%OS%', 'displayVersion': '5'}",
    "{'name': 'R', 'schema_version': 1000, 'hashFunction': 'sha512', 'vendors': {'v': {'version': '1', "
    "'platforms': "
    "{'Win': {'alias': 'x'}, 'x': {'fileUrl': 'http://good.com/', 'hashValue': 'a', 'filesize': 1, "
    "'mirrorUrls': "
    "['http://good.com/m']}}}, 'w': {'version': '2', 'platforms': {'default': {'fileUrl': "
    "'http://good.com/'}}}}}",
    "{'name': 'R', 'schema_version': 4000, 'products': ['a', 'b'], 'blobs': ['c']}",
    "{'name': 'R', 'schema_version': 5000, 'hashFunction': 'sha512', 'uninstall': false, 'addons': {'v': "
    "{'version': "
    "'1', 'platforms': {'default': {'fileUrl': 'http://good.com/', 'hashValue': 'a', 'filesize': 1}}}}}",
    "{'name': 'R', 'schema_version': 10000, 'version': '5.0', 'required': true, 'hashFunction': 'sha512', "
    "'platforms':"
    " {'Win': {'fileUrl': 'http://good.com/', 'hashValue': 'a'}}}",
};
enum { N_BLOBS = ARRAY_LEN(blobs) };

static const char *const values[] = {
    "null", "true", "0",  "-1e308",      "''", "'%LOCALE%'",
    "'*'",  "'R'",  "[]", "['x', null]", "{}", "{'a': {'b': []}}",
};
enum { N_VALUES = ARRAY_LEN(values) };

static void ask_all(const struct release *r)
{
    static const char *const targets[] = { "Win", "W", "x" };
    struct release_env env = world_env();
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        world_query("OpenH264", "2.0.0.1", "1", targets[i], "de", "c");
        w.q.product = i == 0 ? STR("Guardian") : w.q.product;
        w.q.force = i == 1 ? FORCE_MAIN : FORCE_NONE;
        w.q.pin = i == 2 ? STR("2.") : STR_NONE;
        buf_reset(&w.out);
        release_should_serve(r, &w.q, &w.error);
        release_header_xml(r, &env, &w.out, &w.error);
        release_inner_xml(r, &env, &w.out, &w.error, NULL);
        release_footer_xml(r, &env, &w.out, &w.error);
        release_json(r, &env, &w.out, &w.error);
    }
}

/* Compiles JSON in both uses and asks what comes of it, with itself as the release that partials start from.
 */
static bool try_json(struct str json)
{
    struct release_row row = { .name = STR("R"), .json = json };
    struct release *from = release_compile(w.ctx, &row, RELEASE_BUILD_IDS, &w.error);
    struct release *r = release_compile(w.ctx, &row, RELEASE_SERVED, &w.error);
    ck_assert((from == NULL) == (r == NULL));
    if (r == NULL) {
        return false;
    }
    w.release[0] = from;
    w.n = 1;
    ask_all(r);
    ask_all(from);
    w.n = 0;
    talloc_free(from);
    talloc_free(r);
    return true;
}

START_TEST(whole_blobs)
{
    ck_assert(try_json(world_json(blobs[_i])));
}
END_TEST

START_TEST(cut_short)
{
    struct str json = world_json(blobs[_i]);
    for (size_t n = 0; n < json.n; n++) {
        ck_assert(!try_json(str_slice(json, 0, n)));
    }
}
END_TEST

START_TEST(bytes_changed)
{
    static const char bytes[] = { '\0', '"', '{', '}', '[', ',', ':', '0', '%', '\\', '\x80' };
    struct str json = world_json(blobs[_i]);
    char *p = mem_strndup(w.ctx, json.p, json.n);
    for (size_t i = 0; i < json.n; i++) {
        for (size_t j = 0; j < sizeof bytes; j++) {
            p[i] = bytes[j];
            try_json((struct str){ p, json.n });
        }
        p[i] = json.p[i];
    }
}
END_TEST

/* Replaces each value below VALUE, in turn, by each of values[], and tries the whole. */
static void replace_below(const cJSON *root, cJSON *value)
{
    for (cJSON *child = value->child; child != NULL; child = child->next) {
        replace_below(root, child);
        cJSON before = *child;
        for (size_t i = 0; i < N_VALUES; i++) {
            cJSON *other = json_parse(world_json(values[i]), &w.error);
            ck_assert_ptr_nonnull(other);
            child->type = other->type;
            child->child = other->child;
            child->valuestring = other->valuestring;
            child->valuedouble = other->valuedouble;
            struct buf text;
            buf_init(&text, 1024, 1 << 20);
            json_print(&text, root, JSON_DUMPS);
            try_json(buf_view(&text));
            buf_free(&text);
            *child = before;
            cJSON_Delete(other);
        }
    }
}

START_TEST(values_replaced)
{
    cJSON *root = json_parse(world_json(blobs[_i]), &w.error);
    replace_below(root, root);
    cJSON_Delete(root);
}
END_TEST

/* Many names of one kind must neither take quadratic time nor much memory. */
START_TEST(many_of_a_kind)
{
    enum { N = 20000 };
    static const char *const shapes[][2] = {
        { "{\"schema_version\": 4, \"platforms\": {\"Win\": {}", ", \"p%u\": {\"alias\": \"Win\"}" },
        { "{\"schema_version\": 4, \"fileUrls\": {\"c\": {}", ", \"c%u\": {\"completes\": {\"*\": \"u\"}}" },
        { "{\"schema_version\": 4, \"platforms\": {\"Win\": {\"locales\": {\"de\": {}}}",
          ", \"p%u\": {\"locales\": 1}" },
        { "{\"schema_version\": 1000, \"vendors\": {\"v\": {}", ", \"v%u\": {\"platforms\": {}}" },
        { "{\"schema_version\": 10000, \"platforms\": {\"p\": {}", ", \"p%u\": {\"fileUrl\": \"u\"}" },
    };
    struct buf json;
    buf_init(&json, 1 << 20, 64 << 20);
    buf_str(&json, str_of(shapes[_i][0]));
    for (unsigned i = 0; i < N; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        buf_printf(&json, shapes[_i][1], i);
#pragma GCC diagnostic pop
    }
    buf_lit(&json, "}}");
    ck_assert(try_json(buf_view(&json)));
    buf_free(&json);
}
END_TEST

START_TEST(deeply_nested)
{
    struct buf json;
    buf_init(&json, 1 << 20, 64 << 20);
    buf_lit(&json, "{\"schema_version\": 4, \"platforms\": ");
    for (unsigned i = 0; i < 100000; i++) {
        buf_lit(&json, "[");
    }
    ck_assert(!try_json(buf_view(&json)));
    buf_free(&json);
}
END_TEST

static void append_patch(struct buf *json, const char *from, unsigned number)
{
    buf_printf(json, "{\"filesize\": %u, \"from\": \"%s\", \"hashValue\": \"", 50000000 + number * 7919,
               from);
    for (unsigned i = 0; i < 16; i++) {
        buf_printf(json, "%08x", number * 2654435761u + i * 40503u);
    }
    buf_lit(json, "\"}");
}

/* A release as they are shipped: 8 platforms, 100 locales, a complete and three partials each. */
static void append_release(struct buf *json)
{
    unsigned number = 0;
    buf_lit(json, "{\"name\": \"Firefox-118.0-build2\", \"schema_version\": 9, \"hashFunction\": \"sha512\", "
                  "\"appVersion\": \"118.0\", \"displayVersion\": \"118.0\", \"platforms\": {");
    for (unsigned platform = 0; platform < 8; platform++) {
        buf_printf(json,
                   "%s\"Platform%u\": {\"OS_FTP\": \"win64\", \"OS_BOUNCER\": \"win64\", \"locales\": {",
                   platform > 0 ? ", " : "", platform);
        for (unsigned locale = 0; locale < 100; locale++) {
            buf_printf(json, "%s\"l%u\": {\"buildID\": \"20230918143747\", \"completes\": [",
                       locale > 0 ? ", " : "", locale);
            append_patch(json, "*", ++number);
            buf_lit(json, "], \"partials\": [");
            append_patch(json, "Firefox-117.0.1-build2", ++number);
            buf_lit(json, ", ");
            append_patch(json, "Firefox-117.0-build2", ++number);
            buf_lit(json, ", ");
            append_patch(json, "Firefox-116.0.3-build2", ++number);
            buf_lit(json, "]}");
        }
        buf_lit(json, "}}");
    }
    buf_lit(json, "}}");
}

START_TEST(compiled_is_smaller_than_json)
{
    struct buf json;
    buf_init(&json, 1 << 20, 64 << 20);
    append_release(&json);
    struct release_row row = { .name = STR("R"), .json = buf_view(&json) };
    struct release *served = release_compile(w.ctx, &row, RELEASE_SERVED, &w.error);
    struct release *build_ids = release_compile(w.ctx, &row, RELEASE_BUILD_IDS, &w.error);
    ck_assert(served != NULL && build_ids != NULL);
    fprintf(stderr, "JSON %zu bytes, compiled %zu, for build ids only %zu\n", json.n,
            talloc_total_size(served), talloc_total_size(build_ids));
    ck_assert_uint_lt(talloc_total_size(served), json.n);
    ck_assert_uint_lt(talloc_total_size(build_ids), json.n / 4);
    buf_free(&json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("blob_damage");
    TCase *tc = tcase_create("blob_damage");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, world_setup, world_teardown);
    tcase_add_loop_test(tc, whole_blobs, 0, N_BLOBS);
    tcase_add_loop_test(tc, cut_short, 0, N_BLOBS);
    tcase_add_loop_test(tc, bytes_changed, 0, N_BLOBS);
    tcase_add_loop_test(tc, values_replaced, 0, N_BLOBS);
    tcase_add_loop_test(tc, many_of_a_kind, 0, 5);
    tcase_add_test(tc, deeply_nested);
    tcase_add_test(tc, compiled_is_smaller_than_json);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
