/* The rule that matches a query does not depend on releases. So the rule set is asked first, then what the
 * rule and the pin map to is read. Only where that is a superblob by products is it asked again, for each
 * product. */
#include "explain/reach.h"

#include "query/version.h"

/* A snapshot on its way. */
struct reach {
    void *ctx;
    const struct snapshot_input *input;
    struct snapshot_request request;
    struct str *roots;
    size_t n;
    struct snapshot *snapshot;
};

static void add_root(struct reach *r, struct str name)
{
    for (size_t i = 0; i < r->n; i++) {
        if (str_eq(r->roots[i], name)) {
            return;
        }
    }
    if (name.n > 0) {
        r->roots = mem_resize(r->ctx, r->roots, struct str, r->n + 1);
        r->roots[r->n++] = name;
    }
}

/* The releases that Q, or a superblob in its name, is answered from. */
static void add_roots(struct reach *r, const struct query *q)
{
    const struct rule *rule;
    struct pin_version pin;
    char text[24];
    if (ruleset_match(r->input->rules, q, &rule) != MATCH_FOUND) {
        return;
    }
    add_root(r, rule->row.mapping);
    add_root(r, rule->row.fallback_mapping);
    if (!str_absent(q->pin) && pin_version_parse(&pin, q->pin)) {
        struct str version = { text, pin_version_print(&pin, text) };
        add_root(r, snapshot_pin(r->snapshot, q->product, q->fallback_channel, version));
    }
}

static bool build(struct reach *r, struct error *e)
{
    r->request.roots = r->roots;
    r->request.n_roots = r->n;
    r->snapshot = snapshot_build(r->ctx, &r->request, e);
    if (r->snapshot != NULL) {
        release_cache_commit(r->request.cache);
    }
    return r->snapshot != NULL;
}

static void add_products(struct reach *r, const struct query *q)
{
    size_t n = r->n;
    for (size_t i = 0; i < n; i++) {
        const struct release *release = snapshot_release(r->snapshot, r->roots[i]);
        for (size_t k = 0; release != NULL && k < release->n_products; k++) {
            struct query part = *q;
            part.product = release->products[k];
            add_roots(r, &part);
        }
    }
}

struct snapshot *reach_snapshot(void *ctx, struct tx *tx, const struct world *world,
                                const struct engine_settings *settings, const struct query *q,
                                struct error *e)
{
    struct world_reader reader = { tx, world };
    struct release_source source = world_source(&reader);
    struct snapshot_input *input = mem_new(ctx, struct snapshot_input);
    *input = world_input(ctx, world, settings);
    struct reach r = { .ctx = ctx, .input = input, .roots = mem_array(ctx, struct str, 1) };
    r.request =
        (struct snapshot_request){ .cache = release_cache_new(ctx), .input = input, .source = &source };
    if (!build(&r, e)) {
        return NULL;
    }
    add_roots(&r, q);
    if (!build(&r, e)) {
        return NULL;
    }
    size_t before = r.n;
    add_products(&r, q);
    return r.n == before || build(&r, e) ? r.snapshot : NULL;
}
