/* A locale put into a release by its text gives, byte for byte, what parsing, merging and printing the whole
 * release gives: compared for random releases. */
#include "blob/merge.h"
#include "blob/reduced.h"
#include "core/mem.h"

#include "blob_json.h"

enum { ROUNDS = 20000, DEPTH = 3 };

static unsigned seed;

static unsigned draw(unsigned n)
{
    return (unsigned)rand_r(&seed) % n;
}

/* ---- random releases ---- */

static const char *const platforms[] = { "WINNT", "Linux", "Dar\"win", "\xc3\xa9t\xc3\xa9", "locales" };
static const char *const locales[] = { "de", "en-US", "a\\b", "x", "platforms", "\xf0\x9f\x98\x80" };
static const char *const keys[] = { "buildID", "completes", "alias", "from", "hashValue", "k\n" };
static const char *const texts[] = { "", "a, b", "}", "{\"", "\\", "\xc3\xbc", "]", "12", "null" };

/* Sets OBJECT's member as the admin does: in its place, or at the end. */
static void put_member(cJSON *object, const char *key, cJSON *value)
{
    if (cJSON_GetObjectItemCaseSensitive(object, key) != NULL) {
        cJSON_ReplaceItemInObjectCaseSensitive(object, key, value);
    } else {
        cJSON_AddItemToObject(object, key, value);
    }
}

static cJSON *random_value(unsigned depth)
{
    unsigned kind = draw(depth > 0 ? 9 : 6);
    cJSON *value;
    switch (kind) {
    case 0:
        return cJSON_CreateNull();
    case 1:
        return cJSON_CreateBool(draw(2) == 0);
    case 2:
        return cJSON_CreateNumber(draw(3));
    case 3:
        return cJSON_CreateNumber((double)draw(100000) / 8);
    case 4:
    case 5:
        return cJSON_CreateString(texts[draw(ARRAY_LEN(texts))]);
    case 6:
        value = cJSON_CreateArray();
        for (unsigned n = draw(4); n > 0; n--) {
            cJSON_AddItemToArray(value, random_value(depth - 1));
        }
        return value;
    default:
        value = cJSON_CreateObject();
        for (unsigned i = draw(4); i < ARRAY_LEN(keys); i += 1 + draw(3)) {
            /* not always in the same order */
            put_member(value, keys[draw(6) == 0 ? draw(ARRAY_LEN(keys)) : i], random_value(depth - 1));
        }
        return value;
    }
}

/* The member KEY of OBJECT, an object; made if it is not there. */
static cJSON *object_in(cJSON *object, const char *key)
{
    cJSON *member = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsObject(member)) {
        member = cJSON_CreateObject();
        put_member(object, key, member);
    }
    return member;
}

static cJSON *random_platform(void)
{
    cJSON *platform = draw(8) == 0 ? random_value(1) : cJSON_CreateObject();
    if (!cJSON_IsObject(platform)) {
        return platform;
    }
    if (draw(4) == 0) {
        put_member(platform, "alias", cJSON_CreateString(platforms[draw(ARRAY_LEN(platforms))]));
    }
    if (draw(5) == 0) {
        put_member(platform, keys[draw(ARRAY_LEN(keys))], random_value(2));
    }
    cJSON *all = draw(10) == 0 ? random_value(1) : cJSON_CreateObject();
    for (unsigned i = draw(2); cJSON_IsObject(all) && i < ARRAY_LEN(locales); i += 1 + draw(3)) {
        put_member(all, locales[i], random_value(DEPTH));
    }
    put_member(platform, "locales", all);
    return platform;
}

static cJSON *random_release(void)
{
    cJSON *release = cJSON_CreateObject();
    put_member(release, "name", cJSON_CreateString("Firefox"));
    if (draw(2) == 0) {
        put_member(release, "fileUrls", random_value(DEPTH));
    }
    if (draw(30) > 0) {
        cJSON *all = object_in(release, "platforms");
        for (unsigned i = draw(2); i < ARRAY_LEN(platforms); i += 1 + draw(2)) {
            put_member(all, platforms[i], random_platform());
        }
    }
    put_member(release, "schema_version", cJSON_CreateNumber(9));
    return release;
}

