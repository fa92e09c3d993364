/* keeper_take(): the queries are asked for the releases that they lead to, before and after the changes; what
 * is not kept of these is read; then the changes are made beside it. */
#include "explain/keeper_state.h"

#include "core/clock.h"

/* A request on its way. */
struct taking {
    struct keeper *keeper;
    struct tx *tx;
    const struct kept_request *request;
    struct kept *kept;
    struct changed_world *changed; /* NULL: no changes */
    struct reach *wanted;
    const struct snapshot *now_rules, *changed_rules; /* without releases */
};

/* ---- the world with the changes ---- */

static void make_changes(struct taking *t)
{
    const struct keeper *k = t->keeper;
    const struct world *now = &k->tables->world;
    if (t->request->changes == NULL || t->request->changes->n == 0) {
        return;
    }
    t->changed = mem_new(t->kept, struct changed_world);
    struct world *w = &t->changed->world;
    *w = world_copy(t->changed, now);
    world_apply(w, t->request->changes);
    t->changed->input = world_input(t->changed, w, &k->settings.engine);
}

/* ---- what the queries need ---- */

static void want_query(void *arg, const struct query *q)
{
    const struct taking *t = arg;
    reach_add_query(t->wanted, t->now_rules, q);
    if (t->changed != NULL) {
        reach_add_query(t->wanted, t->changed_rules, q);
    }
}

static void want_products(void *arg, const struct query *q)
{
    const struct taking *t = arg;
    reach_add_products(t->wanted, t->kept->now, q);
    if (t->changed != NULL) {
        reach_add_products(t->wanted, t->kept->changed, q);
    }
}

/* Builds both snapshots with what is wanted so far. */
static bool build_both(struct taking *t, bool *full, struct error *e)
{
    size_t n;
    struct keeper *k = t->keeper;
    const struct str *names = reach_names(t->wanted, &n);
    for (size_t i = 0; i < n; i++) {
        k->stale |= reach_add_name(k->roots, names[i]);
    }
    if (!keeper_build(k, t->tx, t->request, full, e)) {
        return false;
    }
    t->kept->now = k->current->snapshot;
    if (t->changed == NULL) {
        return true;
    }
    t->kept->changed = keeper_build_changed(k, t->tx, t->kept, t->changed, t->wanted, t->request, e);
    return t->kept->changed != NULL;
}

static bool needs_products(const struct taking *t)
{
    return reach_has_products(t->wanted, t->kept->now) ||
           (t->changed != NULL && reach_has_products(t->wanted, t->kept->changed));
}

static bool build_wanted(struct taking *t, bool *full, struct error *e)
{
    const struct kept_request *r = t->request;
    void *tmp = mem_check(talloc_new(NULL));
    t->wanted = reach_new(tmp);
    t->now_rules = snapshot_new(tmp, &t->keeper->tables->input, 0);
    t->changed_rules = t->changed != NULL ? snapshot_new(tmp, &t->changed->input, 0) : NULL;
    r->each_query(r->arg, want_query, t);
    bool ok = build_both(t, full, e);
    if (ok && needs_products(t)) {
        r->each_query(r->arg, want_products, t);
        ok = build_both(t, full, e);
    }
    talloc_free(tmp);
    return ok;
}

/* ---- taking ---- */

static int give_back(struct kept *kept)
{
    if (kept->generation != NULL) {
        atomic_fetch_sub(&kept->generation->users, 1);
    }
    return 0;
}

/* NULL; *FULL: because of the limit of memory. */
static struct kept *take_once(struct keeper *k, struct tx *tx, void *ctx, const struct kept_request *request,
                              bool *full, struct error *e)
{
    struct taking t = { .keeper = k, .tx = tx, .request = request };
    *full = false;
    if (!keeper_refresh(k, tx, e)) {
        return NULL;
    }
    t.kept = mem_new(ctx, struct kept);
    make_changes(&t);
    if (!build_wanted(&t, full, e)) {
        talloc_free(t.kept);
        return NULL;
    }
    t.kept->position = feed_cursor(k->feed);
    t.kept->generation = k->current;
    atomic_fetch_add(&k->current->users, 1);
    talloc_set_destructor(t.kept, give_back);
    k->used_ms = clock_ms();
    atomic_store(&k->stats.used_ms, k->used_ms);
    return t.kept;
}

struct kept *keeper_take(struct keeper *k, struct tx *tx, void *ctx, const struct kept_request *request,
                         struct error *e)
{
    bool full, had_others = k->current != NULL;
    struct kept *kept = take_once(k, tx, ctx, request, &full, e);
    if (!full) {
        return kept;
    }
    keeper_drop(k, DROP_MEMORY); /* what other requests needed; then again with this one's releases alone */
    if (had_others) {
        kept = take_once(k, tx, ctx, request, &full, e);
    }
    if (full) {
        keeper_drop(k, DROP_MEMORY);
    }
    return kept;
}
