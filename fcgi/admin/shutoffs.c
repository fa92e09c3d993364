/* /emergency_shutoff and its scheduled deletions. (reference: admin/emergency_shutoff.py) With conditions,
 * which the reference does not have, POST makes a partial stop (partial_stops.h). */
#include "admin/partial_stops.h"
#include "admin/resources.h"
#include "admin/routes.h"
#include "admin/rows.h"
#include "admin/scheduled.h"
#include "store/access.h"
#include "store/resource_write.h"

/* ---- shutoffs ---- */

static bool list_shutoffs(struct admin_call *call, struct error *e)
{
    struct table_query q = { .table = &table_emergency_shutoffs, .tail = "ORDER BY product, channel" };
    return rows_print(call, "shutoffs", &q, e);
}

/* The shutoff of this product and channel in LIST, or NULL. */
static cJSON *find_shutoff(cJSON *list, struct str product, struct str channel)
{
    cJSON *shutoff;
    cJSON_ArrayForEach(shutoff, list)
    {
        if (str_eq(str_of(row_text(shutoff, "product")), product) &&
            str_eq(str_of(row_text(shutoff, "channel")), channel)) {
            return shutoff;
        }
    }
    return NULL;
}

static void set_change(cJSON *shutoff, const char *at, const char *by, const struct db_rows *rows)
{
    cJSON_ReplaceItemInObjectCaseSensitive(shutoff, at,
                                           mem_check(cJSON_CreateNumber((double)db_int(rows, 2))));
    cJSON_ReplaceItemInObjectCaseSensitive(shutoff, by, json_text(db_text(rows, 3)));
}

/* Adds to each of SHUTOFFS who made it, who changed it last, and when; null if the history does not know. */
static bool add_changes(struct admin_call *call, cJSON *shutoffs, struct error *e)
{
    static const char *const names[] = { "created_at", "created_by", "changed_at", "changed_by" };
    cJSON *shutoff;
    cJSON_ArrayForEach(shutoff, shutoffs)
    {
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            mem_check(cJSON_AddNullToObject(shutoff, names[i]));
        }
    }
    struct db_rows *rows = db_query(call->tx->db,
                                    "SELECT h.product, h.channel, h.timestamp, h.changed_by, h.data_version"
                                    " FROM emergency_shutoffs s JOIN emergency_shutoffs_history h"
                                    " ON h.product = s.product AND h.channel = s.channel"
                                    " WHERE h.data_version IS NOT NULL ORDER BY h.change_id",
                                    NULL, 0, e);
    while (db_next(rows, e)) {
        shutoff = find_shutoff(shutoffs, db_text(rows, 0), db_text(rows, 1));
        if (shutoff != NULL && db_int(rows, 4) == 1) {
            set_change(shutoff, "created_at", "created_by", rows);
        }
        if (shutoff != NULL) {
            set_change(shutoff, "changed_at", "changed_by", rows);
        }
    }
    return db_finish(rows);
}

/* The same list with who made each, for those who may know. Not in the reference. */
static bool list_with_changes(struct admin_call *call, struct error *e)
{
    bool known = true;
    cJSON *shutoffs, *parts;
    struct table_query q = { .table = &table_emergency_shutoffs, .tail = "ORDER BY product, channel" };
    if (strchr(call->user, '@') != NULL && !access_is_known(call->tx, call->user, &known, e)) {
        return false;
    }
    if (!known) {
        return admin_problem(call, 403, "Forbidden", "Authorization Required", NULL);
    }
    if (!row_list(call->tx, &q, &shutoffs, e) || !add_changes(call, shutoffs, e) ||
        !partial_stops_with_changes(call, &parts, e)) {
        return false;
    }
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddNumberToObject(answer, "count", cJSON_GetArraySize(shutoffs)));
    cJSON_AddItemReferenceToObject(answer, "partial_stops", parts);
    cJSON_AddItemReferenceToObject(answer, "shutoffs", shutoffs);
    return admin_json(call, answer);
}

static const struct body_field path_params[] = {
    { "product", FIELD_STRING, .format = FORMAT_ASCII },
    { "channel", FIELD_STRING, .format = FORMAT_ASCII },
    { 0 },
};

