/* The routes of /v2/releases, and the handlers of what is done to a release as a whole.
 * (reference: views/releases_v2.py, services/releases.py) */
#include "admin/release_uses.h"
#include "admin/releases_v1.h"
#include "admin/releases_v2.h"

#include "admin/routes.h"
#include "store/resource_write.h"
#include "store/schedule.h"
#include "store/schedule_enact.h"
#include "store/schedule_signoffs.h"

enum { UNLOCK_DELAY_MS = 30000 }; /* how far ahead a release is scheduled to become writable */

static bool nothing_scheduled(struct admin_call *call)
{
    return admin_problem(call, 404, "Missing", "Release has no scheduled changes", NULL);
}

/* 200 with an empty body. */
static bool done(struct admin_call *call)
{
    call->response->status = 200;
    call->response->content_type = "application/json";
    return true;
}

/* {".": LEAF}; takes LEAF. */
static bool answer_base(struct admin_call *call, cJSON *leaf)
{
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    cJSON_AddItemToObject(answer, ".", leaf);
    return admin_json(call, answer);
}

/* ---- deletion ---- */

static bool may_delete(struct tx *tx, const char *name, const cJSON *base, struct error *e)
{
    const char *rule, *pin;
    if (!release_uses_by_rule(tx, name, &rule, e) || !release_uses_by_pin(tx, name, &pin, e)) {
        return false;
    }
    if (rule != NULL || pin != NULL) {
        return fail(e, FAIL_INVALID, "Cannot delete release that is %s: %s",
                    rule != NULL ? "mapped to" : "pinnable", rule != NULL ? rule : pin);
    }
    return releases_v2_demand(tx, "delete", row_text(base, "product"), e) &&
           (!row_true(base, "read_only") ||
            fail(e, FAIL_READ_ONLY, "Cannot delete a Release that is marked as read-only"));
}

/* Drops all that is scheduled, as rows that have changes scheduled cannot be deleted. */
static bool drop_scheduled(struct tx *tx, const struct resource *r, const cJSON *pending, struct error *e)
{
    for (const cJSON *sc = pending->child; sc != NULL; sc = sc->next) {
        if (!sc_delete(tx, r, row_int(sc, "sc_id"), row_int(sc, "data_version"), e)) {
            return false;
        }
    }
    return true;
}

static bool delete_rows(struct tx *tx, const char *name, const cJSON *base, struct error *e)
{
    cJSON *assets;
    if (!releases_v2_read_assets(tx, name, false, &assets, e)) {
        return false;
    }
    for (const cJSON *row = assets->child; row != NULL; row = row->next) {
        if (!resource_delete(tx, &release_assets_resource, row, row_int(row, "data_version"), NULL, e)) {
            return false;
        }
    }
    return resource_delete(tx, &releases_json_resource, base, row_int(base, "data_version"), NULL, e);
}

static bool delete_release(struct admin_call *call, struct error *e)
{
    struct tx *tx = call->tx;
    const char *name = admin_text(call, call->param[0]);
    cJSON *base, *bases, *assets;
    if (!releases_v2_demand_of(tx, name, "delete", e) ||
        !releases_v2_read_base(tx, name, ROW_LOCKED, &base, e) ||
        !releases_v2_read_pending(tx, &releases_json_resource, name, false, &bases, e) ||
        !releases_v2_read_pending(tx, &release_assets_resource, name, false, &assets, e)) {
        return false;
    }
    if (base == NULL && bases->child == NULL && assets->child == NULL) {
        return admin_problem(call, 404, "Not Found", "Release does not exist", NULL);
    }
    if ((base == NULL || bases->child != NULL) &&
        !releases_v2_demand(tx, "delete", row_text(bases->child, "base_product"), e)) {
        return false;
    }
    return (base == NULL || may_delete(tx, name, base, e)) &&
           drop_scheduled(tx, &releases_json_resource, bases, e) &&
           drop_scheduled(tx, &release_assets_resource, assets, e) &&
           (base == NULL || delete_rows(tx, name, base, e)) && done(call);
}

/* ---- read-only ---- */

