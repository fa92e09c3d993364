/* See expect_check.h. Releases come from a pool, which has them as they are in the database, unless the
 * caller has them. Only a side whose changes edit a release that is asked for gets a snapshot of its own. */
#include "explain/expect_check.h"

#include "explain/reach.h"
#include "store/row.h"

struct expect_pool {
    struct world world; /* without rows: only what reads releases */
    struct release_cache *cache;
    struct reach *names;
    const struct snapshot *snapshot; /* with these; NULL: to be built */
};

struct expect_side {
    const struct snapshot *built;   /* with all releases; NULL: they are read when they are asked for */
    struct world world;             /* unless BUILT: with changed rules and pins, without shutoffs */
    struct row_changes of_releases; /* not made in WORLD yet */
    struct reach *edited;           /* the releases that these change */
    struct snapshot_input input;    /* of both, without shutoffs */
    struct reach_lead *lead;        /* of each expectation */
};

/* ---- expectations ---- */

static bool wants_product(const struct str *products, size_t n, struct str product)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(products[i], product) || str_eq(products[i], STR("*"))) {
            return true;
        }
    }
    return false;
}

bool expect_set_read(struct tx *tx, const struct str *products, size_t n, struct expect_set *set,
                     struct error *e)
{
    cJSON *rows;
    struct error why;
    struct table_query q = { .table = &table_expectations, .tail = "ORDER BY product, name" };
    *set = (struct expect_set){ 0 };
    if (n == 1 && !str_eq(products[0], STR("*"))) {
        q.key[0].column = "product";
        q.key[0].value = DB_S(products[0]);
    }
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    set->item = mem_array(tx->mem, struct expectation, cJSON_GetArraySize(rows));
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        bool readable = expectation_read(row, &set->item[set->n], &why);
        if (wants_product(products, n, str_of(row_text(row, "product")))) {
            set->n += readable;
            set->unreadable += !readable;
        }
    }
    return true;
}

void expect_each_query(void *set, void (*see)(void *see_arg, const struct query *q), void *see_arg)
{
    const struct expect_set *s = set;
    struct query q;
    struct error why;
    char *text = mem_check(talloc_size(NULL, QUERY_TEXT_MAX));
    for (size_t i = 0; i < s->n; i++) {
        if (query_parse(&q, text, s->item[i].query, STR_NONE, &why) == QUERY_OK) {
            see(see_arg, &q);
        }
    }
    talloc_free(text);
}

/* ---- sides ---- */

struct expect_frame expect_frame(void *ctx, struct tx *tx, const struct engine_settings *settings,
                                 const struct expect_set *set)
{
    struct expect_pool *pool = mem_new(ctx, struct expect_pool);
    pool->world.ctx = ctx;
    pool->cache = release_cache_new(pool);
    pool->names = reach_new(pool);
    return (struct expect_frame){ .ctx = ctx, .tx = tx, .settings = settings, .set = set, .pool = pool };
}

/* S has SIDE's rules and pins. */
static void find_leads(const struct expect_frame *f, struct expect_side *side, const struct snapshot *s)
{
    struct query q;
    struct error why;
    char *text = mem_check(talloc_size(f->ctx, QUERY_TEXT_MAX));
    side->lead = mem_array(f->ctx, struct reach_lead, f->set->n);
    for (size_t i = 0; i < f->set->n; i++) {
        if (query_parse(&q, text, f->set->item[i].query, STR_NONE, &why) == QUERY_OK) {
            side->lead[i] = reach_lead(s, &q);
        }
    }
    talloc_free(text);
}

static bool is_release(const struct row_change *c)
{
    return c->table != &table_rules && c->table != &table_pinnable_releases &&
           c->table != &table_emergency_shutoffs && c->table != &table_partial_stops;
}

static void add_edited(struct expect_side *side, const struct row_change *c)
{
    if (is_release(c)) {
        reach_add_name(side->edited, str_of(row_text(c->now != NULL ? c->now : c->old, "name")));
    }
}

