/* Merging, splitting and comparing releases. What is wanted is what the reference makes of the same values.
 */
#include "core/mem.h"
#include "core/python.h"
#include "release/assets.h"
#include "blob/merge.h"
#include "blob/split.h"
#include "core/tree.h"

#include "blob_json.h"

START_TEST(three_ways)
{
    static const struct {
        const char *ancestor, *left, *right, *want;
    } cases[] = {
        { "{}", "{}", "{}", "{}" },
        { "{'a': 1, 'b': 1, 'c': 1}", "{'a': 2, 'b': 1, 'c': 1}", "{'a': 1, 'b': 3, 'c': 1}",
          "{'a': 2, 'b': 3, 'c': 1}" },
        { "{'a': 1}", "{'a': 1, 'b': 2}", "{'a': 1, 'c': {'d': 3}}", "{'a': 1, 'b': 2, 'c': {'d': 3}}" },
        { "{}", "{'a': 1}", "{'a': 1}", "{'a': 1}" },
        { "{}", "{'a': 1}", "{'a': 2}", "Cannot merge blobs: left and right are both changing 'a'" },
        { "{'a': 1, 'b': 2}", "{'b': 2}", "{'a': 1}", "{'b': 2, 'a': 1}" },
        { "{'a': 1, 'b': 2}", "{'b': 2}", "{'a': 3, 'b': 2}", "{'b': 2, 'a': 3}" },
        { "{'a': {'x': 1}}", "{}", "{'a': {'x': 1, 'y': 2}}", "{'a': {'x': 1, 'y': 2}}" },
        { "{'a': 1}", "{'a': 2}", "{'a': 2}", "Cannot merge blobs: left and right are both changing 'a'" },
        { "{'a': 1}", "{'a': 2}", "{'a': 3}", "Cannot merge blobs: left and right are both changing 'a'" },
        { "{'a': {'b': {'cé': 1}}}", "{'a': {'b': {'cé': 2}}}", "{'a': {'b': {'cé': 3}}}",
          "Cannot merge blobs: left and right are both changing 'c?'" },
        { "{'a': 1}", "{'a': '1'}", "{'a': 1}", "Cannot merge blobs: type mismatch for 'a'" },
        { "{'a': true}", "{'a': 1}", "{'a': true}", "Cannot merge blobs: type mismatch for 'a'" },
        { "{'a': []}", "{'a': {}}", "{}", "Cannot merge blobs: type mismatch for 'a'" },
        { "{'a': null}", "{'a': 1}", "{'a': null}", "{'a': 1}" },
        { "{'a': 1}", "{'a': null}", "{'a': 1}", "{'a': null}" },
        { "{'a': null}", "{'a': 1}", "{'a': 'x'}", "Cannot merge blobs: type mismatch for 'a'" },
        { "{'a': [1, 2]}", "{'a': [2, 3]}", "{'a': [4, 1]}", "{'a': [1, 2, 3, 4]}" },
        { "{'a': [{'x': 1}]}", "{'a': [{'x': 1}, {'y': [2]}]}", "{'a': [{'y': [2]}, {'y': [2, 2]}]}",
          "{'a': [{'x': 1}, {'y': [2]}, {'y': [2, 2]}]}" },
        { "{'a': [1, 1]}", "{'a': [true]}", "{'a': [0, false, false]}", "{'a': [1, 0]}" },
        { "{'a': [true]}", "{'a': [1]}", "{'a': [1]}", "{'a': [true, 1, 1]}" },
        { "{'a': ['x']}", "{}", "{'b': []}", "{'b': [], 'a': ['x']}" },
        /* the reference fails at a null where another has members */
        { "{'a': null}", "{'a': {}}", "{}", "Cannot merge blobs: type mismatch for 'a'" },
        { "{'a': []}", "{'a': null}", "{}", "Cannot merge blobs: type mismatch for 'a'" },
        { "{}", "[]", "{}", "Cannot merge blobs: one of them is not an object" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct error e = { 0 };
        cJSON *ancestor = parse_quoted(cases[i].ancestor);
        cJSON *left = parse_quoted(cases[i].left);
        cJSON *right = parse_quoted(cases[i].right);
        cJSON *merged = merge_three(ancestor, left, right, &e);
        if (merged != NULL) {
            is_json(merged, cases[i].want, cases[i].left);
        } else {
            ck_assert_str_eq(e.what, cases[i].want);
            ck_assert_int_eq(e.kind, ERROR_BAD_REQUEST);
        }
        cJSON_Delete(ancestor);
        cJSON_Delete(left);
        cJSON_Delete(right);
        cJSON_Delete(merged);
    }
}
END_TEST

/* An object with members k0…kN-1, all but those that STEP divides, and a list of as many items. */
static cJSON *wide(int n, int step)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *list = cJSON_AddArrayToObject(object, "list");
    for (int i = 0; i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "k%d", i);
        if (i % step != 0) {
            cJSON_AddNumberToObject(object, name, i);
            cJSON_AddItemToArray(list, cJSON_CreateString(name));
        }
    }
    return object;
}

