/* Building snapshots of many releases: with threads as without them, a source that fails on the way, and
 * releases of which only single assets have changed. */
#include "update/snapshot_build.h"

#include "suite.h"

#include <stdio.h>

enum { APPS = 600, APART = 12, NAME = 32 };

/* App I serves partials from the next two; every tenth is broken, every eleventh is missing. Superblob I has
 * the next two apps as members, and one that is nowhere. Rules map to every twelfth, superblobs and apps in
 * turn. */
static struct {
    void *ctx;
    struct rule_row rules[APPS / APART];
    size_t n_rules;
    unsigned reads, fails_at; /* whole releases; 0: never */
    struct {
        unsigned bases, assets; /* that were read */
        uint64_t base;          /* what the base's stamps is */
        uint64_t version;       /* of the assets; their build ids are the same */
        unsigned n;             /* assets of a release in v2 */
        bool fails;
    } v2;
    bool breaks; /* all apps are broken now */
    bool keep_good;
    struct buf broken; /* the names that were told, in that order */
} w;

static void setup(void)
{
    memset(&w, 0, sizeof w);
    w.ctx = talloc_new(NULL);
    buf_init(&w.broken, 1024, 1 << 20);
    for (int i = 0; i < APPS; i += APART) {
        const char *kind = i % (2 * APART) == 0 ? "super" : "app";
        w.rules[w.n_rules] = (struct rule_row){ .rule_id = i, .jaws = TRI_UNKNOWN, .mig64 = TRI_UNKNOWN };
        w.rules[w.n_rules++].mapping = str_of(mem_printf(w.ctx, "%s%d", kind, i));
    }
}

static void teardown(void)
{
    buf_free(&w.broken);
    talloc_free(w.ctx);
}

static const char *app_json(void *ctx, int i)
{
    if (i % 10 == 0 || w.breaks) {
        return "{broken";
    }
    return mem_printf(
        ctx,
        "{\"name\": \"app%d\", \"schema_version\": 9, \"hashFunction\": \"sha512\", \"appVersion\": "
        "\"%d.0\", "
        "\"displayVersion\": \"%d\", \"platforms\": {\"p\": {\"OS_FTP\": \"f\", \"OS_BOUNCER\": \"b\", "
        "\"buildID\": \"%d\", \"locales\": {\"l\": {\"completes\": [{\"from\": \"*\", \"filesize\": 1, "
        "\"hashValue\": \"c\"}], \"partials\": [{\"from\": \"app%d\", \"filesize\": 1, \"hashValue\": "
        "\"d\"}, "
        "{\"from\": \"app%d\", \"filesize\": 1, \"hashValue\": \"e\"}]}}}}}",
        i, i, i, 20200101 + i, i + 1, i + 2);
}

/* Release "v2" has locales "l0", "l1", … as assets. */
static struct release_asset v2_asset(void *ctx, unsigned i)
{
    return (struct release_asset){
        .path = str_of(mem_printf(ctx, ".platforms.p.locales.l%u", i)),
        .json = str_of(mem_printf(ctx,
                                  "{\"buildID\": \"%u\", \"completes\": [{\"from\": \"*\", \"filesize\": 1, "
                                  "\"hashValue\": \"aa\", \"fileUrl\": \"http://good.com/\"}]}",
                                  (unsigned)w.v2.version)),
        .stamp = w.v2.version * 100 + i,
    };
}

static void v2_row(void *ctx, struct release_row *row, struct release_stamps *stamps)
{
    struct release_asset *assets = mem_array(ctx, struct release_asset, w.v2.n);
    row->json = STR("{\"name\": \"v2\", \"schema_version\": 9, \"platforms\": {\"p\": {}}}");
    row->assets = assets;
    row->n_assets = w.v2.n;
    *stamps = (struct release_stamps){ .rows = 1, .base = w.v2.base };
    for (unsigned i = 0; i < w.v2.n; i++) {
        assets[i] = v2_asset(ctx, i);
        stamps->assets += assets[i].stamp;
    }
}

static bool read_base(void *arg, struct str name, struct release_stamps *stamps, struct error *e)
{
    (void)arg;
    (void)name;
    w.v2.bases++;
    *stamps = (struct release_stamps){ .rows = 1, .base = w.v2.base };
    return !w.v2.fails || error_set(e, ERROR_UNAVAILABLE, "no database");
}

