/* See scheduled.h. A scheduled change that is not there is a 404 everywhere, also where the reference fails.
 */
#include "admin/scheduled.h"

#include "store/history.h"
#include "store/schedule.h"
#include "store/schedule_enact.h"
#include "store/schedule_signoffs.h"

static const struct {
    const char *prefix; /* the start of the route's pattern */
    const struct resource *resource;
} resources[] = {
    { "/scheduled_changes/emergency_shutoff", &emergency_shutoffs_resource },
    { "/scheduled_changes/partial_stops", &partial_stops_resource },
    { "/scheduled_changes/permissions", &permissions_resource },
    { "/scheduled_changes/pinnable_releases", &pinnable_releases_resource },
    { "/scheduled_changes/releases", &releases_resource },
    { "/scheduled_changes/required_signoffs/permissions", &permissions_req_signoffs_resource },
    { "/scheduled_changes/required_signoffs/product", &product_req_signoffs_resource },
    { "/scheduled_changes/rules", &rules_resource },
};

/* The resource of the route; NULL if there is none: then a table names a wrong handler. */
static const struct resource *resource_of(const struct admin_call *call, struct error *e)
{
    const char *pattern = call->route->pattern;
    for (size_t i = 0; i < ARRAY_LEN(resources); i++) {
        size_t n = strlen(resources[i].prefix);
        if (strncmp(pattern, resources[i].prefix, n) == 0 && (pattern[n] == '\0' || pattern[n] == '/')) {
            return resources[i].resource;
        }
    }
    fail(e, FAIL_OTHER, "no resource goes with %s", pattern);
    return NULL;
}

/* ---- answers ---- */

static cJSON *new_object(struct admin_call *call)
{
    return tx_keep(call->tx, mem_check(cJSON_CreateObject()));
}

static bool answer_nothing(struct admin_call *call)
{
    return admin_json(call, new_object(call));
}

static bool refuse_missing(struct admin_call *call)
{
    return admin_problem(call, 404, "Bad Request", "Scheduled change does not exist", NULL);
}

bool scheduled_failed(struct admin_call *call, const struct resource *r, struct error *e)
{
    cJSON *sc;
    struct error again;
    bool looked =
        failed_as(e, FAIL_NOT_FOUND) && sc_get(call->tx, r, admin_param_int(call, 0), ROW_PLAIN, &sc, &again);
    return looked && sc == NULL ? refuse_missing(call) : false;
}

/* {NUMBER: N, "signoffs": …} */
static bool answer_signoffs(struct admin_call *call, const struct resource *r, int64_t sc_id,
                            const char *number, int64_t n, struct error *e)
{
    cJSON *signoffs;
    cJSON *answer = new_object(call);
    if (!sc_signoffs(call->tx, r, sc_id, &signoffs, e)) {
        return false;
    }
    mem_check(cJSON_AddNumberToObject(answer, number, (double)n));
    cJSON_AddItemReferenceToObject(answer, "signoffs", signoffs);
    return admin_json(call, answer);
}

bool scheduled_answer_list(struct admin_call *call, const struct resource *r, const struct sc_query *q,
                           struct error *e)
{
    cJSON *list;
    return sc_list(call->tx, r, q, &list, e) &&
           rows_answer(call, "scheduled_changes", list, cJSON_GetArraySize(list));
}

/* ---- reading ---- */

const struct body_field scheduled_list_args[] = {
    { "all", .types = FIELD_STRING },
    { 0 },
};

bool scheduled_list(struct admin_call *call, struct error *e)
{
    const struct resource *r = resource_of(call, e);
    struct sc_query q = { .all = !str_absent(admin_arg(call, "all")) };
    return r != NULL && scheduled_answer_list(call, r, &q, e);
}

bool scheduled_get(struct admin_call *call, struct error *e)
{
    cJSON *list;
    const struct resource *r = resource_of(call, e);
    struct sc_query q = { .sc_id = admin_param_int(call, 0) };
    if (r == NULL || (q.sc_id > 0 && !sc_list(call->tx, r, &q, &list, e))) {
        return false;
    }
    if (q.sc_id <= 0 || list->child == NULL) {
        return refuse_missing(call);
    }
    cJSON *answer = new_object(call);
    cJSON_AddItemReferenceToObject(answer, "scheduled_change", list->child);
    return admin_json(call, answer);
}

bool scheduled_revisions(struct admin_call *call, struct error *e)
{
    cJSON *sc, *revisions;
    int64_t count;
    int64_t sc_id = admin_param_int(call, 0);
    const struct resource *r = resource_of(call, e);
    if (r == NULL || !sc_get(call->tx, r, sc_id, ROW_PLAIN, &sc, e)) {
        return false;
    }
    if (sc == NULL) {
        return admin_problem(call, 404, "Not Found", "Scheduled change does not exist", NULL);
    }
    struct history_query q = {
        .table = r->table->scheduled,
        .key = { { "sc_id", DB_I(sc_id) } },
        .page = rows_page(call),
        .limit = rows_limit(call),
    };
    return history_page(call->tx, &q, &revisions, &count, e) &&
           rows_answer(call, "revisions", revisions, count);
}

/* ---- creating and editing ---- */

bool scheduled_in_past(struct admin_call *call, const cJSON *what)
{
    int64_t when;
    if (!body_int(what, "when", &when) || when == 0 || when >= call->now_ms) {
        return false;
    }
    admin_problem(call, 400, "Bad Request", "Changes may not be scheduled in the past", NULL);
    return true;
}

