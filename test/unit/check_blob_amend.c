/* Amending a release against its definition: it must answer as the whole, compiled anew, does. */
#include "blob_world.h"

enum { ROUNDS = 40, STEPS = 30, ASSETS_MAX = 64, CHANGES_MAX = 5, FROMS = 2 };

/* The row as it is in the database, and of each asset the version. */
static struct release_row row;
static struct release_asset assets[ASSETS_MAX];
static uint64_t versions;

static uint32_t seed = 1;

static unsigned below(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

#define PICK(ARRAY) ((ARRAY)[below(ARRAY_LEN(ARRAY))])

/* What partials come from. */
static void add_froms(void)
{
    world_add_as(
        "R0",
        "{'name': 'R0', 'schema_version': 9, 'platforms': {'Win': {'buildID': '1', 'locales': {'de': {}, "
        "'fr': {}}}, 'W': {'alias': 'Win'}}}",
        RELEASE_BUILD_IDS);
    world_add_as(
        "R1",
        "{'name': 'R1', 'schema_version': 9, 'platforms': {'Mac': {'locales': {'de': {'buildID': '2'}, 'b': "
        "{'buildID': '1'}}}, 'W': {'buildID': '2', 'locales': {'de': {}}}}}",
        RELEASE_BUILD_IDS);
}

static const char *const bases[] = {
    "{'name': 'X', 'schema_version': 9, 'hashFunction': 'sha512', 'appVersion': '9.0', 'displayVersion': "
    "'9', "
    "'fileUrls': {'c': {'completes': {'*': 'http://good.com/%LOCALE%', 'R1': 'http://good.com/from-r1'}, "
    "'partials': "
    "{'R0': 'http://good.com/r0', 'R1': 'http://good.com/r1/%OS_FTP%'}}, '*': {'completes': {'*': "
    "'http://good.com/any'}}}, 'updateLine': [{'for': {'locales': ['de']}, 'fields': {'actions': 'a'}}], "
    "'platforms': {'Win': {'buildID': '5', 'OS_FTP': 'win', 'locales': {'base': {'appVersion': '8.0'}}}, "
    "'Mac': "
    "{'OS_FTP': 'mac'}, 'W': {'alias': 'Win'}, 'V': {'alias': 'Win', 'buildID': '7'}, 'No': 3, 'List': "
    "{'locales': "
    "[]}}}",
    "{'name': 'X', 'schema_version': 4, 'hashFunction': 'sha512', 'appVersion': '9.0', 'fileUrls': {'*': "
    "{'completes': {'*': 'http://good.com/%LOCALE%'}, 'partials': {'R0': 'http://good.com/r0'}}}, "
    "'platforms': {'Win': "
    "{'buildID': '5', 'OS_FTP': 'win', 'OS_BOUNCER': 'b'}, 'Mac': {'buildID': 6}, 'W': {'alias': 'Win'}}}",
    "{'name': 'X', 'schema_version': 9, 'hashFunction': 'sha512', 'platforms': {'Win': {}, 'Mac': {}}}",
};
static const char *const platforms[] = { "Win", "Mac", "W", "V" };
static const char *const locales[] = { "de", "fr", "base", "b", "c", "d", "e", "" };

static const char *random_patch(const char *from)
{
    static const char *const rest[] = {
        ", 'filesize': 10, 'hashValue': 'abcdef'}",
        ", 'filesize': 11, 'hashValue': 'ABC', 'binTransInclusionProof': 'p'}",
        ", 'fileUrl': 'http://good.com/own', 'filesize': 12, 'hashValue': '00ff'}",
        ", 'fileUrl': 3}",
        ", 'filesize': 1}",
    };
    return mem_printf(w.ctx, "{'from': '%s'%s", from, PICK(rest));
}

static const char *random_locale(void)
{
    static const char *const odd[] = { "null", "3", "[]", "'x'", "{}", "{broken", "" };
    static const char *const fields[] = { "", "'buildID': '1', ", "'buildID': '6', 'appVersion': '7.0', ",
                                          "'isOSUpdate': true, ", "'displayVersion': null, " };
    static const char *const froms[] = { "R0", "R1", "*" };
    if (below(12) == 0) {
        return PICK(odd);
    }
    return mem_printf(w.ctx, "{%s'completes': [%s, %s], 'partials': [%s, %s]}", PICK(fields),
                      random_patch("*"), random_patch("R1"), random_patch(PICK(froms)), random_patch("R0"));
}

/* Sets the asset at PATH, or adds it; returns it. */
static struct release_asset *set_asset(const char *path, const char *json)
{
    size_t i = 0;
    while (i < row.n_assets && !str_eq(assets[i].path, str_of(path))) {
        i++;
    }
    ck_assert_uint_lt(i, ASSETS_MAX);
    row.n_assets += i == row.n_assets;
    assets[i] = (struct release_asset){ str_of(mem_strdup(w.ctx, path)),
                                        below(30) == 0 ? STR_NONE : world_json(json), 1000 + versions++ };
    return &assets[i];
}

static void set_base(const char *json)
{
    row = (struct release_row){
        .name = STR("X"), .product = STR("Firefox"), .json = world_json(json), .assets = assets
    };
}

static uint64_t stamp_of_all(void)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < row.n_assets; i++) {
        sum += assets[i].stamp;
    }
    return sum;
}