/* The key of the shutoff that the path of the request names: product and channel. */
static cJSON *path_key(struct admin_call *call)
{
    cJSON *key = row_key(call->tx, "product", admin_text(call, call->param[0]));
    cJSON_AddItemToObject(key, "channel", json_text(call->param[1]));
    return key;
}

static bool get_shutoff(struct admin_call *call, struct error *e)
{
    cJSON *shutoff;
    if (!row_get(call->tx, &table_emergency_shutoffs, path_key(call), ROW_PLAIN, &shutoff, e)) {
        return false;
    }
    if (shutoff == NULL) {
        return admin_problem_plain(call, 404, "Not Found", "Requested emergency shutoff wasn't found",
                                   "Requested shutoff does not exist");
    }
    admin_data_version(call, row_int(shutoff, "data_version"));
    return admin_dumps(call, 200, shutoff);
}

#define SHUTOFF_FIELDS                                                                                       \
    { "product", FIELD_STRING, .format = FORMAT_ASCII, .required = true, .min = 1, .max = 15 },              \
        { "channel", FIELD_STRING, .format = FORMAT_ASCII, .required = true, .min = 1, .max = 75 },          \
        { "data_version", FIELD_INT, .min = 1, .max = INT32_MAX },                                           \
    {                                                                                                        \
        "comment", FIELD_STRING | FIELD_NULL, .format = FORMAT_ASCII, .max = 500                             \
    }

static const struct body_field create_fields[] = {
    SHUTOFF_FIELDS,
    PARTIAL_STOP_CONDITIONS,
    { 0 },
};

static bool refuse_existing(struct admin_call *call)
{
    return admin_problem_plain(call, 400, "Bad Request", "Invalid Emergency shutoff data",
                               "Emergency shutoff for product/channel already exists.");
}

static bool create_shutoff(struct admin_call *call, struct error *e)
{
    cJSON *shutoff;
    if (partial_stops_asked(call->body)) {
        return partial_stops_create(call, e);
    }
    const cJSON *what = admin_columns(call, create_fields, "data_version");
    if (!row_get(call->tx, &table_emergency_shutoffs, what, ROW_PLAIN, &shutoff, e)) {
        return false;
    }
    if (shutoff != NULL) {
        return refuse_existing(call);
    }
    if (!resource_insert(call->tx, &emergency_shutoffs_resource, what, NULL, &shutoff, e)) {
        return failed_as(e, FAIL_DUPLICATE) ? refuse_existing(call) : false;
    }
    return admin_dumps(call, 201, shutoff);
}

static const struct body_field comment_fields[] = {
    { "comment", FIELD_STRING | FIELD_NULL, .format = FORMAT_ASCII, .required = true, .max = 500 },
    { "data_version", FIELD_INT, .required = true, .min = 1, .max = INT32_MAX, .no_column = true },
    { 0 },
};

/* Sets the comment. Not in the reference. */
static bool comment_shutoff(struct admin_call *call, struct error *e)
{
    cJSON *shutoff;
    struct resource_edit edit = { .key = path_key(call), .what = admin_columns(call, comment_fields, NULL) };
    body_int(call->body, "data_version", &edit.data_version);
    if (resource_update(call->tx, &emergency_shutoffs_resource, &edit, &shutoff, e)) {
        return admin_new_version(call, row_int(shutoff, "data_version"));
    }
    return failed_as(e, FAIL_NOT_FOUND)
               ? admin_problem_plain(call, 404, "Not Found", "Shutoff wasn't found", "Shutoff does not exist")
               : false;
}

static const struct body_field delete_args[] = {
    { "data_version", FIELD_INT, .required = true, .min = 1 },
    { 0 },
};

static bool delete_shutoff(struct admin_call *call, struct error *e)
{
    int64_t data_version = 0;
    admin_arg_int(call, "data_version", &data_version);
    if (resource_delete(call->tx, &emergency_shutoffs_resource, path_key(call), data_version, NULL, e)) {
        return admin_text_answer(call, 200, "%s", "");
    }
    return failed_as(e, FAIL_NOT_FOUND)
               ? admin_problem_plain(call, 404, "Not Found", "Shutoff wasn't found", "Shutoff does not exist")
               : false;
}

