/* A few releases and a query to ask them with, for the tests of fcgi/blob. JSON is written with ' for ". */
#ifndef BALROG_TEST_BLOB_WORLD_H
#define BALROG_TEST_BLOB_WORLD_H

#include "release/release.h"

#include "suite.h"

#include <stdio.h>

enum { WORLD_MAX = 8 };

static struct world {
    void *ctx;
    struct allowlist *allowlist;
    struct query q;
    struct release *release[WORLD_MAX];
    size_t n;
    struct buf out;
    struct error error, skipped;
    const char *update_type;
} w;

static void world_setup(void)
{
    static const char *const lines[] = { "download.mozilla.org Firefox",
                                         "good.com Firefox OpenH264 SystemAddons Guardian",
                                         "www.google.com /dl/\\w+\\.crx3 OpenH264" };
    w.ctx = mem_check(talloc_new(NULL));
    w.allowlist = allowlist_new(w.ctx);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        ck_assert(allowlist_add(w.allowlist, str_of(lines[i]), &w.error));
    }
    buf_init(&w.out, 256, 1 << 20);
    w.n = 0;
    w.update_type = "minor";
    w.q = (struct query){ .form = QUERY_XML };
}

static void world_teardown(void)
{
    buf_free(&w.out);
    talloc_free(w.ctx);
}

static const struct release *world_find(const void *arg, struct str name)
{
    (void)arg;
    for (size_t i = 0; i < w.n; i++) {
        if (w.release[i] != NULL && str_eq(w.release[i]->name, name)) {
            return w.release[i];
        }
    }
    return NULL;
}

/* TEXT with " for each '. */
static inline struct str world_json(const char *text)
{
    char *copy = mem_strdup(w.ctx, text);
    for (char *c = copy; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return str_of(copy);
}

static inline const struct release *world_add_as(const char *name, const char *json, enum release_use use)
{
    struct release_row row = { .name = str_of(name), .product = STR("Firefox"), .json = world_json(json) };
    w.release[w.n] = release_compile(w.ctx, &row, use, &w.error);
    ck_assert_msg(w.release[w.n] != NULL, "%s: %s", name, w.error.what);
    return w.release[w.n++];
}

static inline const struct release *world_add(const char *name, const char *json)
{
    return world_add_as(name, json, RELEASE_SERVED);
}

/* The query's fields, in the order of a URL. NULL: absent. */
static inline void world_query(const char *product, const char *version, const char *build_id,
                               const char *target, const char *locale, const char *channel)
{
    w.q.product = str_of(product);
    w.q.version = str_of(version);
    w.q.build_id = str_of(build_id);
    w.q.build_target = str_of(target);
    w.q.locale = str_of(locale);
    w.q.channel = str_of(channel);
    w.q.fallback_channel = query_fallback_channel(w.q.channel);
}

static inline struct release_env world_env(void)
{
    static const struct str force_hosts[] = { { "http://download.mozilla.org", 27 } };
    return (struct release_env){ .query = &w.q,
                                 .update_type = str_of(w.update_type),
                                 .allowlist = w.allowlist,
                                 .force_hosts = force_hosts,
                                 .n_force_hosts = 1,
                                 .find = world_find };
}

/* What R prints: the XML between <updates> and </updates>, or "BAD: …" or "BROKEN: …". */
static inline const char *world_print(const struct release *r)
{
    struct release_env env = world_env();
    buf_reset(&w.out);
    w.skipped = (struct error){ 0 };
    enum verdict v = release_header_xml(r, &env, &w.out, &w.error);
    if (v == VERDICT_YES) {
        v = release_inner_xml(r, &env, &w.out, &w.error, &w.skipped);
    }
    if (v == VERDICT_YES) {
        v = release_footer_xml(r, &env, &w.out, &w.error);
    }
    if (v == VERDICT_YES) {
        return mem_strndup(w.ctx, w.out.p, w.out.n);
    }
    return mem_printf(w.ctx, "%s: %s", v == VERDICT_BAD ? "BAD" : "BROKEN", w.error.what);
}

/* Whether R is for the query: "NO", "MAYBE", "YES", "BAD: …" or "BROKEN: …". */
static inline const char *world_serve(const struct release *r)
{
    static const char *const names[] = { "NO", "MAYBE", "YES", "BAD", "BROKEN" };
    enum verdict v = release_should_serve(r, &w.q, &w.error);
    return v < VERDICT_BAD ? names[v] : mem_printf(w.ctx, "%s: %s", names[v], w.error.what);
}

#endif