/* Makes the changes but for those of releases, which are kept for later: they cost more. */
static void change_rows(const struct expect_frame *f, struct expect_side *side,
                        const struct row_changes *changes)
{
    struct row_changes small = { .list = mem_array(f->ctx, struct row_change, changes->n) };
    side->of_releases.list = mem_array(f->ctx, struct row_change, changes->n);
    for (size_t i = 0; i < changes->n; i++) {
        const struct row_change *c = &changes->list[i];
        struct row_changes *to = is_release(c) ? &side->of_releases : &small;
        to->list[to->n++] = *c;
        add_edited(side, c);
    }
    world_apply(&side->world, &small);
}

struct expect_side *expect_side_new(struct expect_frame *f, const struct world *world,
                                    const struct row_changes *changes)
{
    struct expect_side *side = mem_new(f->ctx, struct expect_side);
    side->world = world_copy(f->ctx, world);
    side->edited = reach_new(f->ctx);
    if (changes != NULL) {
        change_rows(f, side, changes);
    }
    side->world.n_shutoffs = side->world.n_stops = 0;
    side->input = world_input(f->ctx, &side->world, f->settings);
    find_leads(f, side, snapshot_new(f->ctx, &side->input, 0));
    return side;
}

struct expect_side *expect_side_built(struct expect_frame *f, const struct snapshot *s,
                                      const struct row_changes *changes)
{
    struct expect_side *side = mem_new(f->ctx, struct expect_side);
    side->edited = reach_new(f->ctx);
    for (size_t i = 0; changes != NULL && i < changes->n; i++) {
        add_edited(side, &changes->list[i]);
    }
    side->input = s->input;
    side->input.n_shutoffs = 0;
    side->input.stops = NULL;
    side->built = snapshot_with_input(f->ctx, s, &side->input);
    find_leads(f, side, side->built);
    return side;
}

void expect_frame_use(struct expect_frame *f, const struct expect_side *side)
{
    struct reach *names = reach_new(f->ctx);
    for (size_t i = 0; i < f->set->n; i++) {
        for (unsigned k = 0; k < side->lead[i].n; k++) {
            reach_add_name(names, side->lead[i].name[k]);
        }
    }
    f->built = side->built;
    f->in_built = names;
}

/* ---- releases ---- */

/* A snapshot of INPUT with the releases NAMES as they are in WORLD; owned by CTX. */
static const struct snapshot *build(void *ctx, struct world_reader reader, struct release_cache *cache,
                                    const struct snapshot_input *input, const struct reach *names,
                                    struct error *e)
{
    struct release_source source = world_source(&reader);
    struct snapshot_request request = { .cache = cache, .input = input, .source = &source };
    request.roots = reach_names(names, &request.n_roots);
    struct snapshot *s = snapshot_build(ctx, &request, e);
    if (s != NULL) {
        release_cache_commit(cache);
    }
    return s;
}

static bool refuse_more(const struct expect_frame *f, struct error *e)
{
    return fail(e, FAIL_INVALID, "More than %zu releases would have to be read", f->releases_max);
}

static bool fill_pool(struct expect_frame *f, const struct snapshot_input *input, const struct reach *names,
                      struct error *e)
{
    size_t n, had;
    struct expect_pool *pool = f->pool;
    const struct str *name = reach_names(names, &n);
    for (size_t i = 0; i < n; i++) {
        reach_names(pool->names, &had);
        if (f->releases_max > 0 && had >= f->releases_max && !reach_has(pool->names, name[i])) {
            return refuse_more(f, e);
        }
        if (reach_add_name(pool->names, name[i])) {
            pool->snapshot = NULL;
        }
    }
    if (pool->snapshot == NULL) {
        pool->snapshot =
            build(pool, (struct world_reader){ f->tx, &pool->world }, pool->cache, input, pool->names, e);
    }
    return pool->snapshot != NULL;
}

/* Whether the frame's built snapshot has all of NAMES. */
static bool has_built(const struct expect_frame *f, const struct reach *names)
{
    size_t n;
    const struct str *name = reach_names(names, &n);
    for (size_t i = 0; f->built != NULL && i < n; i++) {
        if (!reach_has(f->in_built, name[i])) {
            return false;
        }
    }
    return f->built != NULL;
}