static struct release *compiled(enum release_use use)
{
    struct release *r = release_compile(w.ctx, &row, use, &w.error);
    ck_assert_msg(r != NULL, "%s", w.error.what);
    return r;
}

/* ---- asking ---- */

/* What R says to every client, and what is said to them by a release with partials from it. */
static const char *answers(const struct release *r)
{
    static const char *const targets[] = { "Win", "Mac", "W", "V", "No", "List", "nowhere" };
    static const char *const builds[] = { "1", "2", "6", "9" };
    struct buf all;
    buf_init(&all, 1024, 1 << 22);
    w.release[FROMS] = (struct release *)r; /* "X" */
    w.n = FROMS + 1;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        for (size_t j = 0; j < ARRAY_LEN(locales); j++) {
            for (size_t k = 0; k < ARRAY_LEN(builds); k++) {
                world_query("Firefox", k == 3 ? "9.0" : "7.5", builds[k], targets[i], locales[j], "c");
                if (r->use == RELEASE_SERVED) {
                    buf_printf(&all, "%s %s\n", world_serve(r), world_print(r));
                } else {
                    buf_printf(&all, "%s\n", world_print(w.release[FROMS + 1]));
                }
            }
        }
    }
    char *text = mem_strndup(w.ctx, all.p, all.n);
    buf_free(&all);
    return text;
}

/* A release with partials from "X", where clients for their part know other names of the same platforms. */
static void add_asker(void)
{
    struct buf json;
    buf_init(&json, 1024, 1 << 20);
    buf_str(&json,
            STR("{'name': 'asker', 'schema_version': 9, 'hashFunction': 'sha512', 'appVersion': '10.0', "
                "'displayVersion': '10', 'platforms': {'V': {'alias': 'Win'}, 'W': {'alias': 'Mac'}"));
    for (size_t i = 0; i < 2; i++) {
        buf_printf(&json, ", '%s': {'buildID': '99', 'locales': {'z': {}", platforms[i]);
        for (size_t j = 0; j < ARRAY_LEN(locales); j++) {
            buf_printf(&json,
                       ", '%s': {'partials': [{'from': 'X', 'fileUrl': 'http://good.com/', 'filesize': 1, "
                       "'hashValue': 'aa'}]}",
                       locales[j]);
        }
        buf_str(&json, STR("}}"));
    }
    buf_str(&json, STR("}}"));
    w.n = FROMS + 1;
    world_add("asker", mem_strndup(w.ctx, json.p, json.n));
    buf_free(&json);
}

/* As ck_assert_str_eq(), which can't tell of texts so long. */
static void same_text(const char *text, const char *expected)
{
    size_t i = 0;
    while (text[i] != '\0' && text[i] == expected[i]) {
        i++;
    }
    ck_assert_msg(text[i] == expected[i], "at byte %zu: \"%.200s\" instead of \"%.200s\"", i, text + i,
                  expected + i);
}

/* ---- the tests ---- */

/* The release as it was, then steps of some changes each: returns how many of them were amended. */
static unsigned random_steps(enum release_use use)
{
    unsigned amended = 0;
    set_base(PICK(bases));
    for (unsigned i = 0; i < 6; i++) {
        set_asset(mem_printf(w.ctx, ".platforms.%s.locales.%s", PICK(platforms), PICK(locales)),
                  random_locale());
    }
    struct release *r = compiled(use);
    for (unsigned step = 0; step < STEPS; step++) {
        struct release_asset changed[CHANGES_MAX];
        bool seen[ASSETS_MAX] = { false };
        size_t n = 0;
        uint64_t stamp = stamp_of_all();
        for (size_t tries = below(CHANGES_MAX + 1); n < tries; tries--) {
            const struct release_asset *a =
                set_asset(mem_printf(w.ctx, ".platforms.%s.locales.%s", PICK(platforms), PICK(locales)),
                          random_locale());
            if (!seen[a - assets]) {
                seen[a - assets] = true;
                n++;
            }
        }
        for (size_t i = 0, at = 0; i < ASSETS_MAX; i++) {
            if (seen[i]) {
                changed[at++] = assets[i];
            }
        }
        struct release *whole = compiled(use);
        struct release *next = release_amend(w.ctx, r, changed, n, &stamp);
        if (next != NULL) {
            talloc_steal(next, r);
            ck_assert_uint_eq(stamp, stamp_of_all());
            same_text(answers(next), answers(whole));
            amended++;
        }
        r = next != NULL ? next : whole;
    }
    return amended;
}