static bool read_asset(void *arg, void *ctx, struct str name, struct str path, struct release_asset *asset,
                       bool *found, struct error *e)
{
    unsigned i = (unsigned)atoi(strrchr(path.p, 'l') + 1);
    (void)arg;
    (void)name;
    w.v2.assets++;
    *found = i < w.v2.n;
    *asset = v2_asset(ctx, i);
    asset->path = path;
    return !w.v2.fails || error_set(e, ERROR_UNAVAILABLE, "no database");
}

static bool read_release(void *arg, void *ctx, struct str name, struct release_row *row,
                         struct release_stamps *stamps, bool *found, struct error *e)
{
    char text[NAME];
    int i;
    (void)arg;
    if (++w.reads == w.fails_at) {
        return error_set(e, ERROR_UNAVAILABLE, "no database");
    }
    snprintf(text, sizeof text, "%.*s", STR_ARG(name));
    *row =
        (struct release_row){ .name = str_of(mem_strndup(ctx, name.p, name.n)), .product = STR("Firefox") };
    stamps->rows = 1;
    *found = true;
    if (str_starts(name, STR("v2"))) {
        v2_row(ctx, row, stamps);
        return true;
    }
    if (sscanf(text, "super%d", &i) == 1) {
        row->json = str_of(mem_printf(ctx,
                                      "{\"name\": \"%s\", \"schema_version\": 4000, \"blobs\": [\"app%d\", "
                                      "\"app%d\", \"app%d\"]}",
                                      text, i + 1, i + 2, i + APPS));
    } else if (sscanf(text, "app%d", &i) == 1) {
        row->json = str_of(app_json(ctx, i));
        *found = i % 11 != 0 && i < APPS;
    }
    return true;
}

static void note_broken(void *arg, struct str name, const char *why, bool kept)
{
    (void)arg;
    (void)kept;
    buf_printf(&w.broken, "%.*s: %s\n", STR_ARG(name), why);
}

static struct snapshot *build(struct release_cache *cache)
{
    struct error e;
    static const struct engine_settings settings;
    struct snapshot_input input = { .rules = ruleset_build(w.ctx, w.rules, w.n_rules),
                                    .settings = &settings,
                                    .generation = 1 };
    struct release_source source = { read_release, read_base, read_asset, NULL };
    struct snapshot_request request = {
        .cache = cache, .input = &input, .source = &source, .keep_good = w.keep_good, .broken = note_broken
    };
    struct snapshot *s = snapshot_build(w.ctx, &request, &e);
    if (s != NULL) {
        release_cache_commit(cache);
    } else {
        ck_assert_int_eq(e.kind, ERROR_UNAVAILABLE);
    }
    return s;
}

static struct release_cache *cache_with(unsigned threads)
{
    struct release_cache *cache = release_cache_new(w.ctx);
    release_cache_set_threads(cache, threads);
    w.reads = 0;
    buf_reset(&w.broken);
    return cache;
}

static void same_releases(const struct snapshot *a, const struct snapshot *b)
{
    char text[NAME];
    for (int i = 0; i < 2 * APPS; i++) {
        snprintf(text, sizeof text, "%s%d", i % 2 == 0 ? "app" : "super", i / 2);
        const struct release *x = snapshot_release(a, str_of(text));
        const struct release *y = snapshot_release(b, str_of(text));
        ck_assert_msg((x == NULL) == (y == NULL), "%s", text);
        ck_assert(x == NULL || (x->use == y->use && x->n_from == y->n_from && x->n_members == y->n_members));
    }
}

START_TEST(threads_make_no_difference)
{
    struct snapshot *expected = build(cache_with(0));
    char *broken = mem_strndup(w.ctx, w.broken.p, w.broken.n);
    unsigned reads = w.reads;
    ck_assert_uint_gt(expected->n_releases, 100);
    ck_assert_uint_gt(expected->n_missing, 20);
    for (unsigned threads = 1; threads <= 4; threads++) {
        struct snapshot *s = build(cache_with(threads));
        ck_assert_uint_eq(s->n_releases, expected->n_releases);
        ck_assert_uint_eq(s->n_missing, expected->n_missing);
        ck_assert_uint_eq(w.reads, reads);
        ck_assert(str_eq(buf_view(&w.broken), str_of(broken)));
        same_releases(s, expected);
    }
}
END_TEST

