/* Emergency shutoffs, of whole channels and partial: who may make and delete them, and which sign-offs that
 * needs. (reference: EmergencyShutoffs in db.py, which has no partial ones) */
#include "admin/resources.h"
#include "query/rule_terms.h"
#include "query/version.h"

/* The channel of a rule may end in '*', that of a shutoff may not. It is compared with the client's channel
 * exactly, so a shutoff with a '*' would be listed but stop nobody. */
static bool check_channel(const cJSON *row, struct error *e)
{
    const char *channel = row_text(row, "channel");
    return channel == NULL || strchr(channel, '*') == NULL ||
           fail(e, FAIL_INVALID,
                "The channel of a shutoff cannot contain '*', got '%s'. A shutoff stops the one channel that "
                "it names: make one for each channel",
                channel);
}

/* Checks that the conditions of a new partial stop can match a query: else it would be listed but stop
 * nobody.
 */
static bool check_conditions(const struct change *c, struct error *e)
{
    struct error why;
    if (c->type != CHANGE_INSERT) {
        return true;
    }
    bool loose = version_product_is_loose(str_of(row_text(c->now, "product")));
    for (const cJSON *column = c->now->child; column != NULL; column = column->next) {
        const char *text = cJSON_GetStringValue(column);
        if (text != NULL && !rule_terms_check(column->string, str_of(text), loose, &why)) {
            return fail(e, FAIL_INVALID, "%s", why.what);
        }
    }
    return true;
}

static bool check_shutoff(struct tx *tx, const struct change *c, struct error *e)
{
    const char *product = row_text(c->type == CHANGE_INSERT ? c->now : c->old, "product");
    switch (c->type) {
    case CHANGE_INSERT:
        return access_demand(tx, "emergency_shutoff", "create", product, e,
                             "%s is not allowed to shut off updates for product %s", tx->actor,
                             access_text(product)) &&
               check_channel(c->now, e);
    case CHANGE_DELETE:
        return access_demand(tx, "emergency_shutoff", "delete", product, e,
                             "%s is not allowed to delete shutoffs for product %s", tx->actor,
                             access_text(product));
    default:
        return access_demand(tx, "emergency_shutoff", "create", product, e,
                             "%s is not allowed to shut off updates for product %s", tx->actor,
                             access_text(product));
    }
}

/* Shutting off needs no sign-offs, because it must be quick; nor does its comment, all that can be changed.
 * Turning updates on again needs the same as a rule for them. */
static bool require_signoffs(struct tx *tx, const struct change *c, cJSON *needs, struct error *e)
{
    return c->old == NULL || c->type == CHANGE_UPDATE ||
           signoff_need_product(tx, row_text(c->old, "product"), row_text(c->old, "channel"), needs, e);
}

const struct resource emergency_shutoffs_resource = { .table = &table_emergency_shutoffs,
                                                      .check = check_shutoff,
                                                      .require = require_signoffs,
                                                      .scope = SCOPE_COLUMN };

static bool check_partial_stop(struct tx *tx, const struct change *c, struct error *e)
{
    return check_shutoff(tx, c, e) && check_conditions(c, e);
}

const struct resource partial_stops_resource = { .table = &table_partial_stops,
                                                 .check = check_partial_stop,
                                                 .require = require_signoffs,
                                                 .scope = SCOPE_COLUMN };
