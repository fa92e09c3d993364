/* Rules: who may change them, and which sign-offs that needs. (reference: Rules in db.py) */
#include "admin/release_rows.h"
#include "admin/resources.h"
#include "query/rule_terms.h"
#include "query/version.h"
#include "store/release_links.h"
#include "store/row_write.h"

static bool demand_rule(struct tx *tx, const char *action, const char *verb, const cJSON *row,
                        struct error *e)
{
    const char *product = row_text(row, "product");
    return access_demand(tx, "rule", action, product, e, "%s is not allowed to %s rules for product %s",
                         tx->actor, verb, access_text(product));
}

/* Checks that the columns of WHAT that differ from OLD (NULL: all do) have values that can match a query. */
static bool check_terms(const cJSON *what, const cJSON *old, const cJSON *now, struct error *e)
{
    struct error why;
    const char *product = row_text(now, "product");
    bool loose = product != NULL && version_product_is_loose(str_of(product));
    for (const cJSON *column = what->child; column != NULL; column = column->next) {
        const char *text = cJSON_GetStringValue(column), *was = row_text(old, column->string);
        bool stays = text != NULL && was != NULL && strcmp(text, was) == 0;
        if (text != NULL && !stays && !rule_terms_check(column->string, str_of(text), loose, &why)) {
            return fail(e, FAIL_INVALID, "%s", why.what);
        }
    }
    return true;
}

/* To move a rule from one product to another needs the permission for both. */
static bool may_change(struct tx *tx, const struct change *c, struct error *e)
{
    switch (c->type) {
    case CHANGE_INSERT:
        return demand_rule(tx, "create", "create new", c->now, e) && check_terms(c->what, NULL, c->now, e);
    case CHANGE_UPDATE:
        return (json_get(c->what, "product") == NULL || demand_rule(tx, "modify", "modify", c->what, e)) &&
               demand_rule(tx, "modify", "modify", c->old, e) && check_terms(c->what, c->old, c->now, e);
    default:
        return demand_rule(tx, "delete", "delete", c->old, e);
    }
}

/* Checks that the release in COLUMN exists, if C changes the column. The release stays until TX ends. */
static bool maps_to_release(struct tx *tx, const struct change *c, const char *column, struct error *e)
{
    struct release_rows rows;
    const char *name = row_text(c->now, column);
    if (name == NULL || row_same(json_get(c->now, column), json_get(c->old, column))) {
        return true;
    }
    return release_rows_read(tx, name, &rows, e) &&
           (release_rows_served(&rows) != NULL ||
            fail(e, FAIL_INVALID, "The rule's %s, release '%s', does not exist", column, name));
}

/* When a change is scheduled, the form checks the releases (rule_form_maps). They may be deleted before it is
 * enacted, so they are checked again then. */
static bool check_rule(struct tx *tx, const struct change *c, struct error *e)
{
    return may_change(tx, c, e) &&
           (c->scheduled || c->now == NULL ||
            (maps_to_release(tx, c, "mapping", e) && maps_to_release(tx, c, "fallbackMapping", e)));
}

static bool require_signoffs(struct tx *tx, const struct change *c, cJSON *needs, struct error *e)
{
    const cJSON *const rows[] = { c->old, c->now };
    for (unsigned i = 0; i < 2; i++) {
        if (rows[i] != NULL &&
            !signoff_need_product(tx, row_text(rows[i], "product"), row_text(rows[i], "channel"), needs, e)) {
            return false;
        }
    }
    return true;
}

/* ---- aliases ---- */

/* *ROWS becomes the rows of T, rules or their scheduled changes, whose column has this ALIAS, compared as the
 * database compares, because a unique index has to accept it. They stay so until TX ends. */
static bool list_alias(struct tx *tx, const struct table *t, const char *more, const char *alias,
                       cJSON **rows, struct error *e)
{
    struct db_value param = DB_S(str_of(alias));
    struct table_query q = {
        .table = t, .more = more, .tail = tx_share(tx), .params = &param, .n_params = 1
    };
    return row_list(tx, &q, rows, e);
}

static bool is_rule(const cJSON *row, const char *column, const cJSON *rule)
{
    return rule != NULL && row_int(row, column) == row_int(rule, "rule_id");
}

/* Checks that no rule but that of C has ALIAS. */
static bool check_rules(struct tx *tx, const struct change *c, const char *alias, struct error *e)
{
    cJSON *rows;
    if (!list_alias(tx, &table_rules, "alias = ?", alias, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        if (!is_rule(row, "rule_id", c->old)) {
            return fail(e, FAIL_DUPLICATE, ROW_ALIAS_EXISTS);
        }
    }
    return true;
}

/* Refuses to schedule an alias that another rule or another pending change has: the change could never be
 * enacted. */
static bool check_alias(struct tx *tx, const struct change *c, int64_t sc_id, struct error *e)
{
    cJSON *rows;
    const char *alias = c->now != NULL ? row_text(c->now, "alias") : NULL;
    if (alias == NULL) {
        return true;
    }
    if (!check_rules(tx, c, alias, e) ||
        !list_alias(tx, table_rules.scheduled, "complete = 0 AND change_type <> 'delete' AND base_alias = ?",
                    alias, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        if (row_int(row, "sc_id") != sc_id && !is_rule(row, "base_rule_id", c->old)) {
            return fail(e, FAIL_DUPLICATE, "The alias '%s' is wanted by scheduled change %lld already.",
                        alias, (long long)row_int(row, "sc_id"));
        }
    }
    return true;
}

static void add_mappings(const struct change *c, cJSON *names)
{
    release_names_add(names, row_text(c->now, "mapping"));
    release_names_add(names, row_text(c->now, "fallbackMapping"));
}

const struct resource rules_resource = {
    .table = &table_rules,
    .check = check_rule,
    .require = require_signoffs,
    .plan = check_alias,
    .leads_to = add_mappings,
    .scope = SCOPE_COLUMN,
};
