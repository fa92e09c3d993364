/* /scheduled_changes/releases, and the difference between a release and its scheduled change. (reference:
 * views/releases.py) */
#include "admin/release_blob.h"
#include "admin/releases_v1.h"

#include "admin/routes.h"
#include "admin/rows.h"
#include "admin/scheduled.h"
#include "blob/diff.h"

/* ---- lists ---- */

static const struct body_field list_args[] = {
    { "all", .types = FIELD_STRING | FIELD_NULL },
    { "name", FIELD_STRING, FORMAT_ASCII, .max = 100 },
    { 0 },
};

static bool list_scheduled(struct admin_call *call, struct error *e)
{
    struct str name = admin_arg(call, "name");
    struct sc_query q = { .all = !str_absent(call_arg(call->http, "all")) };
    if (name.n > 0) {
        q.key[0].column = "name";
        q.key[0].value = DB_S(name);
    }
    return scheduled_answer_list(call, &releases_resource, &q, e);
}

/* ---- creating and editing ---- */

static const struct body_field create_fields[] = {
    { "change_type", FIELD_STRING, FORMAT_ASCII, .required = true, .words = "insert update delete" },
    { "name", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 100 },
    { "when", FIELD_INT | FIELD_NULL, FORMAT_WHEN, .required = true },
    { "data_version", FIELD_INT, .min = 1, .max = INT32_MAX },
    { "data", FIELD_STRING, .format = FORMAT_JSON_STRING },
    { "product", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 15 },
    { "read_only", .types = FIELD_BOOL | FIELD_NULL },
    SCHEDULED_COMPLETE,
    SCHEDULED_BY,
    { 0 },
};

static const struct body_field edit_fields[] = {
    SCHEDULED_VERSION,
    { "sc_id", .types = FIELD_ANY, .refused = BODY_READ_ONLY },
    { "when", FIELD_INT | FIELD_NULL, .format = FORMAT_WHEN },
    { "data_version", FIELD_INT | FIELD_NULL, .format = FORMAT_DATA_VERSION },
    { "data", FIELD_STRING, .format = FORMAT_JSON_STRING },
    { "product", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 15 },
    { "name", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 100 },
    SCHEDULED_COMPLETE,
    SCHEDULED_BY,
    { 0 },
};

static bool refuse_missing_field(struct admin_call *call, const char *why)
{
    return admin_problem(call, 400, "Bad Request", "Missing field", why);
}

