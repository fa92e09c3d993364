/* The rows are in the database as the transaction has changed them: they are held against the rows with its
 * changes taken back. Rules and pins are read with a lock, so that of two transactions at the same time,
 * which break an expectation only together, one sees what the other has done. Two that change rules would
 * each have locked what the other one reads, so they take turns from their beginning. */
#include "explain/expect_guard.h"

#include "explain/expect_check.h"
#include "store/noted.h"
#include "store/row.h"

enum { NAMED_MAX = 3 };

bool expect_policy_blocks(const struct expect_policy *policy, struct str product)
{
    for (size_t i = 0; i < policy->products.n; i++) {
        struct str item = policy->products.item[i];
        if (str_eq(item, product) || str_eq(item, STR("*"))) {
            return true;
        }
    }
    return false;
}

/* The first rule stands for all of them. If there is none, nobody waits; then deadlocks are retried, as
 * everywhere. */
bool expect_take_turn(struct tx *tx, const struct expect_policy *policy, struct error *e)
{
    if (policy->products.n == 0) {
        return true;
    }
    struct db_rows *rows =
        db_query(tx->db, "SELECT rule_id FROM rules ORDER BY rule_id LIMIT 1 FOR UPDATE", NULL, 0, e);
    db_next(rows, e);
    return db_finish(rows);
}

/* ---- what the transaction has changed ---- */

static bool is_of_releases(const struct table *t)
{
    return (t->flags & TABLE_RELEASES) != 0;
}

/* Whether N has been made and can bear on answers. Making a release read-only does not. */
static bool matters(const struct noted_change *n)
{
    const struct table *t = n->resource->table;
    const struct change *c = &n->change;
    if (n->how != NOTED_MADE && n->how != NOTED_ENACTED) {
        return false;
    }
    if (is_of_releases(t)) {
        return c->type != CHANGE_UPDATE || json_get(c->what, "data") != NULL ||
               !row_same(json_get(c->old, "product"), json_get(c->now, "product"));
    }
    return t == &table_rules || t == &table_pinnable_releases;
}

static struct row_change inverse_of(const struct noted_change *n)
{
    const struct change *c = &n->change;
    return (struct row_change){
        .table = n->resource->table,
        .type = c->old == NULL   ? CHANGE_DELETE
                : c->now == NULL ? CHANGE_INSERT
                                 : CHANGE_UPDATE,
        .old = c->now,
        .now = c->old,
    };
}

/* The changes that take back what TX has done, the last one first. */
static struct row_changes take_back(struct tx *tx, bool *only_releases)
{
    struct row_changes inverse = { 0 };
    size_t n = 0;
    *only_releases = true;
    for (const struct noted_change *c = noted_first(tx); c != NULL; c = c->next) {
        n += matters(c);
    }
    inverse.list = mem_array(tx->mem, struct row_change, n);
    inverse.n = n;
    for (const struct noted_change *c = noted_first(tx); c != NULL; c = c->next) {
        if (matters(c)) {
            inverse.list[--n] = inverse_of(c);
            *only_releases = *only_releases && is_of_releases(c->resource->table);
        }
    }
    return inverse;
}

/* Whether a rule or a pin maps to the release NAME. */
static bool is_mapped(struct tx *tx, const char *name, bool *is, struct error *e)
{
    const struct db_value names[] = { DB_S(str_of(name)), DB_S(str_of(name)), DB_S(str_of(name)) };
    const char *sql = "SELECT EXISTS (SELECT 1 FROM rules WHERE mapping = ? OR fallbackMapping = ?)"
                      " OR EXISTS (SELECT 1 FROM pinnable_releases WHERE mapping = ?)";
    struct db_rows *rows = db_query(tx->db, sql, names, ARRAY_LEN(names), e);
    *is = db_next(rows, e) && db_int(rows, 0) != 0;
    return db_finish(rows);
}

/* Whether one of the CHANGES, all of releases, is of a release that something maps to. Most submissions are
 * not. */
static bool any_is_mapped(struct tx *tx, const struct row_changes *changes, bool *any, struct error *e)
{
    const char *last = "";
    *any = false;
    for (size_t i = 0; i < changes->n && !*any; i++) {
        const struct row_change *c = &changes->list[i];
        const char *name = row_text(c->now != NULL ? c->now : c->old, "name");
        if (strcmp(name, last) != 0 && !is_mapped(tx, name, any, e)) {
            return false;
        }
        last = name;
    }
    return true;
}

/* ---- the refusal ---- */

/* By the transaction, not before. */
static bool is_broken(const struct expect_result *r)
{
    return r->is != NULL && r->was == NULL;
}

/* Names the first ones, and says why for the first. All of it fits into an error, whatever their names are.
 */
static bool refuse_broken(const struct expect_set *set, const struct expect_result *results, struct error *e)
{
    struct buf text;
    size_t n = 0;
    buf_init(&text, 256, 4096);
    for (size_t i = 0; i < set->n; i++) {
        const struct expectation *x = &set->item[i];
        if (!is_broken(&results[i]) || n++ >= NAMED_MAX) {
            continue;
        }
        buf_printf(&text, "%s'%.*s' of %.*s", n > 1 ? ", " : "", (int)(x->name.n < 60 ? x->name.n : 60),
                   x->name.p, STR_ARG(x->product));
        if (n == 1) {
            buf_printf(&text, " (%.120s)", results[i].is);
        }
    }
    if (n > NAMED_MAX) {
        buf_printf(&text, " and %zu more expectations", n - NAMED_MAX);
    }
    fail(e, FAIL_EXPECTATION, "This would break %.*s. Mend the change or the expectation",
         STR_ARG(buf_view(&text)));
    buf_free(&text);
    return false;
}

static bool hold_against_inverse(struct tx *tx, const struct expect_policy *policy,
                                 const struct expect_set *set, const struct row_changes *inverse,
                                 struct error *e)
{
    struct world *world = mem_new(tx->mem, struct world);
    struct expect_result *results;
    if (!world_read_shared(tx, tx->mem, world, e)) {
        return false;
    }
    struct expect_frame f = expect_frame(tx->mem, tx, &policy->settings, set);
    const struct expect_compare compare = { .before = expect_side_new(&f, world, inverse),
                                            .after = expect_side_new(&f, world, NULL) };
    if (!expect_compare(&f, &compare, &results, e)) {
        return false;
    }
    for (size_t i = 0; i < set->n; i++) {
        if (is_broken(&results[i])) {
            return refuse_broken(set, results, e);
        }
    }
    return true;
}

bool expect_guard(struct tx *tx, const void *arg, struct error *e)
{
    const struct expect_policy *policy = arg;
    struct expect_set set;
    bool only_releases, any = true;
    if (policy->products.n == 0 || noted_first(tx) == NULL) {
        return true;
    }
    const struct row_changes inverse = take_back(tx, &only_releases);
    if (inverse.n == 0) {
        return true;
    }
    if (only_releases && !any_is_mapped(tx, &inverse, &any, e)) {
        return false;
    }
    if (!any) {
        return true;
    }
    return expect_set_read(tx, policy->products.item, policy->products.n, &set, e) &&
           (set.n == 0 || hold_against_inverse(tx, policy, &set, &inverse, e));
}