START_TEST(many_members)
{
    enum { MANY = 20000 };
    struct error e;
    cJSON *ancestor = wide(MANY, 2);
    cJSON *left = wide(MANY, 3);
    cJSON *right = wide(MANY, 5);
    cJSON *merged = merge_three(ancestor, left, right, &e);
    ck_assert_ptr_nonnull(merged);
    ck_assert_int_eq(cJSON_GetArraySize(merged), MANY - (MANY + 29) / 30 + 1);
    ck_assert_int_eq(cJSON_GetArraySize(json_get(merged, "list")), MANY - (MANY + 29) / 30);
    ck_assert(tree_equal(json_get(merged, "k77"), json_get(left, "k77")));
    merge_over(left, right);
    ck_assert_int_eq(cJSON_GetArraySize(left), MANY - (MANY + 14) / 15 + 1);
    cJSON_Delete(ancestor);
    cJSON_Delete(left);
    cJSON_Delete(right);
    cJSON_Delete(merged);
}
END_TEST

START_TEST(over_one_another)
{
    static const struct {
        const char *base, *next, *want;
    } cases[] = {
        { "{}", "{}", "{}" },
        { "{'a': 1}", "{'b': {'c': []}}", "{'a': 1, 'b': {'c': []}}" },
        { "{'a': 1, 'b': [1, 2]}", "{'b': [3], 'a': null}", "{'a': null, 'b': [3]}" },
        { "{'a': {'x': 1, 'y': 2}}", "{'a': {'y': {}, 'z': 3}}", "{'a': {'x': 1, 'y': {}, 'z': 3}}" },
        { "{'a': {'x': 1}}", "{'a': 5}", "{'a': 5}" },
        { "{'a': 5}", "{'a': {'x': 1}}", "{'a': {'x': 1}}" },
        { "{'a': 1, 'A': 2}", "{'A': 3}", "{'a': 1, 'A': 3}" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cJSON *base = parse_quoted(cases[i].base);
        cJSON *next = parse_quoted(cases[i].next);
        merge_over(base, next);
        is_json(base, cases[i].want, cases[i].base);
        is_json(next, cases[i].next, cases[i].next);
        cJSON_Delete(base);
        cJSON_Delete(next);
    }
}
END_TEST

static cJSON *list_assets(const struct split *split)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < split->n; i++) {
        cJSON *asset = cJSON_CreateArray();
        cJSON_AddItemToArray(asset, cJSON_CreateString(split->asset[i].path.p));
        cJSON_AddItemToArray(asset, cJSON_CreateString(split->asset[i].platform));
        cJSON_AddItemToArray(asset, cJSON_CreateString(split->asset[i].locale));
        cJSON_AddItemToArray(asset, cJSON_Duplicate(split->asset[i].value, true));
        cJSON_AddItemToArray(list, asset);
    }
    return list;
}