/* Changes a few values of RELEASE as others do meanwhile. */
static void change_release(cJSON *release)
{
    for (unsigned n = draw(4); n > 0; n--) {
        cJSON *all = object_in(release, "platforms");
        cJSON *platform = object_in(all, platforms[draw(ARRAY_LEN(platforms))]);
        cJSON *of = object_in(platform, "locales");
        cJSON *locale = cJSON_GetArrayItem(of, (int)draw(6));
        cJSON *const some[] = { release, platform, cJSON_IsObject(locale) ? locale : platform };
        switch (draw(8)) {
        case 6:
            cJSON_DeleteItemFromObjectCaseSensitive(some[draw(2) + 1], keys[draw(ARRAY_LEN(keys))]);
            break;
        case 7:
            cJSON_DeleteItemFromObjectCaseSensitive(some[draw(3)], draw(2) == 0 ? "fileUrls" : "buildID");
            break;
        case 0:
            cJSON_DeleteItemFromObjectCaseSensitive(of, locales[draw(ARRAY_LEN(locales))]);
            break;
        case 1:
            put_member(draw(2) == 0 ? release : platform, keys[draw(ARRAY_LEN(keys))], random_value(2));
            break;
        case 2:
            if (cJSON_IsObject(locale)) {
                put_member(locale, keys[draw(ARRAY_LEN(keys))], random_value(2));
            } else if (cJSON_IsArray(locale)) {
                cJSON_AddItemToArray(locale, random_value(1));
            }
            break;
        default:
            put_member(of, locales[draw(ARRAY_LEN(locales))], random_value(DEPTH));
        }
    }
}

/* ---- both ways ---- */

struct case_of_locale {
    void *ctx;
    struct str ancestor, tip; /* the ancestor is absent if the client has seen the tip */
    const char *platform, *locale;
    const cJSON *data;
};

static struct str print(void *ctx, const cJSON *value)
{
    struct buf text;
    buf_init(&text, 1024, SIZE_MAX);
    json_print(&text, value, JSON_DUMPS);
    return buf_keep(ctx, &text);
}

static cJSON *parse(struct str text)
{
    struct error e = { 0 };
    cJSON *value = json_parse(text, &e);
    ck_assert_msg(value != NULL, "%.*s: %s", STR_ARG(text), e.what);
    return value;
}

static const char *resolve(const struct case_of_locale *c, const cJSON *tip)
{
    const char *alias = json_get_string(json_get(json_get(tip, "platforms"), c->platform), "alias");
    return alias != NULL ? alias : c->platform;
}

/* The release after the change; NULL: it cannot be merged. */
static cJSON *change_tree(const struct case_of_locale *c, const cJSON *ancestor, const cJSON *tip)
{
    cJSON *mine = cJSON_Duplicate(ancestor != NULL ? ancestor : tip, true);
    cJSON *platform = object_in(object_in(mine, "platforms"), resolve(c, tip));
    put_member(object_in(platform, "locales"), c->locale, cJSON_Duplicate(c->data, true));
    if (ancestor == NULL) {
        return mine;
    }
    cJSON *merged = merge_three(ancestor, tip, mine, NULL);
    cJSON_Delete(mine);
    return merged;
}

/* Absent: it cannot be merged. */
static struct str change_whole(const struct case_of_locale *c)
{
    cJSON *tip = parse(c->tip), *ancestor = str_absent(c->ancestor) ? NULL : parse(c->ancestor);
    cJSON *changed = change_tree(c, ancestor, tip);
    struct str text = changed != NULL ? print(c->ctx, changed) : STR_NONE;
    cJSON_Delete(tip);
    cJSON_Delete(ancestor);
    cJSON_Delete(changed);
    return text;
}