/* Sets the data in WHAT to the blob, which is a text in the body. *GIVEN: whether the body has one. */
static bool take_data(struct admin_call *call, cJSON *what, bool *given, struct error *e)
{
    cJSON *blob;
    struct str text = body_str(call->body, "data");
    *given = text.n > 0;
    if (!*given) {
        return true;
    }
    if (!release_blob_parse(call->tx, text.p, &blob, e)) {
        return false;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(what, "data");
    cJSON_AddItemReferenceToObject(what, "data", blob);
    return true;
}

/* A change of read_only alone contains the present blob. */
static bool take_present_data(struct admin_call *call, cJSON *what, struct error *e)
{
    cJSON *row;
    if (!releases_v1_find(call, row_text(what, "name"), ROW_LOCKED, &row, e)) {
        return false;
    }
    if (row != NULL) {
        cJSON_DeleteItemFromObjectCaseSensitive(what, "data");
        cJSON_AddItemReferenceToObject(what, "data", (cJSON *)json_get(row, "data"));
    }
    return true;
}

static bool prepare_columns(struct admin_call *call, cJSON *what, struct error *e)
{
    bool given;
    const char *type = row_text(what, "change_type");
    if (strcmp(type, "insert") != 0 && row_int(what, "data_version") == 0) {
        return refuse_missing_field(call, "data_version is missing");
    }
    if (strcmp(type, "insert") == 0 && row_text(what, "product") == NULL) {
        return refuse_missing_field(call, "product is missing");
    }
    if (strcmp(type, "delete") == 0) {
        cJSON_DeleteItemFromObjectCaseSensitive(what, "data");
        return true;
    }
    if (!take_data(call, what, &given, e)) {
        return false;
    }
    if (!given && strcmp(type, "insert") == 0) {
        return refuse_missing_field(call, "Missing blob 'data' value");
    }
    if (!given) {
        cJSON_DeleteItemFromObjectCaseSensitive(what, "data");
    }
    return given || json_get(what, "read_only") == NULL || take_present_data(call, what, e);
}

static bool create_scheduled(struct admin_call *call, struct error *e)
{
    cJSON *what = admin_columns(call, create_fields, NULL);
    if (body_has(call->body, "sc_id")) {
        return admin_problem(call, 400, "Bad Request", "sc_id cannot be set when scheduling a new change",
                             NULL);
    }
    if (cJSON_IsNull(json_get(what, "when"))) {
        return admin_problem(call, 400, "Bad Request",
                             "'when' cannot be set to null when scheduling a new change for a Release", NULL);
    }
    if (!prepare_columns(call, what, e)) {
        return false;
    }
    if (scheduled_create(call, &releases_resource, what, e)) {
        return true;
    }
    const char *detail = mem_printf(call->ctx, "Failed to schedule change - %s", e->what);
    return failed_as(e, FAIL_READ_ONLY) && admin_problem(call, 400, "Bad Request", detail, e->what);
}

/* The columns in the body that an edit of a change of TYPE may set: its key stays, and for an existing
 * release only the blob can be changed. */
static cJSON *pick_edited(struct admin_call *call, const char *type)
{
    const char *except = strcmp(type, "insert") == 0   ? "data_version"
                         : strcmp(type, "update") == 0 ? "name product"
                                                       : "name product data";
    return admin_columns(call, edit_fields, except);
}

static bool edit_scheduled(struct admin_call *call, struct error *e)
{
    cJSON *sc;
    bool given;
    if (!sc_get(call->tx, &releases_resource, admin_param_int(call, 0), ROW_LOCKED, &sc, e)) {
        return false;
    }
    if (sc == NULL) {
        return admin_problem(call, 404, "Not Found", "Unknown sc_id",
                             "No scheduled change for release found for given sc_id");
    }
    const char *type = row_text(sc, "change_type");
    bool inserts = strcmp(type, "insert") == 0;
    cJSON *what = pick_edited(call, type);
    int64_t data_version;
    if (!inserts && !body_int(what, "data_version", &data_version)) {
        return refuse_missing_field(call, "data_version is missing");
    }
    bool named = json_get(what, "data") != NULL;
    if (named && !take_data(call, what, &given, e)) {
        return false;
    }
    if (named && !given) {
        if (inserts) {
            return admin_problem(call, 400, "Bad Request", "Null/Empty Value",
                                 "data cannot be set to null when scheduling insertion of a new release");
        }
        cJSON_DeleteItemFromObjectCaseSensitive(what, "data");
    }
    return scheduled_edit(call, &releases_resource, what, e);
}

/* ---- differences ---- */

static bool get_diff(struct admin_call *call, struct error *e)
{
    cJSON *sc, *row;
    int64_t sc_id = admin_param_int(call, 0);
    if (!sc_get(call->tx, &releases_resource, sc_id, ROW_PLAIN, &sc, e)) {
        return false;
    }
    if (sc == NULL) {
        return admin_problem(call, 404, "Not Found", "Bad sc_id", NULL);
    }
    const char *name = row_text(sc, "name"), *product = row_text(sc, "product");
    if (!row_get(call->tx, &table_releases, releases_v1_key(call, name), ROW_PLAIN, &row, e)) {
        return false;
    }
    if (row == NULL || product == NULL || strcmp(product, row_text(row, "product")) != 0) {
        return releases_v1_missing(call, name);
    }
    const char *from =
        mem_printf(call->ctx, "Current Version (Data Version %lld)", (long long)row_int(row, "data_version"));
    const char *to = mem_printf(call->ctx, "Scheduled Update (sc_id %lld)", (long long)sc_id);
    call->response->status = 200;
    call->response->content_type = "text/plain";
    return diff_json(&call->response->body, json_get(row, "data"), json_get(sc, "data"), from, to, e);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/scheduled_changes/releases", list_scheduled, ADMIN_ANYONE,
      "releases_get_scheduled_changes", .args = list_args },
    { METHOD_POST, "/scheduled_changes/releases", create_scheduled, ADMIN_USER,
      "releases_create_scheduled_change", .body = create_fields },
    { METHOD_GET, "/scheduled_changes/releases/{sc_id:int}", scheduled_get, ADMIN_ANYONE,
      .metric = "releases_get_scheduled_change" },
    { METHOD_POST, "/scheduled_changes/releases/{sc_id:int}", edit_scheduled, ADMIN_USER,
      "releases_update_scheduled_change", .body = edit_fields },
    { METHOD_DELETE, "/scheduled_changes/releases/{sc_id:int}", scheduled_delete, ADMIN_USER,
      "releases_delete_scheduled_change", .args = scheduled_delete_args },
    { METHOD_POST, "/scheduled_changes/releases/{sc_id:int}/enact", scheduled_enact, ADMIN_USER,
      .metric = "releases_enact_scheduled_change" },
    { METHOD_POST, "/scheduled_changes/releases/{sc_id:int}/signoffs", scheduled_signoff, ADMIN_USER,
      "releases_signoff_scheduled_change", .body = scheduled_signoff_fields },
    { METHOD_DELETE, "/scheduled_changes/releases/{sc_id:int}/signoffs", scheduled_revoke, ADMIN_USER,
      "releases_revoke_signoff_scheduled_change", .args = scheduled_revoke_args },
    { METHOD_GET, "/scheduled_changes/releases/{sc_id:int}/revisions", scheduled_revisions, ADMIN_ANYONE,
      "releases_get_scheduled_change_history", .args = rows_page_args },
    { METHOD_POST, "/scheduled_changes/releases/{sc_id:int}/revisions", scheduled_revert, ADMIN_USER,
      "releases_revert_to_older_revision", .body = scheduled_revert_fields },
    { METHOD_GET, "/scheduled_change/diff/release/{sc_id:int}", get_diff, ADMIN_ANYONE,
      .metric = "releases_get_scheduled_change_diff" },
};
const struct admin_routes releases_v1_schedule_routes = ADMIN_ROUTES(routes);