/* A release becomes writable by a scheduled change where anything of its product needs sign-offs, even if
 * nothing maps to it yet. */
static bool needs_schedule(struct tx *tx, const char *name, const cJSON *base, bool read_only, bool *needed,
                           struct error *e)
{
    cJSON *needs = signoff_needs_new(tx);
    bool ok = read_only || signoff_need_writable(tx, name, row_text(base, "product"), needs, e);
    *needed = ok && signoff_needs_any(needs);
    return ok;
}

static bool schedule_writable(struct admin_call *call, const char *name, const cJSON *base, int64_t version,
                              struct error *e)
{
    cJSON *leaf;
    cJSON *values = row_key(call->tx, "name", name);
    mem_check(cJSON_AddStringToObject(values, "product", row_text(base, "product")));
    cJSON_AddItemReferenceToObject(values, "data", (cJSON *)json_get(base, "data"));
    mem_check(cJSON_AddFalseToObject(values, "read_only"));
    return releases_v2_schedule_row(call->tx, &releases_json_resource, CHANGE_UPDATE, values, version,
                                    call->now_ms + UNLOCK_DELAY_MS, &leaf, e) &&
           answer_base(call, leaf);
}

static bool set_read_only(struct admin_call *call, struct error *e)
{
    struct tx *tx = call->tx;
    const char *name = admin_text(call, call->param[0]);
    bool needed, read_only = cJSON_IsTrue(json_get(call->body, "read_only"));
    int64_t version = 0;
    cJSON *base;
    body_int(call->body, "old_data_version", &version);
    if (!releases_v2_read_base(tx, name, ROW_LOCKED, &base, e)) {
        return false;
    }
    if (base == NULL) {
        return admin_problem(call, 404, "Missing", "Release does not exist", NULL);
    }
    if (!needs_schedule(tx, name, base, read_only, &needed, e) ||
        !releases_v2_demand_read_only(tx, read_only, row_text(base, "product"), e)) {
        return false;
    }
    if (needed) {
        return schedule_writable(call, name, base, version, e);
    }
    cJSON *what = tx_keep(tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddBoolToObject(what, "read_only", read_only));
    return resource_update(tx, &releases_json_resource,
                           &(struct resource_edit){ .key = base, .what = what, .data_version = version },
                           NULL, e) &&
           answer_base(call, mem_check(cJSON_CreateNumber((double)(version + 1))));
}

/* ---- sign-offs and enacting: of all that is scheduled for the release ---- */

/* What is scheduled for a release, base and assets. */
static const struct resource *const resources[] = { &releases_json_resource, &release_assets_resource };
enum { RESOURCES = sizeof resources / sizeof resources[0] };

/* Does DO with each scheduled change of the release; 404 when there is none. */
static bool each_scheduled(struct admin_call *call,
                           bool (*act)(struct admin_call *call, const struct resource *r, int64_t sc_id,
                                       void *arg, struct error *e),
                           void *arg, struct error *e)
{
    const char *name = admin_text(call, call->param[0]);
    cJSON *base, *pending[RESOURCES];
    if (!releases_v2_read_base(call->tx, name, ROW_LOCKED, &base, e)) {
        return false;
    }
    bool any = false;
    for (unsigned i = 0; i < RESOURCES; i++) {
        if (!releases_v2_read_pending(call->tx, resources[i], name, false, &pending[i], e)) {
            return false;
        }
        any |= pending[i]->child != NULL;
    }
    if (!any) {
        return nothing_scheduled(call);
    }
    for (unsigned i = 0; i < RESOURCES; i++) {
        for (const cJSON *sc = pending[i]->child; sc != NULL; sc = sc->next) {
            if (!act(call, resources[i], row_int(sc, "sc_id"), arg, e)) {
                return false;
            }
        }
    }
    return true;
}

static bool signoff_one(struct admin_call *call, const struct resource *r, int64_t sc_id, void *arg,
                        struct error *e)
{
    const char *role = arg;
    return sc_signoff(call->tx, r, sc_id, role, 0, e);
}