START_TEST(splitting)
{
    static const struct {
        int version;
        const char *blob, *base, *assets;
    } cases[] = {
        { 4, "{}", "{}", "[]" },
        { 9, "{'name': 'R', 'fileUrls': {}, 'platforms': {}}", "{'name': 'R', 'fileUrls': {}}", "[]" },
        { 1,
          "{'platforms': {'p': {'OS_FTP': 'o', 'locales': {'de': {'a': {}}, 'fr': {}}}, 'q': {'alias': "
          "'p'}}, 'b': 1}",
          "{'platforms': {'p': {'OS_FTP': 'o'}, 'q': {'alias': 'p'}}, 'b': 1}",
          "[['.platforms.p.locales.de', 'p', 'de', {'a': {}}], ['.platforms.p.locales.fr', 'p', 'fr', {}]]" },
        { 4, "{'platforms': {'p': {'locales': {'de': 5}}, 'q': {'locales': {}}, 'r': {}}}", "{}",
          "[['.platforms.p.locales.de', 'p', 'de', 5]]" },
        { 4, "{'platforms': {'p': {'x': {}, 'locales': {}}}}", "{'platforms': {'p': {'x': {}}}}", "[]" },
        { 50, "{'platforms': {'p': {'locales': {'de': {}}}}}",
          "{'platforms': {'p': {'locales': {'de': {}}}}}", "[]" },
        /* the reference fails at these */
        { 4, "{'platforms': 5}", "{'platforms': 5}", "[]" },
        { 4, "{'platforms': {'p': [], 'q': {'locales': null}}}",
          "{'platforms': {'p': [], 'q': {'locales': null}}}", "[]" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cJSON *blob = parse_quoted(cases[i].blob);
        struct split *split = blob_split(NULL, blob, cases[i].version);
        cJSON *assets = list_assets(split);
        is_json(split->base, cases[i].base, cases[i].blob);
        is_json(assets, cases[i].assets, cases[i].blob);
        is_json(blob, cases[i].blob, "unchanged");
        cJSON_Delete(assets);
        talloc_free(split);
        cJSON_Delete(blob);
    }
}
END_TEST

START_TEST(what_was_split_comes_together)
{
    cJSON *blob =
        parse_quoted("{'platforms': {'p': {'OS_FTP': 'o', 'locales': {'de': {'a': 1}, 'fr': {}}}, 'q': "
                     "{'locales': {'de': {'b': 2}}}}, 'name': 'R'}");
    struct split *split = blob_split(NULL, blob, 9);
    struct assets base, whole;
    ck_assert_uint_eq(split->n, 3);
    assets_open(&base, split->base);
    for (size_t i = 0; i < split->n; i++) {
        assets_put(&base, split->asset[i].path, cJSON_Duplicate(split->asset[i].value, true));
    }
    assets_close(&base);
    ck_assert(tree_equal(split->base, blob));
    assets_open(&whole, blob);
    ck_assert(tree_equal(assets_get(&whole, split->asset[2].path), split->asset[2].value));
    ck_assert_ptr_null(assets_get(&whole, STR(".platforms.p.locales.it")));
    ck_assert_ptr_null(assets_get(&whole, STR(".name.x.y")));
    assets_put(&whole, STR(".name.x.y"), cJSON_CreateNumber(1));
    ck_assert_str_eq(json_get_string(blob, "name"), "R");
    assets_close(&whole);
    talloc_free(split);
    cJSON_Delete(blob);
}
END_TEST

/* Paths through what has been put, and through what has been replaced. */
START_TEST(assets_below_assets)
{
    cJSON *root = parse_quoted("{'a': {'b': {'c': 1}}}");
    cJSON *wanted = parse_quoted("{'a': {'b': {'d': {'f': 4}, 'e': 3}}, 'g': 5}");
    struct assets tree;
    assets_open(&tree, root);
    ck_assert_ptr_nonnull(assets_get(&tree, STR(".a.b.c")));
    assets_put(&tree, STR(".a.b"), parse_quoted("{'d': {}}"));
    ck_assert_ptr_null(assets_get(&tree, STR(".a.b.c")));
    assets_put(&tree, STR(".a.b.e"), cJSON_CreateNumber(3));
    assets_put(&tree, STR(".a.b.d.f"), cJSON_CreateNumber(4));
    assets_put(&tree, STR(".g"), cJSON_CreateNumber(5));
    assets_close(&tree);
    ck_assert(tree_equal(root, wanted));
    cJSON_Delete(root);
    cJSON_Delete(wanted);
}
END_TEST

START_TEST(equality)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        { "1", "true", true },
        { "0", "false", true },
        { "2", "true", false },
        { "null", "false", false },
        { "null", "null", true },
        { "'a'", "'A'", false },
        { "''", "[]", false },
        { "[]", "{}", false },
        { "[1, 2]", "[1, 2]", true },
        { "[1, 2]", "[2, 1]", false },
        { "[1]", "[1, 2]", false },
        { "-0.0", "0", true },
        { "{'a': 1, 'b': [0]}", "{'b': [false], 'a': true}", true },
        { "{'a': 1}", "{'A': 1}", false },
        { "{'a': null}", "{}", false },
        { "{'a': null}", "{'b': null}", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cJSON *a = parse_quoted(cases[i].a);
        cJSON *b = parse_quoted(cases[i].b);
        ck_assert_msg(tree_equal(a, b) == cases[i].equal, "%s %s", cases[i].a, cases[i].b);
        ck_assert_msg(tree_equal(b, a) == cases[i].equal, "%s %s", cases[i].b, cases[i].a);
        ck_assert(!cases[i].equal || tree_hash(a) == tree_hash(b));
        ck_assert(!tree_equal(a, NULL) && !tree_equal(NULL, b));
        cJSON_Delete(a);
        cJSON_Delete(b);
    }
    ck_assert(tree_equal(NULL, NULL));
}
END_TEST

START_TEST(printing_as_repr)
{
    static const struct {
        const char *json, *want;
    } cases[] = {
        { "{'a': [true, null, -1.5, {}], 'b': []}", "{'a': [True, None, -1.5, {}], 'b': []}" },
        { "'it`s'", "\"it's\"" },
        { "'~'", "'\"'" },
        { "'`~'", "'\\'\"'" },
        { "'\\n\\t\\r\\u0001\\u007f\\\\'", "'\\n\\t\\r\\x01\\x7f\\\\'" },
        { "'\\u00e9\\u00a0\\u00ad\\u0085\\u20ac'", "'\xc3\xa9\\xa0\\xad\\x85\xe2\x82\xac'" },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf out;
        cJSON *value = parse_quoted(cases[i].json);
        buf_init(&out, 64, 1024);
        python_repr(&out, value);
        ck_assert_msg(str_eq(buf_view(&out), str_of(cases[i].want)), "%.*s instead of %s",
                      STR_ARG(buf_view(&out)), cases[i].want);
        buf_free(&out);
        cJSON_Delete(value);
    }
}
END_TEST

SUITE_MAIN("blob_merge", three_ways, many_members, over_one_another, splitting, what_was_split_comes_together,
           assets_below_assets, equality, printing_as_repr)
