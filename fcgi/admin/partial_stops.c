/* /partial_stops and their scheduled deletions. POST /emergency_shutoff makes them (shutoffs.c). */
#include "admin/partial_stops.h"

#include "admin/resources.h"
#include "admin/routes.h"
#include "admin/rows.h"
#include "admin/scheduled.h"
#include "store/resource_write.h"

static const struct body_field conditions[] = {
    PARTIAL_STOP_CONDITIONS,
    { 0 },
};

/* ---- making ---- */

bool partial_stops_asked(const cJSON *body)
{
    for (const struct body_field *f = conditions; f->name != NULL; f++) {
        if (body_has(body, f->name)) {
            return true;
        }
    }
    return false;
}

static bool is_known(const struct body_field *fields, const char *name)
{
    while (fields->name != NULL && strcmp(fields->name, name) != 0) {
        fields++;
    }
    return fields->name != NULL;
}

/* Members that no row names are ignored elsewhere, as in the reference. Here, a condition whose name is
 * misspelt would stop more clients than were meant. */
static bool refuse_unknown(struct admin_call *call)
{
    for (const cJSON *member = call->body->child; member != NULL; member = member->next) {
        if (!is_known(call->route->body, member->string)) {
            const char *detail = mem_printf(
                call->ctx, "'%.60s' is not a condition. Conditions have the names of a rule's columns",
                member->string);
            return admin_problem(call, 400, "Bad Request", "Invalid Emergency shutoff data", detail);
        }
    }
    return true;
}

/* Checks that WHAT has a condition with a value. */
static bool refuse_empty(struct admin_call *call, const cJSON *what)
{
    for (const struct body_field *f = conditions; f->name != NULL; f++) {
        const cJSON *value = json_get(what, f->name);
        if (value != NULL && !cJSON_IsNull(value)) {
            return true;
        }
    }
    return admin_problem(call, 400, "Bad Request", "Invalid Emergency shutoff data",
                         "All conditions are empty. Leave them out to stop the whole channel");
}

static bool is_same_stop(const cJSON *a, const cJSON *b)
{
    for (const struct body_field *f = conditions; f->name != NULL; f++) {
        if (!row_same(json_get(a, f->name), json_get(b, f->name))) {
            return false;
        }
    }
    return true;
}

/* Checks that there is not the same stop already, nor too many. */
static bool refuse_existing(struct admin_call *call, const cJSON *what, struct error *e)
{
    cJSON *stops;
    int64_t count;
    struct table_query all = { .table = &table_partial_stops };
    struct table_query same = { .table = &table_partial_stops,
                                .key = { { "product", DB_S(str_of(row_text(what, "product"))) },
                                         { "channel", DB_S(str_of(row_text(what, "channel"))) } } };
    if (!table_count(call->tx->db, &all, &count, e) || !row_list(call->tx, &same, &stops, e)) {
        return false;
    }
    for (const cJSON *stop = stops->child; stop != NULL; stop = stop->next) {
        if (is_same_stop(stop, what)) {
            return admin_problem(call, 400, "Bad Request", "Invalid Emergency shutoff data",
                                 mem_printf(call->ctx, "Partial stop %lld has the same conditions already",
                                            (long long)row_int(stop, "stop_id")));
        }
    }
    return count < PARTIAL_STOPS_MAX ||
           admin_problem(call, 400, "Bad Request", "Invalid Emergency shutoff data",
                         mem_printf(call->ctx,
                                    "There are %d partial stops already, which is the limit. Stop the whole "
                                    "channel, or delete partial stops that are not needed any more",
                                    PARTIAL_STOPS_MAX));
}

static const char OTHER_BALROG[] =
    "Mozilla's Balrog may use this database, too: it has the table alembic_version. Its admin does not show "
    "this stop, and its public servers do not obey it. If they answer clients, stop the whole channel";

/* Adds to JSON whether a Balrog of Mozilla may use the database. */
static bool add_warning(struct admin_call *call, cJSON *json, struct error *e)
{
    bool other = false;
    struct db_rows *rows = db_query(call->tx->db,
                                    "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE()"
                                    " AND table_name = 'alembic_version'",
                                    NULL, 0, e);
    while (db_next(rows, e)) {
        other = true;
    }
    cJSON_AddItemToObject(json, "warning",
                          mem_check(other ? cJSON_CreateString(OTHER_BALROG) : cJSON_CreateNull()));
    return db_finish(rows);
}

