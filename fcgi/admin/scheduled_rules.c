/* /scheduled_changes/rules. (reference: views/rules.py) */
#include "admin/routes.h"
#include "admin/rule_form.h"
#include "admin/scheduled.h"

/* What may be scheduled. A change is due at the time `when`; or at an uptake, then `when` is 0, or null in an
 * edit. */
#define SCHEDULED_RULE_FIELDS                                                                                \
    SCHEDULED_CHANGE_TYPE, SCHEDULED_WHEN, SCHEDULED_COMPLETE, SCHEDULED_BY,                                 \
        { "telemetry_product", RULE_TEXT, .format = FORMAT_ASCII, .min = 1, .max = 15 },                     \
        { "telemetry_channel", RULE_TEXT, .format = FORMAT_ASCII, .min = 1, .max = 75 },                     \
        { "telemetry_uptake", RULE_NUMBER, .format = FORMAT_TELEMETRY_UPTAKE },                              \
        { "rule_id", RULE_NUMBER, .format = FORMAT_RULE_ID },                                                \
        { "data_version", RULE_NUMBER, .format = FORMAT_DATA_VERSION },                                      \
        { RULE_UPDATE_TYPE, .types = FIELD_STRING | FIELD_NULL }, RULE_FIELDS

/* All columns of a rule, without the conditions and without what says which rule is meant. */
#define RULE_COLUMNS                                                                                         \
    "update_type priority mapping backgroundRate product version channel buildTarget buildID locale "        \
    "osVersion distribution distVersion headerArchitecture comment alias instructionSet memory "             \
    "fallbackMapping mig64 jaws"

static const struct body_field list_args[] = {
    { "all", .types = FIELD_STRING },
    { "rule_id", FIELD_INT, .min = 1 },
    { 0 },
};

static bool list_scheduled(struct admin_call *call, struct error *e)
{
    int64_t rule_id;
    struct sc_query q = { .all = !str_absent(admin_arg(call, "all")) };
    if (admin_arg_int(call, "rule_id", &rule_id)) {
        q.key[0].column = "rule_id";
        q.key[0].value = DB_I(rule_id);
    }
    return scheduled_answer_list(call, &rules_resource, &q, e);
}

/* ---- creating ---- */

static const struct body_field create_fields[] = {
    SCHEDULED_RULE_FIELDS,
    { 0 },
};

static const struct body_field create_args[] = {
    { "change_type", FIELD_STRING, .format = FORMAT_ASCII, .words = "insert update delete" },
    { 0 },
};

static bool refuse_missing_field(struct admin_call *call, const char *field)
{
    const char *exception = mem_printf(call->ctx, "%s is missing", field);
    return admin_problem(call, 400, "Bad Request", "Missing field", exception);
}

/* Checks that the columns that a new rule must have are set and not null. MAY_LACK: they may be missing, in
 * an edit. */
static bool is_filled(struct admin_call *call, const cJSON *what, bool may_lack, const char *words)
{
    static const char *const fields[] = { "update_type", "backgroundRate", "priority" };
    for (unsigned i = 0; i < ARRAY_LEN(fields); i++) {
        const cJSON *value = json_get(what, fields[i]);
        if (value == NULL ? !may_lack : cJSON_IsNull(value)) {
            const char *exception =
                mem_printf(call->ctx, "%s cannot be set to %s when scheduling insertion of a new rule",
                           fields[i], words);
            return admin_problem(call, 400, "Bad Request", "Null/Empty Value", exception);
        }
    }
    return true;
}

static bool create_insert(struct admin_call *call, struct error *e)
{
    cJSON *what = rule_form(call, "rule_id data_version");
    return is_filled(call, what, false, "null/empty") && rule_form_maps(call, what, true, e) &&
           scheduled_create(call, &rules_resource, what, e);
}

/* Schedules an update of an existing rule, or its deletion, which has no columns. */
static bool create_change(struct admin_call *call, bool deletes, struct error *e)
{
    cJSON *what = rule_form(call, deletes ? RULE_COLUMNS : NULL);
    if (row_int(what, "rule_id") == 0) {
        return refuse_missing_field(call, "rule_id");
    }
    if (row_int(what, "data_version") == 0) {
        return refuse_missing_field(call, "data_version");
    }
    return (deletes || rule_form_maps(call, what, false, e)) &&
           scheduled_create(call, &rules_resource, what, e);
}