static bool signoff(struct admin_call *call, struct error *e)
{
    const char *role = json_get_string(call->body, "role");
    return each_scheduled(call, signoff_one, (void *)role, e) && done(call);
}

static bool revoke_one(struct admin_call *call, const struct resource *r, int64_t sc_id, void *arg,
                       struct error *e)
{
    bool had, *any = arg;
    if (!sc_revoke(call->tx, r, sc_id, call->user, &had, e)) {
        return false;
    }
    *any |= had;
    return true;
}

static bool revoke(struct admin_call *call, struct error *e)
{
    bool any = false;
    if (!each_scheduled(call, revoke_one, &any, e)) {
        return false;
    }
    return any ? done(call)
               : admin_problem(call, 404, "Not Found",
                               mem_printf(call->ctx, "%s has no signoff to revoke", call->user), NULL);
}

static bool enact_one(struct admin_call *call, const struct resource *r, int64_t sc_id, void *arg,
                      struct error *e)
{
    (void)arg;
    return sc_enact(call->tx, r, sc_id, e);
}

static bool enact(struct admin_call *call, struct error *e)
{
    return each_scheduled(call, enact_one, NULL, e) && done(call);
}

/* ---- routes ---- */

static const struct body_field list_args[] = { { "names_only", FIELD_STRING }, { 0 } };

static const struct body_field merge_fields[] = {
    { "blob", FIELD_OBJECT, .required = true },
    { "old_data_versions", FIELD_OBJECT, .required = true },
    { "when", FIELD_INT | FIELD_NULL },
    { 0 },
};

static const struct body_field replace_fields[] = {
    { "blob", FIELD_OBJECT, .required = true },
    { "old_data_versions", FIELD_OBJECT },
    { "when", FIELD_INT | FIELD_NULL },
    { "product", FIELD_STRING },
    { 0 },
};

static const struct body_field signoff_fields[] = { { "role", FIELD_STRING, .required = true }, { 0 } };

static const struct body_field read_only_fields[] = {
    { "read_only", FIELD_BOOL, .required = true },
    { "old_data_version", FIELD_INT, .required = true },
    { 0 },
};

static const struct admin_route routes[] = {
    { METHOD_GET, "/v2/releases", releases_v2_list, ADMIN_ANYONE, "releases_v2_get_all", .args = list_args },
    { METHOD_GET, "/v2/releases/{name}", releases_v2_get, ADMIN_ANYONE, "releases_v2_get" },
    { METHOD_POST, "/v2/releases/{name}", releases_v2_merge, ADMIN_USER, "releases_v2_update",
      .body = merge_fields },
    { METHOD_PUT, "/v2/releases/{name}", releases_v2_replace, ADMIN_USER, "releases_v2_ensure",
      .body = replace_fields },
    { METHOD_DELETE, "/v2/releases/{name}", delete_release, ADMIN_USER, "releases_v2_delete" },
    { METHOD_GET, "/v2/releases/{name}/servable", releases_servable_get, ADMIN_ANYONE,
      "releases_v2_get_servable" },
    { METHOD_GET, "/v2/releases/{name}/data_versions", releases_v2_get_all_versions, ADMIN_ANYONE,
      "releases_v2_get_data_versions" },
    { METHOD_GET, "/v2/releases/{name}/{path}/data_version", releases_v2_get_asset_version, ADMIN_ANYONE,
      "releases_v2_get_data_version" },
    { METHOD_PUT, "/v2/releases/{name}/read_only", set_read_only, ADMIN_USER, "releases_v2_set_read_only",
      .body = read_only_fields },
    { METHOD_PUT, "/v2/releases/{name}/signoff", signoff, ADMIN_USER, "releases_v2_signoff_scheduled_change",
      .body = signoff_fields },
    { METHOD_DELETE, "/v2/releases/{name}/signoff", revoke, ADMIN_USER,
      "releases_v2_revoke_signoff_scheduled_change" },
    { METHOD_POST, "/v2/releases/{name}/enact", enact, ADMIN_USER, "releases_v2_enact_scheduled_changes" },
};

const struct admin_routes releases_v2_routes = ADMIN_ROUTES(routes);