bool partial_stops_create(struct admin_call *call, struct error *e)
{
    cJSON *stop;
    cJSON *what = rule_form(call, "data_version");
    if (!refuse_unknown(call) || !refuse_empty(call, what) || !refuse_existing(call, what, e) ||
        !resource_insert(call->tx, &partial_stops_resource, what, NULL, &stop, e)) {
        return false;
    }
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_Duplicate(stop, true)));
    return add_warning(call, answer, e) && admin_dumps(call, 201, answer);
}

/* ---- reading ---- */

static bool list_stops(struct admin_call *call, struct error *e)
{
    struct table_query q = { .table = &table_partial_stops, .tail = "ORDER BY stop_id" };
    return rows_print(call, "partial_stops", &q, e);
}

static cJSON *path_key(struct admin_call *call)
{
    return row_key_int(call->tx, "stop_id", admin_param_int(call, 0));
}

static bool refuse_missing(struct admin_call *call)
{
    return admin_problem(call, 404, "Not Found", "There is no such partial stop", NULL);
}

static bool get_stop(struct admin_call *call, struct error *e)
{
    cJSON *stop;
    if (!row_get(call->tx, &table_partial_stops, path_key(call), ROW_PLAIN, &stop, e)) {
        return false;
    }
    if (stop == NULL) {
        return refuse_missing(call);
    }
    admin_data_version(call, row_int(stop, "data_version"));
    return admin_json(call, stop);
}

static cJSON *find_stop(cJSON *stops, int64_t stop_id)
{
    cJSON *stop;
    cJSON_ArrayForEach(stop, stops)
    {
        if (row_int(stop, "stop_id") == stop_id) {
            return stop;
        }
    }
    return NULL;
}

static void set_change(cJSON *stop, const char *at, const char *by, const struct db_rows *rows)
{
    cJSON_ReplaceItemInObjectCaseSensitive(stop, at, mem_check(cJSON_CreateNumber((double)db_int(rows, 1))));
    cJSON_ReplaceItemInObjectCaseSensitive(stop, by, json_text(db_text(rows, 2)));
}

bool partial_stops_with_changes(struct admin_call *call, cJSON **stops, struct error *e)
{
    static const char *const names[] = { "created_at", "created_by", "changed_at", "changed_by" };
    cJSON *stop;
    struct table_query q = { .table = &table_partial_stops, .tail = "ORDER BY stop_id" };
    if (!row_list(call->tx, &q, stops, e)) {
        return false;
    }
    cJSON_ArrayForEach(stop, *stops)
    {
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            mem_check(cJSON_AddNullToObject(stop, names[i]));
        }
    }
    struct db_rows *rows = db_query(call->tx->db,
                                    "SELECT h.stop_id, h.timestamp, h.changed_by, h.data_version"
                                    " FROM balrog_partial_stops s JOIN balrog_partial_stops_history h"
                                    " ON h.stop_id = s.stop_id"
                                    " WHERE h.data_version IS NOT NULL ORDER BY h.change_id",
                                    NULL, 0, e);
    while (db_next(rows, e)) {
        stop = find_stop(*stops, db_int(rows, 0));
        if (stop != NULL && db_int(rows, 3) == 1) {
            set_change(stop, "created_at", "created_by", rows);
        }
        if (stop != NULL) {
            set_change(stop, "changed_at", "changed_by", rows);
        }
    }
    return db_finish(rows);
}

/* ---- changing ---- */

static const struct body_field comment_fields[] = {
    { "comment", FIELD_STRING | FIELD_NULL, .format = FORMAT_ASCII, .required = true, .max = 500 },
    { "data_version", FIELD_INT, .required = true, .min = 1, .max = INT32_MAX, .no_column = true },
    { 0 },
};

/* Only the comment can be changed: other conditions would let some clients get updates without sign-offs. */
static bool comment_stop(struct admin_call *call, struct error *e)
{
    cJSON *stop;
    struct resource_edit edit = { .key = path_key(call), .what = admin_columns(call, comment_fields, NULL) };
    body_int(call->body, "data_version", &edit.data_version);
    if (resource_update(call->tx, &partial_stops_resource, &edit, &stop, e)) {
        return admin_new_version(call, row_int(stop, "data_version"));
    }
    return failed_as(e, FAIL_NOT_FOUND) ? refuse_missing(call) : false;
}

