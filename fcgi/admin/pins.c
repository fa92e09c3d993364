/* /v2/pins, /v2/releases/…/pinnable and the scheduled changes of pins. The reference only has …/pinnable: it
 * cannot delete a pin, nor show, edit or delete a scheduled change of one. (reference:
 * views/pinnable_releases.py, views/pins_v2.py, services/releases.py set_pinnable) */
#include "admin/pins.h"
#include "admin/releases_v2.h"
#include "admin/routes.h"
#include "admin/scheduled_form.h"
#include "store/resource_write.h"

/* ---- one pin ---- */

/* The key that the path names. */
static cJSON *path_key(struct admin_call *call)
{
    cJSON *key = row_key(call->tx, "product", admin_text(call, call->param[0]));
    cJSON_AddItemToObject(key, "channel", json_text(call->param[1]));
    cJSON_AddItemToObject(key, "version", json_text(call->param[2]));
    return key;
}

static const struct body_field list_args[] = {
    { "product", FIELD_STRING, .min = 1, .max = 15 },
    { "channel", FIELD_STRING, .min = 1, .max = 75 },
    { 0 },
};

static bool list_pins(struct admin_call *call, struct error *e)
{
    struct table_query q = { .table = &table_pinnable_releases,
                             .tail = "ORDER BY product, channel, version" };
    size_t n = 0;
    for (const struct body_field *arg = list_args; arg->name != NULL; arg++) {
        struct str value = admin_arg(call, arg->name);
        if (!str_absent(value)) {
            q.key[n].column = arg->name;
            q.key[n++].value = DB_S(value);
        }
    }
    return rows_print(call, "pins", &q, e);
}

static bool refuse_missing_pin(struct admin_call *call)
{
    return admin_problem(call, 404, "Not Found", "Pin does not exist", NULL);
}

static bool get_pin(struct admin_call *call, struct error *e)
{
    cJSON *pin;
    if (!row_get(call->tx, &table_pinnable_releases, path_key(call), ROW_PLAIN, &pin, e)) {
        return false;
    }
    return pin != NULL ? admin_json(call, pin) : refuse_missing_pin(call);
}

static const struct body_field delete_args[] = {
    { "data_version", FIELD_INT, .required = true, .min = 1 },
    { 0 },
};

static bool delete_pin(struct admin_call *call, struct error *e)
{
    int64_t data_version = 0;
    admin_arg_int(call, "data_version", &data_version);
    if (resource_delete(call->tx, &pinnable_releases_resource, path_key(call), data_version, NULL, e)) {
        return admin_json(call, tx_keep(call->tx, mem_check(cJSON_CreateObject())));
    }
    return failed_as(e, FAIL_NOT_FOUND) ? refuse_missing_pin(call) : false;
}

/* ---- making one by its release ---- */

/* *NEWER: whether PIN, a row, maps to a newer release than BASE. A 102.0.3 that is built after 102.1.0 must
 * not replace it in the pin "102.". A pin that maps to a release outside of its version is never newer. */
static bool is_newer(struct tx *tx, const cJSON *pin, const cJSON *base, bool *newer, struct error *e)
{
    cJSON *pinned;
    struct str was_text, is_text;
    struct version was, is;
    struct error why;
    const char *mapping = row_text(pin, "mapping");
    if (!releases_v2_read_base(tx, mapping, ROW_SHARED, &pinned, e)) {
        return false;
    }
    *newer = false;
    if (!pins_fit(row_text(pin, "version"), mapping, pinned, &why)) {
        return true;
    }
    if (!pins_release_version(pinned, &was_text, &was, e) || !pins_release_version(base, &is_text, &is, e)) {
        return false;
    }
    *newer = was_text.n > 0 && is_text.n > 0 && version_cmp(&was, &is) > 0;
    return true;
}

static bool pin_not_set(struct admin_call *call)
{
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddTrueToObject(answer, "pin_not_set"));
    mem_check(cJSON_AddStringToObject(answer, "reason", "existing_pin_is_newer"));
    return admin_json(call, answer);
}

/* PIN is the present row, or NULL; VALUES the key and the mapping of the new one. */
static bool write_pin(struct admin_call *call, const cJSON *pin, const cJSON *values, struct error *e)
{
    const struct resource *r = &pinnable_releases_resource;
    int64_t when = 0, version = row_int(pin, "data_version");
    enum change_type type = pin != NULL ? CHANGE_UPDATE : CHANGE_INSERT;
    cJSON *leaf;
    body_int(call->body, "when", &when);
    if (when != 0) {
        struct row_schedule schedule = { r, type, values, version, when };
        if (!releases_v2_schedule_row(call->tx, &schedule, &leaf, e)) {
            return false;
        }
        cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(leaf, "data_version"), (double)(version + 1));
        return releases_v2_answer_base(call, leaf);
    }
    bool ok =
        pin != NULL
            ? resource_update(
                  call->tx, r,
                  &(struct resource_edit){ .key = values, .what = values, .data_version = version }, NULL, e)
            : resource_insert(call->tx, r, values, NULL, NULL, e);
    return ok && releases_v2_answer_base(call, mem_check(cJSON_CreateNumber((double)(version + 1))));
}