/* Absent: the whole release has to be looked at. */
static struct str change_reduced(const struct case_of_locale *c)
{
    struct reduced tip, ancestor;
    struct reduced_to to = { { c->platform, NULL }, c->locale };
    struct str result = STR_NONE;
    ck_assert(reduced_make(c->ctx, c->tip, &to, &tip));
    const cJSON *is = json_parse_whole(c->ctx, tip.text, NULL), *was = NULL;
    const char *platform = resolve(c, is);
    if (strcmp(platform, c->platform) != 0) {
        to.platform[1] = platform;
        ck_assert(reduced_make(c->ctx, c->tip, &to, &tip));
        is = json_parse_whole(c->ctx, tip.text, NULL);
    }
    if (!str_absent(c->ancestor)) {
        if (!reduced_make(c->ctx, c->ancestor, &to, &ancestor) ||
            !reduced_rest_stays(c->ancestor, c->tip, &to)) {
            return STR_NONE;
        }
        was = json_parse_whole(c->ctx, ancestor.text, NULL);
    }
    cJSON *now = change_tree(c, was, is);
    const struct reduced_at at = { to.platform[1] != NULL, platform, c->locale };
    if (now != NULL && !reduced_apply(c->ctx, c->tip, &tip, &at, now, &result)) {
        result = STR_NONE;
    }
    cJSON_Delete(now);
    return result;
}

static bool has_sets(struct str text)
{
    cJSON *value = parse(text);
    bool has = reduced_has_sets(value);
    cJSON_Delete(value);
    return has;
}

/* Returns whether it could be done with the reduced release. */
static bool compare_ways(bool outdated)
{
    cJSON *release = random_release(), *data = random_value(DEPTH);
    struct case_of_locale c = { .ctx = mem_check(talloc_new(NULL)),
                                .platform = platforms[draw(ARRAY_LEN(platforms))],
                                .locale = locales[draw(ARRAY_LEN(locales))],
                                .data = data };
    c.ancestor = outdated ? print(c.ctx, release) : STR_NONE;
    change_release(release);
    c.tip = print(c.ctx, release);
    struct str reduced = has_sets(c.tip) ? change_reduced(&c) : STR_NONE;
    if (!str_absent(reduced)) {
        struct str whole = change_whole(&c);
        ck_assert_msg(str_eq(reduced, whole), "%s %s\nwas  %.*s\ntip  %.*s\ngot  %.*s\nwant %.*s", c.platform,
                      c.locale, STR_ARG(c.ancestor), STR_ARG(c.tip), STR_ARG(reduced), STR_ARG(whole));
        ck_assert(has_sets(reduced));
    }
    bool done = !str_absent(reduced);
    cJSON_Delete(release);
    cJSON_Delete(data);
    talloc_free(c.ctx);
    return done;
}

START_TEST(both_ways_give_the_same_text)
{
    unsigned done[2] = { 0 };
    for (seed = 1; seed <= ROUNDS; seed++) {
        unsigned round = seed;
        bool outdated = round % 2 == 0;
        done[outdated] += compare_ways(outdated);
        seed = round;
    }
    ck_assert_msg(done[0] > ROUNDS / 10, "only %u of %u without an ancestor", done[0], ROUNDS / 2);
    ck_assert_msg(done[1] > ROUNDS / 20, "only %u of %u with an ancestor", done[1], ROUNDS / 2);
}
END_TEST

/* ---- single cases ---- */

static const struct reduced_to to_de = { { "P", NULL }, "de" };

