/* What the fuzz targets share: a snapshot made of a few rows, and what must hold for whatever is asked of it.
 */
#ifndef BALROG_TEST_FUZZ_WORLD_H
#define BALROG_TEST_FUZZ_WORLD_H

#include "core/mem.h"
#include "update/engine.h"
#include "update/snapshot_build.h"

#include <stdio.h>
#include <stdlib.h>

static inline void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "must hold: %s\n", what);
        abort();
    }
}

/* ---- settings ---- */

static inline const struct engine_settings *world_settings(void *ctx)
{
    static const struct str force_hosts[] = { { "http://download.mozilla.org", 27 } };
    static const char *const lines[] = {
        "download.mozilla.org Firefox OpenH264 SystemAddons FirefoxVPN Guardian",
        "www.google.com /dl/\\w+\\.crx3 Firefox OpenH264"
    };
    struct allowlist *allowlist = allowlist_new(ctx);
    struct engine_settings *settings = mem_new(ctx, struct engine_settings);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        must(allowlist_add(allowlist, str_of(lines[i]), NULL), "the allow-list is right");
    }
    *settings = (struct engine_settings){ allowlist, force_hosts, 1 };
    return settings;
}

/* ---- a snapshot of rows ---- */

struct rows {
    const struct rule_row *rules;
    size_t n_rules;
    const struct release_row *releases;
    size_t n_releases;
    const struct pin_row *pins;
    size_t n_pins;
    const struct shutoff_row *shutoffs;
    size_t n_shutoffs;
    const struct rule_row *stops; /* partial ones */
    size_t n_stops;
};

static inline bool world_release(void *arg, void *ctx, struct str name, struct release_row *row,
                                 struct release_stamps *stamps, bool *found, struct error *e)
{
    const struct rows *rows = arg;
    (void)ctx;
    (void)e;
    *found = false;
    for (size_t i = 0; i < rows->n_releases; i++) {
        if (str_eq(rows->releases[i].name, name)) {
            *row = rows->releases[i];
            stamps->rows = i + 1;
            *found = true;
        }
    }
    return true;
}

/* Owned by CTX, with all it stands on. */
static inline const struct snapshot *world_snapshot(void *ctx, struct rows *rows,
                                                    const struct engine_settings *settings)
{
    struct snapshot_input input = {
        .rules = ruleset_build(ctx, rows->rules, rows->n_rules),
        .stops = snapshot_stops(ctx, rows->stops, rows->n_stops),
        .pins = rows->pins,
        .n_pins = rows->n_pins,
        .shutoffs = rows->shutoffs,
        .n_shutoffs = rows->n_shutoffs,
        .settings = settings,
        .generation = 1,
    };
    struct release_cache *cache = release_cache_new(ctx);
    struct release_source source = { .release = world_release, .arg = rows };
    struct snapshot_request request = { .cache = cache, .input = &input, .source = &source };
    struct snapshot *s = snapshot_build(ctx, &request, NULL);
    must(s != NULL, "a snapshot can be built of any rows");
    release_cache_commit(cache);
    return s;
}

/* ---- asking it ---- */

/* The index agrees with trying one rule after the other. */
static inline void check_match(const struct ruleset *rules, const struct query *q)
{
    const struct rule *found = NULL, *expected = NULL;
    bool any_bad = false;
    for (size_t i = 0; i < rules->n; i++) {
        bool bad = false;
        bool matches = rule_mismatch(&rules->rules[i], q, &bad) == RULE_MATCHES;
        any_bad |= bad;
        expected = expected == NULL && matches ? &rules->rules[i] : expected;
    }
    enum match match = ruleset_match(rules, q, &found);
    enum match wanted = any_bad ? MATCH_BAD_VERSION : expected != NULL ? MATCH_FOUND : MATCH_NONE;
    must(match == wanted, "the index finds a rule when trying all does");
    must(match != MATCH_FOUND || found == expected, "it finds the same");
    must(ruleset_find(rules, q) == expected, "without the index the same is found, whatever the version");
}

static inline void check_answer(const struct query *q, const struct answer *a, struct str body)
{
    bool xml = q->form == QUERY_XML;
    must(a->status == 200 || a->status == 400 || (a->status == 404 && !xml), "the status is 200, 400 or 404");
    must(a->reason < REASON_COUNT && engine_reason_name(a->reason) != NULL, "there is a reason");
    must((a->status == 400) == (a->reason == REASON_BAD_REQUEST), "a 400 is a bad request");
    must(a->status != 200 || body.n > 0, "a 200 has a body");
    must(!xml || a->status != 200 ||
             (str_starts(body, STR("<?xml version=\"1.0\"?>")) && str_ends(body, STR("</updates>"))),
         "XML begins and ends as it should");
    bool faulty = a->reason == REASON_BROKEN || a->reason == REASON_NO_RELEASE || a->status == 400;
    must(!faulty || a->error.what[0] != '\0', "what is wrong is told");
}

/* Asks with every draw that matters. */
static inline void ask(const struct snapshot *s, const struct query *q, struct buf *scratch, struct buf *body)
{
    check_match(s->input.rules, q);
    for (int drawn = 0; drawn < 100; drawn += 99) {
        struct random_source random = { 1, drawn };
        struct answer a;
        engine_answer(s, q, &random, scratch, body, &a);
        check_answer(q, &a, buf_view(body));
        must(!body->full, "the body fits");
        if (!a.is_random) {
            break;
        }
    }
}

#endif
