/* A world of rules, releases, pins and stops for tests of the engine, which are written as rows; and asking
 * the engine. */
#ifndef BALROG_TEST_ENGINE_WORLD_H
#define BALROG_TEST_ENGINE_WORLD_H

#include "update/engine.h"
#include "update/snapshot_build.h"

#include "suite.h"

#include <stdio.h>

enum { RELEASES_MAX = 16 };

/* A world in rows, as a test writes it. */
static struct {
    void *ctx;
    struct rule_row rules[8];
    size_t n_rules;
    struct pin_row pins[4];
    size_t n_pins;
    struct shutoff_row shutoffs[4];
    size_t n_shutoffs;
    struct rule_row stops[4]; /* partial ones */
    size_t n_stops;
    const struct str *roots,
        *awaited; /* of a first snapshot that lacks something; roots NULL: it is a whole one */
    size_t n_roots, n_awaited;
    struct {
        const char *name, *product;
        char *json;
        uint64_t stamp;
    } releases[RELEASES_MAX];
    size_t n_releases;
    bool source_fails;
    unsigned reads;
    unsigned broken;
    struct allowlist *allowlist;
    struct engine_settings settings;
    struct ruleset *ruleset;
    struct release_cache *cache;
    struct snapshot *snapshot;
    struct random_source random;
    struct buf scratch, body;
    struct answer answer;
} w;

static const struct str force_hosts[] = { { "http://download.mozilla.org", 27 } };

static inline void setup(void)
{
    struct error e;
    memset(&w, 0, sizeof w);
    w.ctx = talloc_new(NULL);
    w.allowlist = allowlist_new(w.ctx);
    ck_assert(allowlist_add(
        w.allowlist, STR("download.mozilla.org Firefox OpenH264 Widevine SystemAddons FirefoxVPN"), &e));
    w.settings = (struct engine_settings){ w.allowlist, force_hosts, 1 };
    w.cache = release_cache_new(w.ctx);
    w.random = (struct random_source){ 1, 0 };
    buf_init(&w.scratch, 64, ENGINE_BODY_MAX);
    buf_init(&w.body, 64, 2 * ENGINE_BODY_MAX);
}

static inline void teardown(void)
{
    buf_free(&w.scratch);
    buf_free(&w.body);
    talloc_free(w.ctx);
}

/* ---- building the world ---- */

static inline struct rule_row *add_rule(int64_t id, int64_t priority, const char *product,
                                        const char *mapping)
{
    struct rule_row *row = &w.rules[w.n_rules++];
    *row = (struct rule_row){ .rule_id = id,
                              .data_version = 7,
                              .has_priority = true,
                              .priority = priority,
                              .has_background_rate = true,
                              .background_rate = 100,
                              .mapping = str_of(mapping),
                              .update_type = STR("minor"),
                              .product = str_of(product),
                              .jaws = TRI_UNKNOWN,
                              .mig64 = TRI_UNKNOWN };
    return row;
}

static inline void add_release(const char *name, const char *product, const char *json)
{
    w.releases[w.n_releases].name = name;
    w.releases[w.n_releases].product = product;
    w.releases[w.n_releases].json = mem_strdup(w.ctx, json);
    w.releases[w.n_releases++].stamp = 1;
}

/* A v9 release with one platform and an alias to it, one locale, a complete and perhaps a partial. */
static inline void add_app(const char *name, const char *version, const char *build_id, const char *from)
{
    char partials[256] = "";
    if (from != NULL) {
        snprintf(partials, sizeof partials,
                 ", \"partials\": [{\"from\": \"%s\", \"filesize\": 2, \"hashValue\": \"p\", "
                 "\"fileUrl\": \"http://download.mozilla.org/p?a=1&b=2\"}]",
                 from);
    }
    add_release(
        name, "Firefox",
        mem_printf(
            w.ctx,
            "{\"name\": \"%s\", \"schema_version\": 9, \"hashFunction\": \"sha512\", \"appVersion\": \"%s\", "
            "\"displayVersion\": \"%s\", \"fileUrls\": {\"*\": {\"completes\": {\"*\": "
            "\"http://download.mozilla.org/%%OS_FTP%%/%%LOCALE%%\"}}}, \"platforms\": {\"Linux\": "
            "{\"OS_FTP\": "
            "\"linux\", \"OS_BOUNCER\": \"lin\", \"buildID\": \"%s\", \"locales\": {\"de\": {\"completes\": "
            "[{\"from\": \"*\", \"filesize\": 1, \"hashValue\": \"c\"}]%s}}}, \"Alias\": {\"alias\": "
            "\"Linux\"}}}",
            name, version, version, build_id, partials));
}