static bool create_scheduled(struct admin_call *call, struct error *e)
{
    const cJSON *when = json_get(call->body, "when");
    const char *type = json_get_string(call->body, "change_type");
    if (when == NULL || cJSON_IsNull(when)) {
        return admin_problem(call, 400, "Bad Request",
                             "'when' cannot be set to null when scheduling a new change for a Rule", NULL);
    }
    if (body_has(call->body, "sc_id")) {
        return admin_problem(call, 400, "Bad Request", "sc_id cannot be set when scheduling a new change",
                             NULL);
    }
    if (type != NULL && strcmp(type, "insert") == 0) {
        return create_insert(call, e);
    }
    if (type != NULL) {
        return create_change(call, strcmp(type, "delete") == 0, e);
    }
    return scheduled_create(call, &rules_resource, rule_form(call, NULL), e);
}

/* ---- editing ---- */

static const struct body_field edit_fields[] = {
    SCHEDULED_VERSION,
    { "sc_id", .types = FIELD_ANY, .refused = BODY_READ_ONLY },
    SCHEDULED_RULE_FIELDS,
    { 0 },
};

static bool edit_insert(struct admin_call *call, struct error *e)
{
    cJSON *what = rule_form(call, "change_type rule_id data_version");
    return is_filled(call, what, true, "null") && rule_form_maps(call, what, false, e) &&
           scheduled_edit(call, &rules_resource, what, e);
}

static bool edit_update(struct admin_call *call, struct error *e)
{
    cJSON *what = rule_form(call, "change_type rule_id");
    if (row_int(what, "data_version") == 0) {
        return refuse_missing_field(call, "data_version");
    }
    return rule_form_maps(call, what, false, e) && scheduled_edit(call, &rules_resource, what, e);
}

/* An edit cannot change which rule is meant, nor the kind of change. */
static bool edit_scheduled(struct admin_call *call, struct error *e)
{
    cJSON *sc;
    if (!sc_get(call->tx, &rules_resource, admin_param_int(call, 0), ROW_LOCKED, &sc, e)) {
        return false;
    }
    if (sc == NULL) {
        return admin_problem(call, 404, "Not Found", "Unknown sc_id",
                             "No scheduled change for rule found for given sc_id");
    }
    const char *type = row_text(sc, "change_type");
    if (strcmp(type, "insert") == 0) {
        return edit_insert(call, e);
    }
    if (strcmp(type, "update") == 0) {
        return edit_update(call, e);
    }
    return scheduled_edit(call, &rules_resource,
                          rule_form(call, "change_type rule_id data_version " RULE_COLUMNS), e);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/scheduled_changes/rules", list_scheduled, ADMIN_ANYONE, "rules_get_scheduled_changes",
      .args = list_args },
    { METHOD_POST, "/scheduled_changes/rules", create_scheduled, ADMIN_USER, "rules_create_scheduled_change",
      .body = create_fields, .args = create_args },
    { METHOD_GET, "/scheduled_changes/rules/{sc_id:int}", scheduled_get, ADMIN_ANYONE,
      .metric = "rules_get_scheduled_change" },
    { METHOD_POST, "/scheduled_changes/rules/{sc_id:int}", edit_scheduled, ADMIN_USER,
      "rules_update_scheduled_change", .body = edit_fields },
    { METHOD_DELETE, "/scheduled_changes/rules/{sc_id:int}", scheduled_delete, ADMIN_USER,
      "rules_delete_scheduled_change", .args = scheduled_delete_args },
    { METHOD_POST, "/scheduled_changes/rules/{sc_id:int}/enact", scheduled_enact, ADMIN_USER,
      .metric = "rules_enact_scheduled_change", .flags = ADMIN_CHANGES_RULES },
    { METHOD_POST, "/scheduled_changes/rules/{sc_id:int}/signoffs", scheduled_signoff, ADMIN_USER,
      "rules_signoff_scheduled_change", .body = scheduled_signoff_fields },
    { METHOD_DELETE, "/scheduled_changes/rules/{sc_id:int}/signoffs", scheduled_revoke, ADMIN_USER,
      "rules_revoke_signoff_scheduled_change", .args = scheduled_revoke_args },
    { METHOD_GET, "/scheduled_changes/rules/{sc_id:int}/revisions", scheduled_revisions, ADMIN_ANYONE,
      "rules_get_scheduled_change_history", .args = rows_page_args },
    { METHOD_POST, "/scheduled_changes/rules/{sc_id:int}/revisions", scheduled_revert, ADMIN_USER,
      "rules_revert_scheduled_change_to_older_revision", .body = scheduled_revert_fields },
};
const struct admin_routes scheduled_rules_routes = ADMIN_ROUTES(routes);