/* ---- scheduled deletions ---- */

static const struct body_field schedule_fields[] = {
    SCHEDULED_WHEN,
    SHUTOFF_FIELDS,
    SCHEDULED_COMPLETE,
    SCHEDULED_BY,
    { "change_type", FIELD_STRING, .format = FORMAT_ASCII, .words = "delete" },
    { 0 },
};

static bool schedule_deletion(struct admin_call *call, struct error *e)
{
    if (!body_has(call->body, "change_type")) {
        return admin_problem_plain(call, 400, "Bad Request", "Invalid or missing change_type", NULL);
    }
    if (body_has(call->body, "sc_id")) {
        return admin_problem_plain(call, 400, "Bad Request",
                                   "sc_id cannot be set when scheduling a new change", NULL);
    }
    const cJSON *what = admin_columns(call, schedule_fields, NULL);
    return scheduled_create(call, &emergency_shutoffs_resource, what, e);
}

static const struct body_field edit_fields[] = {
    SCHEDULED_VERSION,
    SCHEDULED_WHEN,
    SCHEDULED_COMPLETE,
    SCHEDULED_BY,
    { "sc_id", .types = FIELD_ANY, .refused = BODY_READ_ONLY },
    { "change_type", FIELD_STRING, .format = FORMAT_ASCII, .words = "delete" },
    { 0 },
};

static bool edit_deletion(struct admin_call *call, struct error *e)
{
    const cJSON *what = admin_columns(call, edit_fields, "change_type");
    return scheduled_edit(call, &emergency_shutoffs_resource, what, e);
}

#define SCHEDULED "/scheduled_changes/emergency_shutoff"

static const struct admin_route routes[] = {
    { METHOD_GET, "/emergency_shutoff", list_shutoffs, .metric = "emergency_shutoff_get",
      .flags = ADMIN_ANY_ARGS },
    { METHOD_GET, "/shutoffs", list_with_changes, ADMIN_USER, "shutoffs_get" },
    { METHOD_POST, "/emergency_shutoff", create_shutoff, ADMIN_USER, "emergency_shutoff_create",
      .body = create_fields },
    { METHOD_GET, "/emergency_shutoff/{product}/{channel}", get_shutoff, ADMIN_ANYONE,
      "emergency_shutoff_get_by_id", .params = path_params },
    { METHOD_POST, "/emergency_shutoff/{product}/{channel}", comment_shutoff, ADMIN_USER,
      "emergency_shutoff_comment", .body = comment_fields, .params = path_params },
    { METHOD_DELETE, "/emergency_shutoff/{product}/{channel}", delete_shutoff, ADMIN_USER,
      "emergency_shutoff_delete", .args = delete_args, .params = path_params },
    { METHOD_GET, SCHEDULED, scheduled_list, ADMIN_ANYONE, "emergency_shutoff_scheduled_changes",
      .args = scheduled_list_args },
    { METHOD_POST, SCHEDULED, schedule_deletion, ADMIN_USER, "emergency_shutoff_schedule_deletion",
      .body = schedule_fields },
    { METHOD_POST, SCHEDULED "/{sc_id:int}", edit_deletion, ADMIN_USER,
      "emergency_shutoff_update_scheduled_deletion", .body = edit_fields },
    { METHOD_DELETE, SCHEDULED "/{sc_id:int}", scheduled_delete, ADMIN_USER,
      "emergency_shutoff_delete_scheduled_deletion", .args = scheduled_delete_args },
    { METHOD_POST, SCHEDULED "/{sc_id:int}/enact", scheduled_enact, ADMIN_USER,
      .metric = "emergency_shutoff_enact_scheduled_change" },
    { METHOD_POST, SCHEDULED "/{sc_id:int}/signoffs", scheduled_signoff, ADMIN_USER,
      "emergency_shutoff_signoff_scheduled_change", .body = scheduled_signoff_fields },
    { METHOD_DELETE, SCHEDULED "/{sc_id:int}/signoffs", scheduled_revoke, ADMIN_USER,
      "emergency_shutoff_revoke_signoff_scheduled_change", .args = scheduled_revoke_args },
};
const struct admin_routes shutoffs_routes = ADMIN_ROUTES(routes);