/* What members of superblobs and partials lead to is read for what it is needed for, and no further. */
START_TEST(steps_lead_no_further)
{
    struct snapshot *s = build(cache_with(2));
    ck_assert_int_eq(snapshot_release(s, STR("super24"))->use, RELEASE_SERVED);
    ck_assert_int_eq(snapshot_release(s, STR("app25"))->use, RELEASE_SERVED);
    ck_assert_int_eq(snapshot_release(s, STR("app28"))->use, RELEASE_BUILD_IDS); /* from app26 */
    ck_assert_ptr_null(snapshot_release(s, STR("app29")));                       /* from app27 and app28 */
}
END_TEST

/* Where the caller names the roots, they and what they lead to are all that is read. */
START_TEST(roots_that_are_named)
{
    static const struct engine_settings settings;
    const struct str roots[] = { STR("super24"), STR("app12") };
    struct snapshot_input input = { .rules = ruleset_build(w.ctx, w.rules, w.n_rules),
                                    .settings = &settings };
    struct release_source source = { .release = read_release };
    struct snapshot_request request = {
        .cache = cache_with(0), .input = &input, .source = &source, .roots = roots, .n_roots = 2
    };
    struct error e;
    struct snapshot *s = snapshot_build(w.ctx, &request, &e);
    ck_assert_ptr_nonnull(s);
    ck_assert_ptr_nonnull(snapshot_release(s, STR("super24")));
    ck_assert_int_eq(snapshot_release(s, STR("app25"))->use, RELEASE_SERVED);
    ck_assert_int_eq(snapshot_release(s, STR("app13"))->use, RELEASE_BUILD_IDS);
    ck_assert_ptr_null(snapshot_release(s, STR("super48")));
    request.cache = cache_with(0);
    request.n_roots = 0;
    s = snapshot_build(w.ctx, &request, &e);
    ck_assert_uint_eq(s->n_releases + w.reads, 0);
}
END_TEST

/* Releases that break keep their last version, if that is wanted and there is one; until they are mended. */
START_TEST(releases_that_break)
{
    struct release_cache *cache = cache_with(2);
    struct snapshot *good = build(cache);
    ck_assert_uint_eq(release_cache_kept(cache), 0);
    w.breaks = w.keep_good = true;
    for (int i = 0; i < 2; i++) {
        release_cache_expire_all(cache);
        ck_assert_uint_eq(build(cache)->n_releases, good->n_releases);
        ck_assert_uint_gt(release_cache_kept(cache), 50);
    }
    w.breaks = false;
    release_cache_expire_all(cache);
    ck_assert_uint_eq(build(cache)->n_releases, good->n_releases);
    ck_assert_uint_eq(release_cache_kept(cache), 0);
    w.breaks = true;
    w.keep_good = false;
    release_cache_expire_all(cache);
    ck_assert_uint_lt(build(cache)->n_releases, good->n_releases / 2);
    ck_assert_uint_eq(release_cache_kept(cache), 0);
    w.keep_good = true; /* too late: there is none any more */
    release_cache_expire_all(cache);
    ck_assert_uint_lt(build(cache)->n_releases, good->n_releases / 2);
    ck_assert_uint_eq(release_cache_kept(cache), 0);
}
END_TEST

START_TEST(a_source_that_fails_on_the_way)
{
    struct release_cache *cache = cache_with(3);
    struct snapshot *before = build(cache);
    unsigned reads = w.reads;
    for (unsigned n = 1; n <= reads; n += 1 + n / 8) {
        release_cache_expire_all(cache);
        w.reads = 0;
        w.fails_at = n;
        ck_assert_ptr_null(build(cache));
        same_releases(before, before);
    }
    w.reads = w.fails_at = 0;
    struct snapshot *after = build(cache);
    ck_assert_uint_eq(w.reads, reads);
    same_releases(after, after);
    ck_assert_uint_eq(after->n_releases, before->n_releases);
}
END_TEST

/* ---- changes of single assets ---- */

enum { ASSETS = 50 };

