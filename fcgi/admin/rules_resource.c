/* Rules: who may change them, and what needs sign-offs. (reference: Rules in db.py) */
#include "admin/resources.h"

static bool demand(struct tx *tx, const char *action, const char *verb, const cJSON *row, struct error *e)
{
    const char *product = row_text(row, "product");
    return access_demand(tx, "rule", action, product, e, "%s is not allowed to %s rules for product %s",
                         tx->actor, verb, access_text(product));
}

/* A rule that goes from one product to another is the business of both. */
static bool check(struct tx *tx, const struct change *c, struct error *e)
{
    switch (c->type) {
    case CHANGE_INSERT:
        return demand(tx, "create", "create new", c->now, e);
    case CHANGE_UPDATE:
        return (json_get(c->what, "product") == NULL || demand(tx, "modify", "modify", c->what, e)) &&
               demand(tx, "modify", "modify", c->old, e);
    default:
        return demand(tx, "delete", "delete", c->old, e);
    }
}

static bool require(struct tx *tx, const struct change *c, cJSON *needs, struct error *e)
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

const struct resource rules_resource = { .table = &table_rules, .check = check, .require = require };
