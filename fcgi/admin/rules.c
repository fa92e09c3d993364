/* /rules. (reference: views/rules.py, web/common/rules.py) */
#include "admin/resources.h"
#include "admin/routes.h"
#include "admin/rows.h"
#include "admin/rule_form.h"
#include "store/history.h"
#include "store/resource_write.h"
#include "store/row_write.h"

/* ---- finding ---- */

/* An alias is a letter and then letters, digits and hyphens. Anything else is a number. */
static bool is_alias(struct str s)
{
    char first = s.n > 0 ? s.p[0] : '\0';
    return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
}

static bool is_digits(struct str s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9') {
        n++;
    }
    return n > 0 && n == s.n;
}

/* *RULE becomes the rule whose number or alias is the first parameter in the path, or NULL. TAIL is how it is
 * locked. */
static bool find_rule(struct admin_call *call, const char *tail, const cJSON **rule, struct error *e)
{
    cJSON *rows;
    struct str name = call->param[0];
    struct table_query q = { .table = &table_rules, .tail = tail };
    *rule = NULL;
    if (is_alias(name)) {
        q.key[0].column = "alias";
        q.key[0].value = DB_S(name);
    } else if (is_digits(name)) {
        q.key[0].column = "rule_id";
        q.key[0].value = DB_I(admin_param_int(call, 0));
    } else {
        return true;
    }
    if (!row_list(call->tx, &q, &rows, e)) {
        return false;
    }
    *rule = rows->child;
    return true;
}

#define NOT_FOUND 404, "Not Found", "Requested rule wasn't found", "Requested rule does not exist"

/* The same for a rule that will be written. Refuses the call if there is none. */
static bool lock_rule(struct admin_call *call, const cJSON **rule, struct error *e)
{
    return find_rule(call, "FOR UPDATE", rule, e) && (*rule != NULL || admin_problem(call, NOT_FOUND));
}

static cJSON *key_of(struct admin_call *call, const cJSON *rule)
{
    return row_key_int(call->tx, "rule_id", row_int(rule, "rule_id"));
}

/* ---- reading ---- */

static const struct body_field list_args[] = {
    { "product", FIELD_STRING, .format = FORMAT_ASCII },
    { "timestamp", .types = FIELD_INT | FIELD_NULL },
    { 0 },
};

static bool list_rules(struct admin_call *call, struct error *e)
{
    cJSON *rules;
    int64_t ms;
    bool past = admin_arg_int(call, "timestamp", &ms);
    struct str product = admin_arg(call, "product");
    if (past && product.n > 0) {
        return admin_problem_plain(call, 400, "Bad Request",
                                   "Cannot query with a timestamp and a product at the same time", NULL);
    }
    struct table_query q = {
        .table = &table_rules,
        .key = { { "product", DB_S(product.n > 0 ? product : STR_NONE) } },
        .tail = "ORDER BY priority, version, mapping, rule_id",
    };
    if (!past) {
        return rows_print(call, "rules", &q, e);
    }
    return history_at(call->tx, &table_rules, ms, &rules, e) &&
           rows_answer(call, "rules", rules, cJSON_GetArraySize(rules));
}

static bool get_rule(struct admin_call *call, struct error *e)
{
    const cJSON *rule;
    if (!find_rule(call, NULL, &rule, e)) {
        return false;
    }
    if (rule == NULL) {
        return admin_problem_plain(call, NOT_FOUND);
    }
    admin_data_version(call, row_int(rule, "data_version"));
    return admin_dumps(call, 200, rule);
}

static const struct body_field column_params[] = {
    { "column", FIELD_STRING, .format = FORMAT_ASCII, .max = 50 },
    { 0 },
};

static bool get_column(struct admin_call *call, struct error *e)
{
    cJSON *values;
    const struct column *c = table_has(&table_rules, admin_text(call, call->param[0]));
    if (c == NULL) {
        return admin_problem(call, 404, "Not Found", "Rule column was not found",
                             "Requested column does not exist");
    }
    return rows_distinct(call, &table_rules, c, &values, e) &&
           rows_answer(call, c->name, values, cJSON_GetArraySize(values));
}

