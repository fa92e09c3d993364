/* Required sign-offs: who may set them, and which sign-offs that needs. (reference: RequiredSignoffsTable in
 * db.py) */
#include "admin/resources.h"

static const char *channel_of(const cJSON *row)
{
    const char *channel = row_text(row, "channel");
    return channel != NULL ? channel : "";
}

/* Checks that enough users hold the role. CHANNEL_TOO: the sign-offs are required for a product and
 * channel. */
static bool can_be_met(struct tx *tx, const cJSON *row, bool channel_too, struct error *e)
{
    const char *role = row_text(row, "role"), *product = row_text(row, "product");
    int64_t holders, required = row_int(row, "signoffs_required");
    if (role == NULL || product == NULL || (channel_too && row_text(row, "channel") == NULL)) {
        return fail(e, FAIL_INVALID, "product%s and role are required", channel_too ? ", channel" : "");
    }
    if (required < 1) {
        return fail(e, FAIL_INVALID, "signoffs_required has to be at least 1");
    }
    return access_count_role(tx, role, &holders, e) &&
           (required <= holders ||
            fail(e, FAIL_INVALID,
                 "Cannot require %lld signoffs for %s%s%s - only %lld users hold the %s role",
                 (long long)required, product, channel_too ? ", " : "", channel_too ? channel_of(row) : "",
                 (long long)holders, role));
}

static bool demand_required(struct tx *tx, const char *action, const char *words, struct error *e)
{
    return access_demand(tx, "required_signoff", action, NULL, e,
                         "%s is not allowed to %s Required Signoffs.", tx->actor, words);
}

static bool check_required(struct tx *tx, const struct change *c, bool channel_too, struct error *e)
{
    switch (c->type) {
    case CHANGE_INSERT:
        return can_be_met(tx, c->now, channel_too, e) && demand_required(tx, "create", "create new", e);
    case CHANGE_UPDATE:
        return can_be_met(tx, c->now, channel_too, e) && demand_required(tx, "modify", "modify", e);
    default:
        return demand_required(tx, "delete", "remove", e);
    }
}

/* Changing the required sign-offs needs the sign-offs that are required so far for the same product (and
 * channel). Old and new row have the same key. */
static bool require_signoffs(struct tx *tx, const struct change *c, bool channel_too, cJSON *needs,
                             struct error *e)
{
    const cJSON *row = c->old != NULL ? c->old : c->now;
    return signoff_need_required(tx, row_text(row, "product"), channel_too ? channel_of(row) : NULL, needs,
                                 e);
}

/* ---- the two tables ---- */

static bool check_product(struct tx *tx, const struct change *c, struct error *e)
{
    return check_required(tx, c, true, e);
}

static bool require_product(struct tx *tx, const struct change *c, cJSON *needs, struct error *e)
{
    return require_signoffs(tx, c, true, needs, e);
}

const struct resource product_req_signoffs_resource = {
    .table = &table_product_req_signoffs,
    .check = check_product,
    .require = require_product,
};

static bool check_permissions(struct tx *tx, const struct change *c, struct error *e)
{
    return check_required(tx, c, false, e);
}

static bool require_permissions(struct tx *tx, const struct change *c, cJSON *needs, struct error *e)
{
    return require_signoffs(tx, c, false, needs, e);
}

const struct resource permissions_req_signoffs_resource = {
    .table = &table_permissions_req_signoffs,
    .check = check_permissions,
    .require = require_permissions,
};