START_TEST(only_the_locale_stays)
{
    struct reduced r;
    void *ctx = mem_check(talloc_new(NULL));
    struct str text =
        STR("{\"a\": [1], \"platforms\": {\"O\": {\"locales\": {\"de\": 1}}, \"P\": {\"b\": 2, \"locales\": "
            "{\"x\": {\"y\": \"}\"}, \"de\": {\"z\": 3}}}, \"Q\": {\"alias\": \"P\"}}, \"c\": 4}");
    ck_assert(reduced_make(ctx, text, &to_de, &r));
    ck_assert_msg(
        str_eq(r.text,
               STR("{\"a\": [1], \"platforms\": {\"P\": {\"b\": 2, \"locales\": {\"de\": {\"z\": 3}}}}, "
                   "\"c\": 4}")),
        "%.*s", STR_ARG(r.text));
    ck_assert(r.whole[0].there && text.p[r.whole[0].from] == '{' && text.p[r.whole[0].to] == '}');
    talloc_free(ctx);
}
END_TEST

START_TEST(other_forms_are_refused)
{
    static const char *const wrong[] = {
        "",
        "[]",
        "{\"a\":1}",
        "{\"a\": 1,\"b\": 2}",
        "{\"a\": 1} ",
        "{\"a\": 1",
        "{\"a\": 1}}",
        "{ \"a\": 1}",
        "{\"platforms\": {",
        "{\"a\": \"",
        "{\"a\": 1, }",
        "{a: 1}",
    };
    void *ctx = mem_check(talloc_new(NULL));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct reduced r;
        ck_assert_msg(!reduced_make(ctx, str_of(wrong[i]), &to_de, &r), "%s", wrong[i]);
    }
    talloc_free(ctx);
}
END_TEST

/* An ancestor may be a text that another program has written. */
START_TEST(ancestors_that_merge_otherwise_are_noticed)
{
    static const struct {
        const char *ancestor;
        bool stays;
    } cases[] = {
        { "{\"platforms\": {\"P\": {\"locales\": {\"x\": [1]}}}}", true },
        { "{\"platforms\": {\"P\": {\"locales\": {\"x\": []}}}}", true },
        { "{}", true },
        { "{\"platforms\": {\"P\": {\"locales\": {\"x\": [2]}}}}", false },
        { "{\"platforms\": {\"P\": {\"locales\": {\"gone\": 1}}}}", false },
        { "{\"platforms\": {\"Q\": {\"a\": 1}}}", true },
        { "{\"platforms\": {\"Q\": {\"a\": 1, \"b\": 2}}}", false },
        { "{\"platforms\": {\"Q\": {\"a\": 3}}}", true },
        { "{\"platforms\": {\"O\": {}}}", false },
        { "{\"platforms\": {\"P\": {\"locales\": {\"x\": 1}}}}", false },
        { "{\"platforms\": {}, \"platforms\": {\"O\": {}}}", false },
        { "{\"platforms\": {\"P\": {\"locales\": {}, \"locales\": {\"gone\": 1}}}}", false },
        { "{\"platforms\": {\"P\": {\"locales\":{}}}}", false },
        { "{\"platforms\": 1}", false },
        { "no JSON", false },
    };
    struct str tip =
        STR("{\"platforms\": {\"P\": {\"locales\": {\"x\": [1], \"de\": 1}}, \"Q\": {\"a\": 1, \"c\": 1}}}");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert_msg(reduced_rest_stays(str_of(cases[i].ancestor), tip, &to_de) == cases[i].stays, "%s",
                      cases[i].ancestor);
    }
}
END_TEST

START_TEST(lists_are_sets)
{
    static const struct {
        const char *value;
        bool are;
    } cases[] = {
        { "[]", true },
        { "[1, 2]", true },
        { "[1, 1]", false },
        { "[1, true]", false },
        { "5", true },
        { "{'a': [{'x': [1, 1]}]}", false },
        { "[[1], [1, 2]]", true },
        { "{'a': [{'x': 1}, {'x': 1}]}", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        cJSON *value = parse_quoted(cases[i].value);
        ck_assert_msg(reduced_has_sets(value) == cases[i].are, "%s", cases[i].value);
        cJSON_Delete(value);
    }
}
END_TEST

SUITE_MAIN("reduced", both_ways_give_the_same_text, only_the_locale_stays, other_forms_are_refused,
           ancestors_that_merge_otherwise_are_noticed, lists_are_sets)