/* ---- writing ---- */

static const struct body_field create_fields[] = {
    { RULE_UPDATE_TYPE, .types = FIELD_STRING, .required = true },
    { "backgroundRate", RULE_NUMBER, .format = FORMAT_BACKGROUND_RATE, .required = true },
    { "priority", RULE_NUMBER, .format = FORMAT_PRIORITY, .required = true },
    { "rule_id", .types = FIELD_ANY, .refused = BODY_READ_ONLY },
    RULE_FIELDS,
    { 0 },
};

static bool alias_taken(struct admin_call *call, const char *alias, bool *taken, struct error *e)
{
    cJSON *rows;
    struct table_query q = { .table = &table_rules, .key = { { "alias", DB_S(str_of(alias)) } } };
    *taken = false;
    if (alias == NULL) {
        return true;
    }
    if (!row_list(call->tx, &q, &rows, e)) {
        return false;
    }
    *taken = rows->child != NULL;
    return true;
}

static bool create_rule(struct admin_call *call, struct error *e)
{
    cJSON *rule;
    bool taken;
    const cJSON *what = rule_form(call, NULL);
    if (!rule_form_maps(call, what, true, e) || !alias_taken(call, row_text(what, "alias"), &taken, e)) {
        return false;
    }
    if (taken) {
        return admin_problem(call, 400, "Bad Request", ROW_ALIAS_EXISTS, NULL);
    }
    return resource_insert(call->tx, &rules_resource, what, NULL, &rule, e) &&
           admin_text_answer(call, 200, "%lld", (long long)row_int(rule, "rule_id"));
}

static const struct body_field update_fields[] = {
    { "data_version", FIELD_INT | FIELD_STRING, .format = FORMAT_DATA_VERSION, .required = true },
    { "rule_id", .types = FIELD_ANY, .refused = BODY_READ_ONLY },
    { RULE_UPDATE_TYPE, .types = FIELD_STRING },
    RULE_FIELDS,
    { 0 },
};

static bool update_rule(struct admin_call *call, struct error *e)
{
    const cJSON *rule;
    cJSON *now;
    int64_t data_version = 0;
    const cJSON *what = rule_form(call, "data_version");
    if (!lock_rule(call, &rule, e) || !rule_form_maps(call, what, false, e)) {
        return false;
    }
    body_int(call->body, "data_version", &data_version);
    return resource_update(call->tx, &rules_resource,
                           &(struct resource_edit){
                               .key = key_of(call, rule), .what = what, .data_version = data_version },
                           &now, e) &&
           admin_new_version(call, row_int(now, "data_version"));
}

static const struct body_field delete_args[] = {
    { "data_version", FIELD_INT, .required = true, .min = 1 },
    { 0 },
};

static bool delete_rule(struct admin_call *call, struct error *e)
{
    const cJSON *rule;
    int64_t data_version = 0;
    admin_arg_int(call, "data_version", &data_version);
    return lock_rule(call, &rule, e) &&
           resource_delete(call->tx, &rules_resource, key_of(call, rule), data_version, NULL, e) &&
           admin_text_answer(call, 200, "%s", "");
}

/* ---- revisions ---- */

static bool list_revisions(struct admin_call *call, struct error *e)
{
    const cJSON *rule;
    cJSON *revisions;
    int64_t count;
    if (!find_rule(call, NULL, &rule, e)) {
        return false;
    }
    if (rule == NULL) {
        return admin_text_answer(call, 404, "Requested rule does not exist");
    }
    struct history_query q = {
        .table = &table_rules,
        .key = { { "rule_id", DB_I(row_int(rule, "rule_id")) } },
        .page = rows_page(call),
        .limit = rows_limit(call),
    };
    return history_page(call->tx, &q, &revisions, &count, e) && rows_answer(call, "rules", revisions, count);
}