static inline void add_gmp(const char *name, const char *product, const char *vendor)
{
    add_release(name, product,
                mem_printf(w.ctx,
                           "{\"name\": \"%s\", \"schema_version\": 1000, \"hashFunction\": \"sha512\", "
                           "\"vendors\": {\"%s\": "
                           "{\"version\": \"1.2\", \"platforms\": {\"default\": {\"fileUrl\": "
                           "\"https://download.mozilla.org/g\", \"hashValue\": \"h\", \"filesize\": 3}}}}}",
                           name, vendor));
}

static inline void note_broken(void *arg, struct str name, const char *why, bool kept)
{
    (void)arg;
    (void)kept;
    (void)name;
    ck_assert(why[0] != '\0');
    w.broken++;
}

static inline bool read_release(void *arg, void *ctx, struct str name, struct release_row *row,
                                struct release_stamps *stamps, bool *found, struct error *e)
{
    (void)arg;
    (void)ctx;
    w.reads++;
    if (w.source_fails) {
        return error_set(e, ERROR_UNAVAILABLE, "no database");
    }
    *found = false;
    for (size_t i = 0; i < w.n_releases; i++) {
        if (str_eq(name, str_of(w.releases[i].name))) {
            *row = (struct release_row){ .name = name,
                                         .product = str_of(w.releases[i].product),
                                         .json = str_of(w.releases[i].json) };
            stamps->rows = w.releases[i].stamp;
            *found = true;
        }
    }
    return true;
}

static inline bool build(void)
{
    static uint64_t generation;
    struct error e;
    struct ruleset *rules = ruleset_build(w.ctx, w.rules, w.n_rules);
    const struct ruleset *stops = snapshot_stops(w.ctx, w.stops, w.n_stops);
    struct snapshot_input input = { .rules = rules,
                                    .stops = stops,
                                    .pins = w.pins,
                                    .n_pins = w.n_pins,
                                    .shutoffs = w.shutoffs,
                                    .n_shutoffs = w.n_shutoffs,
                                    .settings = &w.settings,
                                    .generation = ++generation,
                                    .awaited = w.awaited,
                                    .n_awaited = w.n_awaited };
    struct release_source source = { .release = read_release, .arg = NULL };
    struct snapshot_request request = {
        .cache = w.cache,
        .input = &input,
        .source = &source,
        .broken = note_broken,
        .roots = w.roots,
        .n_roots = w.n_roots,
    };
    struct snapshot *next = snapshot_build(w.ctx, &request, &e);
    if (next == NULL) {
        ck_assert_int_eq(e.kind, ERROR_UNAVAILABLE);
        talloc_free(rules);
        return false;
    }
    release_cache_commit(w.cache);
    talloc_free(w.snapshot);
    talloc_free(w.ruleset);
    w.snapshot = next;
    w.ruleset = rules;
    return true;
}

/* ---- asking ---- */

static inline const struct answer *ask(const char *uri)
{
    static char text[QUERY_TEXT_MAX];
    struct query q;
    struct error e;
    if (w.snapshot == NULL) {
        ck_assert(build());
    }
    ck_assert_msg(query_parse(&q, text, str_of(uri), STR_NONE, &e) == QUERY_OK, "%s", uri);
    engine_answer(w.snapshot, &q, &w.random, &w.scratch, &w.body, &w.answer);
    return &w.answer;
}

static inline void body_is(const char *want)
{
    ck_assert_msg(str_eq(buf_view(&w.body), str_of(want)), "got %.*s", STR_ARG(buf_view(&w.body)));
}

static inline void body_has(const char *want)
{
    ck_assert_msg(str_contains(buf_view(&w.body), str_of(want)), "no %s in %.*s", want,
                  STR_ARG(buf_view(&w.body)));
}

static inline void is_empty(enum reason reason)
{
    ck_assert_int_eq(w.answer.status, 200);
    ck_assert_str_eq(engine_reason_name(w.answer.reason), engine_reason_name(reason));
    body_is(ENGINE_EMPTY_XML);
}

#define ASK_LINUX "/update/1/Firefox/100.0/20200101/Linux/de/release/update.xml"

#endif
