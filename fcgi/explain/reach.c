/* The rule that matches a query does not depend on releases. So the rule set is asked first, then what the
 * rule and the pin map to is read. Only where that is a superblob by products the rules are asked again, for
 * each product. */
#include "explain/reach.h"

#include "core/interner.h"
#include "query/version.h"

/* ---- names ---- */

struct reach {
    struct arena arena;
    struct interner texts;
    struct str *names;
    size_t n;
};

struct reach *reach_new(void *ctx)
{
    struct reach *reach = mem_new(ctx, struct reach);
    arena_init(&reach->arena, reach, 4096);
    interner_init(&reach->texts, reach, &reach->arena);
    return reach;
}

bool reach_has(const struct reach *reach, struct str name)
{
    return interner_find(&reach->texts, 0, name) != NULL;
}

bool reach_add_name(struct reach *reach, struct str name)
{
    if (name.n == 0 || reach_has(reach, name)) {
        return false;
    }
    reach->names = mem_grow(reach, reach->names, struct str, reach->n);
    reach->names[reach->n++] = interner_get(&reach->texts, 0, name)->text;
    return true;
}

const struct str *reach_names(const struct reach *reach, size_t *n)
{
    static const struct str none[1];
    *n = reach->n;
    return reach->names != NULL ? reach->names : none;
}

/* ---- queries ---- */

/* Calls SEE for each release that the rules and pins of S map Q to. */
static void each_mapping(const struct snapshot *s, const struct query *q,
                         void (*see)(void *arg, struct str name), void *arg)
{
    const struct rule *rule;
    struct pin_version pin;
    char text[24];
    if (ruleset_match(s->input.rules, q, &rule) != MATCH_FOUND) {
        return;
    }
    see(arg, rule->row.mapping);
    see(arg, rule->row.fallback_mapping);
    if (!str_absent(q->pin) && pin_version_parse(&pin, q->pin)) {
        struct str version = { text, pin_version_print(&pin, text) };
        see(arg, snapshot_pin(s, q->product, q->fallback_channel, version));
    }
}

static void add_mapping(void *arg, struct str name)
{
    reach_add_name(arg, name);
}

void reach_add_query(struct reach *reach, const struct snapshot *s, const struct query *q)
{
    each_mapping(s, q, add_mapping, reach);
}

struct product_search {
    struct reach *reach;
    const struct snapshot *snapshot;
    const struct query *query;
};

static void add_products(void *arg, struct str name)
{
    const struct product_search *search = arg;
    const struct release *release = name.n > 0 ? snapshot_release(search->snapshot, name) : NULL;
    for (size_t i = 0; release != NULL && i < release->n_products; i++) {
        struct query part = *search->query;
        part.product = release->products[i];
        reach_add_query(search->reach, search->snapshot, &part);
    }
}

void reach_add_products(struct reach *reach, const struct snapshot *s, const struct query *q)
{
    struct product_search search = { reach, s, q };
    each_mapping(s, q, add_products, &search);
}

bool reach_has_products(const struct reach *reach, const struct snapshot *s)
{
    for (size_t i = 0; i < reach->n; i++) {
        const struct release *release = snapshot_release(s, reach->names[i]);
        if (release != NULL && release->n_products > 0) {
            return true;
        }
    }
    return false;
}

/* ---- a snapshot for one query ---- */

static struct snapshot *build_reached(void *ctx, struct snapshot_request *request, const struct reach *reach,
                                      struct error *e)
{
    request->roots = reach_names(reach, &request->n_roots);
    struct snapshot *s = snapshot_build(ctx, request, e);
    if (s != NULL) {
        release_cache_commit(request->cache);
    }
    return s;
}

struct snapshot *reach_snapshot(void *ctx, struct tx *tx, const struct world *world,
                                const struct engine_settings *settings, const struct query *q,
                                struct error *e)
{
    struct world_reader reader = { tx, world };
    struct release_source source = world_source(&reader);
    struct snapshot_input input = world_input(ctx, world, settings);
    struct reach *reach = reach_new(ctx);
    struct snapshot_request request = { .cache = release_cache_new(ctx), .input = &input, .source = &source };
    reach_add_query(reach, snapshot_new(ctx, &input, 0), q);
    struct snapshot *s = build_reached(ctx, &request, reach, e);
    if (s == NULL || !reach_has_products(reach, s)) {
        return s;
    }
    reach_add_products(reach, s, q);
    return build_reached(ctx, &request, reach, e);
}
