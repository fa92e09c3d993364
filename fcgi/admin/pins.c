/* Pins: which release a client that is pinned to a version is kept at. They are made by
 * /v2/releases/…/pinnable; here they are shown, and what is scheduled for them is listed and enacted. They
 * never need sign-offs. (reference: views/pinnable_releases.py, views/pins_v2.py) */
#include "admin/routes.h"
#include "admin/scheduled.h"

static bool check(struct tx *tx, const struct change *c, struct error *e)
{
    static const char *const actions[] = {
        [CHANGE_INSERT] = "create", [CHANGE_UPDATE] = "modify", [CHANGE_DELETE] = "delete"
    };
    const char *action = actions[c->type];
    const char *product = row_text(c->type == CHANGE_INSERT ? c->now : c->old, "product");
    return access_demand(tx, "pinnable_release", action, product, e,
                         "%s is not allowed to %s pinnable releases for product %s", tx->actor, action,
                         access_text(product));
}

const struct resource pinnable_releases_resource = { .table = &table_pinnable_releases, .check = check };

static bool get_pin(struct admin_call *call, struct error *e)
{
    cJSON *pin;
    cJSON *key = row_key(call->tx, "product", admin_text(call, call->param[0]));
    cJSON_AddItemToObject(key, "channel", json_text(call->param[1]));
    cJSON_AddItemToObject(key, "version", json_text(call->param[2]));
    if (!row_get(call->tx, &table_pinnable_releases, key, ROW_PLAIN, &pin, e)) {
        return false;
    }
    return pin != NULL ? admin_json(call, pin)
                       : admin_problem(call, 404, "Not Found", "Pin does not exist", NULL);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/v2/pins/{product}/{channel}/{version}", get_pin, .metric = "pins_v2_get_pin" },
    { METHOD_GET, "/scheduled_changes/pinnable_releases", scheduled_list, ADMIN_ANYONE,
      "pinnable_releases_get_scheduled_changes", .args = scheduled_list_args },
    { METHOD_POST, "/scheduled_changes/pinnable_releases/{sc_id:int}/enact", scheduled_enact, ADMIN_USER,
      .metric = "pinnable_releases_enact_scheduled_change" },
};
const struct admin_routes pins_routes = ADMIN_ROUTES(routes);