/* The snapshot of SIDE with the releases that the expectations that are WANTED lead to. */
static const struct snapshot *side_snapshot(struct expect_frame *f, struct expect_side *side,
                                            const bool *wanted, struct error *e)
{
    size_t n;
    struct reach *names = reach_new(f->ctx);
    bool edited = false;
    if (side->built != NULL) {
        return side->built;
    }
    for (size_t i = 0; i < f->set->n; i++) {
        const struct reach_lead *lead = &side->lead[i];
        for (unsigned k = 0; wanted[i] && k < lead->n; k++) {
            reach_add_name(names, lead->name[k]);
            edited = edited || reach_has(side->edited, lead->name[k]);
        }
    }
    if (!edited && has_built(f, names)) {
        return snapshot_with_input(f->ctx, f->built, &side->input);
    }
    if (!edited) {
        return fill_pool(f, &side->input, names, e)
                   ? snapshot_with_input(f->ctx, f->pool->snapshot, &side->input)
                   : NULL;
    }
    reach_names(names, &n);
    if (f->releases_max > 0 && n > f->releases_max) {
        refuse_more(f, e);
        return NULL;
    }
    world_apply(&side->world, &side->of_releases);
    side->of_releases.n = 0;
    return build(f->ctx, (struct world_reader){ f->tx, &side->world }, release_cache_new(f->ctx),
                 &side->input, names, e);
}

/* ---- comparing ---- */

static bool same_rule(const struct rule *a, const struct rule *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return str_eq(a->row.mapping, b->row.mapping) &&
           str_eq(a->row.fallback_mapping, b->row.fallback_mapping) &&
           a->row.has_background_rate == b->row.has_background_rate &&
           a->row.background_rate == b->row.background_rate;
}

static bool leads_to(const struct reach_lead *lead, const struct reach *names)
{
    for (unsigned i = 0; i < lead->n; i++) {
        if (reach_has(names, lead->name[i])) {
            return true;
        }
    }
    return false;
}

static bool may_differ(const struct expect_compare *c, size_t i)
{
    const struct reach_lead *before = &c->before->lead[i], *after = &c->after->lead[i];
    if (before->match != after->match || !same_rule(before->rule, after->rule) || before->n != after->n) {
        return true;
    }
    for (unsigned k = 0; k < before->n; k++) {
        if (!str_eq(before->name[k], after->name[k])) {
            return true;
        }
    }
    return leads_to(before, c->before->edited) || leads_to(after, c->after->edited);
}

/* Holds the expectations that are WANTED against SIDE: those of the result's members that IS_AFTER names. */
static bool hold_against(struct expect_frame *f, struct expect_side *side, const bool *wanted,
                         bool with_answers, bool is_after, struct expect_result *results, struct error *e)
{
    const struct snapshot *s = side_snapshot(f, side, wanted, e);
    for (size_t i = 0; s != NULL && i < f->set->n; i++) {
        struct expect_result *r = &results[i];
        cJSON **answers = is_after ? &r->gets : &r->got;
        const char **why = is_after ? &r->is : &r->was;
        if (wanted[i]) {
            *why = expectation_why_broken(f->ctx, s, &f->set->item[i], with_answers ? answers : NULL);
            tx_keep(f->tx, *answers);
        }
    }
    return s != NULL;
}

bool expect_compare(struct expect_frame *f, const struct expect_compare *c, struct expect_result **results,
                    struct error *e)
{
    size_t n = f->set->n, n_wanted = 0;
    bool *wanted = mem_array(f->ctx, bool, n);
    struct expect_result *r = *results = mem_array(f->ctx, struct expect_result, n);
    for (size_t i = 0; i < n; i++) {
        wanted[i] = r[i].checked = c->before == NULL || may_differ(c, i);
        n_wanted += wanted[i];
    }
    if (n_wanted == 0) {
        return true;
    }
    if (!hold_against(f, c->after, wanted, c->whole, true, r, e)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        wanted[i] = wanted[i] && (c->whole || r[i].is != NULL);
    }
    return c->before == NULL || hold_against(f, c->before, wanted, c->whole, false, r, e);
}