static const struct body_field revert_fields[] = {
    { "change_id", FIELD_INT, .required = true },
    { 0 },
};

/* What going back to CHANGE writes: all that a rule says, but for the two columns that the reference leaves
 * as they are. */
static cJSON *restored(struct admin_call *call, const cJSON *change)
{
    cJSON *what = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    for (const struct column *c = table_rules.column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_KEY) == 0 && c->type != COLUMN_BOOL && strcmp(c->name, "data_version") != 0) {
            cJSON_AddItemReferenceToObject(what, c->name, (cJSON *)json_get(change, c->name));
        }
    }
    return what;
}

/* *CHANGE becomes the revision of RULE that the body names. Refuses the call if there is none, or if the rule
 * did not exist then. */
static bool find_revision(struct admin_call *call, const cJSON *rule, cJSON **change, struct error *e)
{
    int64_t change_id = 0;
    if (!body_int(call->body, "change_id", &change_id) || change_id == 0) {
        return admin_problem(call, 400, "Bad Request", "No change_id passed in the request body", NULL);
    }
    if (!history_change(call->tx, &table_rules, change_id, change, e)) {
        return false;
    }
    if (*change != NULL && row_int(*change, "rule_id") != row_int(rule, "rule_id")) {
        return admin_problem(call, 400, "Bad Request", "Bad rule_id passed in the request", NULL);
    }
    const char *detail =
        mem_printf(call->ctx, "Invalid change_id : %lld passed in the request body", (long long)change_id);
    return (*change != NULL && row_int(*change, "data_version") != 0) ||
           admin_problem(call, 400, "Bad Request", detail, NULL);
}

static bool revert_rule(struct admin_call *call, struct error *e)
{
    const cJSON *rule;
    cJSON *change;
    if (!find_rule(call, "FOR UPDATE", &rule, e)) {
        return false;
    }
    if (rule == NULL) {
        return admin_problem(call, 404, "Not Found", "bad rule_id", NULL);
    }
    return find_revision(call, rule, &change, e) &&
           resource_update(call->tx, &rules_resource,
                           &(struct resource_edit){ .key = key_of(call, rule),
                                                    .what = restored(call, change),
                                                    .data_version = row_int(rule, "data_version") },
                           NULL, e) &&
           admin_text_answer(call, 200, "Excellent!");
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/rules", list_rules, ADMIN_ANYONE, "rules_get", .args = list_args },
    { METHOD_POST, "/rules", create_rule, ADMIN_USER, "rules_create", .body = create_fields,
      .flags = ADMIN_CHANGES_RULES },
    { METHOD_GET, "/rules/{id_or_alias}", get_rule, .metric = "rules_get_rule" },
    { METHOD_POST, "/rules/{id_or_alias}", update_rule, ADMIN_USER, "rules_update_post",
      .body = update_fields, .flags = ADMIN_CHANGES_RULES },
    { METHOD_PUT, "/rules/{id_or_alias}", update_rule, ADMIN_USER, "rules_update_put", .body = update_fields,
      .flags = ADMIN_CHANGES_RULES },
    { METHOD_DELETE, "/rules/{id_or_alias}", delete_rule, ADMIN_USER, "rules_delete", .args = delete_args,
      .flags = ADMIN_CHANGES_RULES },
    { METHOD_GET, "/rules/{rule_id:int}/revisions", list_revisions, ADMIN_ANYONE, "rules_get_history",
      .args = rows_page_args },
    { METHOD_POST, "/rules/{rule_id:int}/revisions", revert_rule, ADMIN_USER,
      "rules_revert_to_older_revision", .body = revert_fields, .flags = ADMIN_CHANGES_RULES },
    { METHOD_GET, "/rules/columns/{column}", get_column, ADMIN_ANYONE, "rules_get_column",
      .params = column_params },
};
const struct admin_routes rules_routes = ADMIN_ROUTES(routes);
