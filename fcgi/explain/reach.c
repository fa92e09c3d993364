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

static void add_lead(struct reach_lead *lead, struct str name)
{
    if (name.n > 0) {
        lead->name[lead->n++] = name;
    }
}

struct reach_lead reach_lead(const struct snapshot *s, const struct query *q)
{
    struct reach_lead lead = { 0 };
    struct pin_version pin;
    char text[24];
    lead.match = ruleset_match(s->input.rules, q, &lead.rule);
    if (lead.match != MATCH_FOUND) {
        lead.rule = NULL;
        return lead;
    }
    add_lead(&lead, lead.rule->row.mapping);
    add_lead(&lead, lead.rule->row.fallback_mapping);
    if (!str_absent(q->pin) && pin_version_parse(&pin, q->pin)) {
        struct str version = { text, pin_version_print(&pin, text) };
        add_lead(&lead, snapshot_pin(s, q->product, q->fallback_channel, version));
    }
    return lead;
}

void reach_add_query(struct reach *reach, const struct snapshot *s, const struct query *q)
{
    const struct reach_lead lead = reach_lead(s, q);
    for (unsigned i = 0; i < lead.n; i++) {
        reach_add_name(reach, lead.name[i]);
    }
}

void reach_add_products(struct reach *reach, const struct snapshot *s, const struct query *q)
{
    const struct reach_lead lead = reach_lead(s, q);
    for (unsigned i = 0; i < lead.n; i++) {
        const struct release *release = snapshot_release(s, lead.name[i]);
        for (size_t k = 0; release != NULL && k < release->n_products; k++) {
            struct query part = *q;
            part.product = release->products[k];
            reach_add_query(reach, s, &part);
        }
    }
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