static const struct body_field delete_args[] = {
    { "data_version", FIELD_INT, .required = true, .min = 1 },
    { 0 },
};

static bool delete_stop(struct admin_call *call, struct error *e)
{
    int64_t data_version = 0;
    admin_arg_int(call, "data_version", &data_version);
    if (resource_delete(call->tx, &partial_stops_resource, path_key(call), data_version, NULL, e)) {
        return admin_text_answer(call, 200, "%s", "");
    }
    return failed_as(e, FAIL_NOT_FOUND) ? refuse_missing(call) : false;
}

/* ---- scheduled deletions ---- */

static const struct body_field schedule_fields[] = {
    SCHEDULED_WHEN,
    { "stop_id", FIELD_INT, .required = true, .min = 1, .max = INT32_MAX },
    { "data_version", FIELD_INT, .required = true, .min = 1, .max = INT32_MAX },
    SCHEDULED_COMPLETE,
    SCHEDULED_BY,
    { "sc_id", .types = FIELD_ANY, .refused = BODY_READ_ONLY },
    { "change_type", FIELD_STRING, .format = FORMAT_ASCII, .required = true, .words = "delete" },
    { 0 },
};

/* Others may be scheduled for any version, as in the reference, and fail when they are enacted. Here, what
 * people sign is the end of the stop as it is. */
static bool schedule_deletion(struct admin_call *call, struct error *e)
{
    cJSON *stop;
    cJSON *what = admin_columns(call, schedule_fields, NULL);
    if (!row_get(call->tx, &table_partial_stops, what, ROW_SHARED, &stop, e)) {
        return false;
    }
    if (stop != NULL && row_int(stop, "data_version") != row_int(what, "data_version")) {
        return fail(e, FAIL_OUTDATED, "Partial stop %lld is at data_version %lld",
                    (long long)row_int(stop, "stop_id"), (long long)row_int(stop, "data_version"));
    }
    return scheduled_create(call, &partial_stops_resource, what, e);
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
    return scheduled_edit(call, &partial_stops_resource, admin_columns(call, edit_fields, "change_type"), e);
}

#define SCHEDULED "/scheduled_changes/partial_stops"

static const struct admin_route routes[] = {
    { METHOD_GET, "/partial_stops", list_stops, .metric = "partial_stops_get" },
    { METHOD_GET, "/partial_stops/{stop_id:int}", get_stop, .metric = "partial_stops_get_by_id" },
    { METHOD_POST, "/partial_stops/{stop_id:int}", comment_stop, ADMIN_USER, "partial_stops_comment",
      .body = comment_fields },
    { METHOD_DELETE, "/partial_stops/{stop_id:int}", delete_stop, ADMIN_USER, "partial_stops_delete",
      .args = delete_args },
    { METHOD_GET, SCHEDULED, scheduled_list, ADMIN_ANYONE, "partial_stops_scheduled_changes",
      .args = scheduled_list_args },
    { METHOD_POST, SCHEDULED, schedule_deletion, ADMIN_USER, "partial_stops_schedule_deletion",
      .body = schedule_fields },
    { METHOD_POST, SCHEDULED "/{sc_id:int}", edit_deletion, ADMIN_USER,
      "partial_stops_update_scheduled_deletion", .body = edit_fields },
    { METHOD_DELETE, SCHEDULED "/{sc_id:int}", scheduled_delete, ADMIN_USER,
      "partial_stops_delete_scheduled_deletion", .args = scheduled_delete_args },
    { METHOD_POST, SCHEDULED "/{sc_id:int}/enact", scheduled_enact, ADMIN_USER,
      .metric = "partial_stops_enact_scheduled_change" },
    { METHOD_POST, SCHEDULED "/{sc_id:int}/signoffs", scheduled_signoff, ADMIN_USER,
      "partial_stops_signoff_scheduled_change", .body = scheduled_signoff_fields },
    { METHOD_DELETE, SCHEDULED "/{sc_id:int}/signoffs", scheduled_revoke, ADMIN_USER,
      "partial_stops_revoke_signoff_scheduled_change", .args = scheduled_revoke_args },
};
const struct admin_routes partial_stops_routes = ADMIN_ROUTES(routes);