START_TEST(amended_as_compiled)
{
    unsigned amended[2] = { 0 };
    add_froms();
    w.n = FROMS;
    for (unsigned round = 0; round < ROUNDS; round++) {
        void *ctx = w.ctx;
        w.ctx = talloc_new(ctx);
        add_asker();
        for (enum release_use use = RELEASE_BUILD_IDS; use <= RELEASE_SERVED; use++) {
            amended[use] += random_steps(use);
        }
        talloc_free(w.ctx);
        w.ctx = ctx;
    }
    ck_assert_uint_gt(amended[RELEASE_BUILD_IDS], ROUNDS * STEPS / 2);
    ck_assert_uint_gt(amended[RELEASE_SERVED], ROUNDS * STEPS / 2);
}
END_TEST

static const char good_locale[] =
    "{'buildID': '5', 'completes': [{'from': '*', 'filesize': 1, 'hashValue': 'aa'}]}";

/* A release of one asset, amended with JSON at PATH. */
static struct release *amend_one(const char *path, const char *json)
{
    uint64_t stamp = 0;
    set_base(bases[0]);
    set_asset(".platforms.Win.locales.de", good_locale);
    const struct release *old = compiled(RELEASE_SERVED);
    struct release_asset asset = { str_of(path), world_json(json), 1 };
    return release_amend(w.ctx, old, &asset, 1, &stamp);
}

START_TEST(what_cannot_be_amended)
{
    static const char *const paths[] = {
        ".platforms.Lin.locales.de", /* a new platform */
        ".platforms.No.locales.de",
        ".platforms.List.locales.de",
        ".platforms.Win.locales.de.buildID",
        ".platforms.Win.locales",
        ".platforms.Win.buildID",
        ".platforms",
        "x.platforms.Win.locales.de",
        "platforms.Win.locales.de",
        ".fileUrls.c",
        ".",
        "",
    };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        ck_assert_msg(amend_one(paths[i], good_locale) == NULL, "%s", paths[i]);
    }
    ck_assert_ptr_nonnull(amend_one(".platforms.Win.locales.de", good_locale));
    ck_assert_ptr_nonnull(amend_one(".platforms.Mac.locales.fr", good_locale));
    ck_assert_ptr_null(amend_one(".platforms.Win.locales.de", "{'partials': [{'from': 'never seen'}]}"));
    struct release_asset nul = { STR(".platforms.Win.locales.d\0e"), STR("{}"), 1 };
    uint64_t stamp = 0;
    ck_assert_ptr_null(release_amend(w.ctx, compiled(RELEASE_SERVED), &nul, 1, &stamp));
}
END_TEST

/* What is not made of one asset a locale is never amended. */
START_TEST(what_is_not_amendable)
{
    static const char *const odd[] = { ".platforms.Win", ".platforms.Win.locales.de.buildID",
                                       ".platforms.No.locales.x", ".name", "" };
    set_base(bases[0]);
    ck_assert(!compiled(RELEASE_SERVED)->amendable); /* without assets */
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        set_base(bases[0]);
        set_asset(".platforms.Win.locales.de", good_locale);
        ck_assert(compiled(RELEASE_SERVED)->amendable);
        set_asset(odd[i], "{}");
        ck_assert_msg(!compiled(RELEASE_SERVED)->amendable, "%s", odd[i]);
    }
    set_base("{'name': 'X', 'schema_version': 50, 'detailsUrl': 'd', 'displayVersion': '5'}");
    set_asset(".platforms.Win.locales.de", good_locale);
    ck_assert(!compiled(RELEASE_SERVED)->amendable);
}
END_TEST

/* After some amendments the whole has to be compiled. */
START_TEST(memory_is_put_in_order)
{
    set_base(bases[0]);
    const struct release_asset *asset = set_asset(".platforms.Win.locales.de", good_locale);
    struct release *r = compiled(RELEASE_SERVED);
    size_t before = talloc_total_size(r);
    unsigned n = 0;
    uint64_t stamp = 0;
    for (struct release *next; (next = release_amend(w.ctx, r, asset, 1, &stamp)) != NULL; n++) {
        talloc_steal(next, r);
        r = next;
    }
    ck_assert_uint_ge(n, 10);
    ck_assert_uint_le(n, 100);
    ck_assert_uint_le(talloc_total_size(r), before + n * 4096);
}
END_TEST

SUITE_MAIN_WITH("blob_amend", world_setup, world_teardown, amended_as_compiled, what_cannot_be_amended,
                what_is_not_amendable, memory_is_put_in_order)