bool scheduled_create(struct admin_call *call, const struct resource *r, const cJSON *what, struct error *e)
{
    int64_t sc_id;
    const char *type = json_get_string(what, "change_type");
    if (type == NULL || !body_is_word("insert update delete", str_of(type))) {
        return admin_problem(call, 400, "Bad Request", "Invalid or missing change_type", NULL);
    }
    return !scheduled_in_past(call, what) && sc_insert(call->tx, r, what, &sc_id, e) &&
           answer_signoffs(call, r, sc_id, "sc_id", sc_id, e);
}

bool scheduled_edit(struct admin_call *call, const struct resource *r, const cJSON *what, struct error *e)
{
    int64_t version = 0;
    int64_t sc_id = admin_param_int(call, 0);
    body_int(call->body, "sc_data_version", &version);
    if (scheduled_in_past(call, what)) {
        return false;
    }
    if (!sc_update(call->tx, r, sc_id, what, version, e)) {
        return scheduled_failed(call, r, e);
    }
    return answer_signoffs(call, r, sc_id, "new_data_version", version + 1, e);
}

/* ---- deleting and enacting ---- */

const struct body_field scheduled_delete_args[] = {
    { "data_version", FIELD_INT, .required = true, .min = 1 },
    { 0 },
};

bool scheduled_delete(struct admin_call *call, struct error *e)
{
    int64_t version = 0;
    const struct resource *r = resource_of(call, e);
    if (r == NULL) {
        return false;
    }
    admin_arg_int(call, "data_version", &version);
    return sc_delete(call->tx, r, admin_param_int(call, 0), version, e) ? answer_nothing(call)
                                                                        : scheduled_failed(call, r, e);
}

bool scheduled_enact(struct admin_call *call, struct error *e)
{
    const struct resource *r = resource_of(call, e);
    if (r == NULL) {
        return false;
    }
    return sc_enact(call->tx, r, admin_param_int(call, 0), e) ? answer_nothing(call)
                                                              : scheduled_failed(call, r, e);
}

/* ---- sign-offs ---- */

const struct body_field scheduled_signoff_fields[] = {
    { "role", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 50 },
    { "sc_id", FIELD_ANY, .refused = "sc_id cannot be set when signing off" },
    { "username", .types = FIELD_ANY },
    { "sc_data_version", FIELD_INT, .min = 1, .max = INT32_MAX },
    { 0 },
};

bool scheduled_signoff(struct admin_call *call, struct error *e)
{
    const struct resource *r = resource_of(call, e);
    const char *username = json_get_string(call->body, "username");
    int64_t version = 0;
    if (r == NULL) {
        return false;
    }
    if (body_has(call->body, "username") && (username == NULL || strcmp(username, call->user) != 0)) {
        return fail(e, FAIL_PERMISSION, "Cannot signoff on behalf of another user");
    }
    body_int(call->body, "sc_data_version", &version);
    return sc_signoff(call->tx, r, admin_param_int(call, 0), json_get_string(call->body, "role"), version, e)
               ? answer_nothing(call)
               : scheduled_failed(call, r, e);
}

const struct body_field scheduled_revoke_args[] = {
    { "username", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 100 },
    { 0 },
};

bool scheduled_revoke(struct admin_call *call, struct error *e)
{
    bool had;
    const struct resource *r = resource_of(call, e);
    struct str username = admin_arg(call, "username");
    const char *whose = str_absent(username) ? call->user : admin_text(call, username);
    if (r == NULL || !sc_revoke(call->tx, r, admin_param_int(call, 0), whose, &had, e)) {
        return false;
    }
    if (had) {
        return answer_nothing(call);
    }
    cJSON *answer = new_object(call);
    const char *text = mem_printf(call->ctx, "%s has no signoff to revoke", call->user);
    mem_check(cJSON_AddStringToObject(answer, "error", text));
    return admin_json(call, answer);
}

/* ---- going back ---- */

const struct body_field scheduled_revert_fields[] = {
    { "change_id", FIELD_INT, .required = true },
    { 0 },
};

/* A revision in which the scheduled change did not exist cannot be restored. */
static bool is_revision(const cJSON *change)
{
    return change != NULL && cJSON_IsNumber(json_get(change, "sc_data_version"));
}

bool scheduled_revert(struct admin_call *call, struct error *e)
{
    cJSON *sc, *change;
    int64_t change_id = 0;
    int64_t sc_id = admin_param_int(call, 0);
    const struct resource *r = resource_of(call, e);
    if (r == NULL || !sc_get(call->tx, r, sc_id, ROW_PLAIN, &sc, e)) {
        return false;
    }
    if (sc == NULL) {
        return admin_problem(call, 404, "Not Found", "given sc_id was not found in the database", NULL);
    }
    if (!body_int(call->body, "change_id", &change_id) || change_id == 0) {
        return admin_problem(call, 400, "Bad Request", "No change_id passed in the request body", NULL);
    }
    if (!history_change(call->tx, r->table->scheduled, change_id, &change, e)) {
        return false;
    }
    if (change != NULL && row_int(change, "sc_id") != sc_id) {
        return admin_problem(call, 400, "Bad Request", "Bad sc_id passed in the request", NULL);
    }
    if (!is_revision(change)) {
        const char *text = mem_printf(call->ctx, "Invalid change_id : %lld passed in the request body",
                                      (long long)change_id);
        return admin_problem(call, 400, "Bad Request", text, NULL);
    }
    return sc_revert(call->tx, r, sc_id, change, e) && admin_text_answer(call, 200, "Success");
}