static bool set_pinnable(struct admin_call *call, struct error *e)
{
    struct tx *tx = call->tx;
    const char *name = admin_text(call, call->param[0]);
    cJSON *base, *pin;
    bool newer = false;
    if (!releases_v2_read_base(tx, name, ROW_SHARED, &base, e)) {
        return false;
    }
    if (base == NULL) {
        return admin_problem(call, 404, "Not Found", "Release does not exist", NULL);
    }
    cJSON *values = row_key(tx, "mapping", name);
    static const char *const key[] = { "product", "channel", "version" };
    for (size_t i = 0; i < ARRAY_LEN(key); i++) {
        mem_check(cJSON_AddStringToObject(values, key[i], json_get_string(call->body, key[i])));
    }
    if (!row_get(tx, &table_pinnable_releases, values, ROW_LOCKED, &pin, e) ||
        (pin != NULL && !is_newer(tx, pin, base, &newer, e))) {
        return false;
    }
    return newer ? pin_not_set(call) : write_pin(call, pin, values, e);
}

static const struct body_field pinnable_fields[] = {
    { "product", FIELD_STRING, .required = true },
    { "channel", FIELD_STRING, .required = true },
    { "version", FIELD_STRING, .required = true },
    { "when", FIELD_INT | FIELD_NULL },
    { 0 },
};

/* ---- scheduled changes ---- */

static const struct scheduled_form form = {
    .resource = &pinnable_releases_resource,
    .needs_when = "'when' cannot be set to null when scheduling a new change for a Pin",
    .unknown = "No scheduled change for pin found for given sc_id",
    .keys = "product channel version",
    .columns = "mapping",
};

#define PIN_FIELDS                                                                                           \
    { "product", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 15 },                                          \
        { "channel", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 75 },                                      \
        { "version", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 75 },                                      \
        { "mapping", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 100 },                                     \
        { "data_version", FIELD_INT | FIELD_NULL, .format = FORMAT_DATA_VERSION }, SCHEDULED_WHEN,           \
        SCHEDULED_COMPLETE, SCHEDULED_BY

static const struct body_field create_fields[] = {
    SCHEDULED_NEW_CHANGE_TYPE,
    PIN_FIELDS,
    { 0 },
};

static bool create_scheduled(struct admin_call *call, struct error *e)
{
    return scheduled_form_create(call, &form, e);
}

static const struct body_field edit_fields[] = {
    SCHEDULED_VERSION,
    { "sc_id", .types = FIELD_ANY, .refused = BODY_READ_ONLY },
    PIN_FIELDS,
    { 0 },
};

static bool edit_scheduled(struct admin_call *call, struct error *e)
{
    return scheduled_form_edit(call, &form, e);
}

#define SCHEDULED "/scheduled_changes/pinnable_releases"

static const struct admin_route routes[] = {
    { METHOD_GET, "/v2/pins", list_pins, ADMIN_ANYONE, "pins_v2_list", .args = list_args },
    { METHOD_GET, "/v2/pins/{product}/{channel}/{version}", get_pin, .metric = "pins_v2_get_pin" },
    { METHOD_DELETE, "/v2/pins/{product}/{channel}/{version}", delete_pin, ADMIN_USER, "pins_v2_delete_pin",
      .args = delete_args, .flags = ADMIN_CHANGES_RULES },
    { METHOD_PUT, "/v2/releases/{name}/pinnable", set_pinnable, ADMIN_USER, "releases_v2_set_pinnable",
      .body = pinnable_fields, .flags = ADMIN_CHANGES_RULES },
    { METHOD_GET, SCHEDULED, scheduled_list, ADMIN_ANYONE, "pinnable_releases_get_scheduled_changes",
      .args = scheduled_list_args },
    { METHOD_POST, SCHEDULED, create_scheduled, ADMIN_USER, "pinnable_releases_create_scheduled_change",
      .body = create_fields },
    { METHOD_GET, SCHEDULED "/{sc_id:int}", scheduled_get, ADMIN_ANYONE,
      .metric = "pinnable_releases_get_scheduled_change" },
    { METHOD_POST, SCHEDULED "/{sc_id:int}", edit_scheduled, ADMIN_USER,
      "pinnable_releases_update_scheduled_change", .body = edit_fields },
    { METHOD_DELETE, SCHEDULED "/{sc_id:int}", scheduled_delete, ADMIN_USER,
      "pinnable_releases_delete_scheduled_change", .args = scheduled_delete_args },
    { METHOD_POST, SCHEDULED "/{sc_id:int}/enact", scheduled_enact, ADMIN_USER,
      .metric = "pinnable_releases_enact_scheduled_change", .flags = ADMIN_CHANGES_RULES },
    { METHOD_POST, SCHEDULED "/{sc_id:int}/signoffs", scheduled_signoff, ADMIN_USER,
      "pinnable_releases_signoff_scheduled_change", .body = scheduled_signoff_fields },
    { METHOD_DELETE, SCHEDULED "/{sc_id:int}/signoffs", scheduled_revoke, ADMIN_USER,
      "pinnable_releases_revoke_signoff_scheduled_change", .args = scheduled_revoke_args },
    { METHOD_GET, SCHEDULED "/{sc_id:int}/revisions", scheduled_revisions, ADMIN_ANYONE,
      "pinnable_releases_get_scheduled_change_history", .args = rows_page_args },
    { METHOD_POST, SCHEDULED "/{sc_id:int}/revisions", scheduled_revert, ADMIN_USER,
      "pinnable_releases_revert_to_older_revision", .body = scheduled_revert_fields },
};
const struct admin_routes pins_routes = ADMIN_ROUTES(routes);