static struct release_cache *v2_cache(void)
{
    w.v2.n = ASSETS;
    w.v2.version = 1;
    w.n_rules = 1;
    w.rules[0].mapping = STR("v2");
    struct release_cache *cache = cache_with(0);
    build(cache);
    ck_assert_uint_eq(w.reads, 1);
    return cache;
}

static void change(struct release_cache *cache, unsigned i)
{
    char path[NAME];
    snprintf(path, sizeof path, ".platforms.p.locales.l%u", i);
    release_cache_change(cache, STR("v2"), str_of(path));
}

static uint64_t stamp_seen;

static void note_stamp(void *arg, struct str name, uint64_t stamp)
{
    (void)arg;
    (void)name;
    stamp_seen = stamp;
}

/* Builds, for which so many releases, bases and assets are read. */
static void built_by(struct release_cache *cache, unsigned reads, unsigned bases, unsigned assets)
{
    w.reads = w.v2.bases = w.v2.assets = 0;
    ck_assert_ptr_nonnull(build(cache));
    ck_assert_uint_eq(w.reads, reads);
    ck_assert_uint_eq(w.v2.bases, bases);
    ck_assert_uint_eq(w.v2.assets, assets);
}

static void has_stamp(const struct release_cache *cache, uint64_t expected)
{
    stamp_seen = 0;
    release_cache_each(cache, note_stamp, NULL);
    ck_assert_uint_eq(stamp_seen, expected);
}

START_TEST(a_changed_asset_is_read_alone)
{
    struct release_cache *cache = v2_cache();
    uint64_t stamp = 1 + ASSETS * 100 + ASSETS * (ASSETS - 1) / 2;
    has_stamp(cache, stamp);
    w.v2.version = 2;
    change(cache, 7);
    change(cache, 3);
    change(cache, 7);
    has_stamp(cache, 0); /* it is not told while it is stale */
    built_by(cache, 0, 0, 2);
    has_stamp(cache, stamp + 2 * 100);
    w.v2.n++;
    change(cache, ASSETS); /* a new one */
    built_by(cache, 0, 0, 1);
    has_stamp(cache, stamp + 2 * 100 + 2 * 100 + ASSETS);
    built_by(cache, 0, 0, 0);
    release_cache_change(cache, STR("v2"), STR_NONE); /* the base was written, and says what it said */
    change(cache, 1);
    built_by(cache, 0, 1, 1);
}
END_TEST

START_TEST(when_it_is_read_whole)
{
    struct release_cache *cache = v2_cache();
    w.v2.base++;
    release_cache_change(cache, STR("v2"), STR_NONE); /* the base says something else */
    change(cache, 1);
    built_by(cache, 1, 1, 0);
    change(cache, ASSETS); /* it is gone */
    built_by(cache, 1, 0, 1);
    release_cache_expire(cache, STR("v2"));
    change(cache, 1);
    built_by(cache, 1, 0, 0);
    for (unsigned i = 0; i < ASSETS; i++) { /* they are many */
        change(cache, i);
    }
    built_by(cache, 1, 0, 0);
    release_cache_change(cache, STR("v2"), STR(".platforms.other.locales.l1"));
    built_by(cache, 1, 0, 1);
    for (unsigned i = 0, whole = 0; whole == 0; i++) { /* and so it is after a while */
        ck_assert_uint_lt(i, 100);
        change(cache, i % ASSETS);
        w.reads = 0;
        build(cache);
        whole = w.reads;
    }
}
END_TEST

START_TEST(changes_are_not_lost_to_a_failure)
{
    struct release_cache *cache = v2_cache();
    change(cache, 1);
    change(cache, 2);
    w.v2.fails = true;
    ck_assert_ptr_null(build(cache));
    release_cache_change(cache, STR("v2"), STR_NONE);
    ck_assert_ptr_null(build(cache));
    w.v2.fails = false;
    change(cache, 3);
    built_by(cache, 0, 1, 3);
    built_by(cache, 0, 0, 0);
}
END_TEST

SUITE_MAIN_WITH("snapshot", setup, teardown, threads_make_no_difference, steps_lead_no_further,
                roots_that_are_named, releases_that_break, a_source_that_fails_on_the_way,
                a_changed_asset_is_read_alone, when_it_is_read_whole, changes_are_not_lost_to_a_failure)
