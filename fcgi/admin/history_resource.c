/* GET /history: who has changed what, in all tables. Not in the reference, which has four histories. */
#include "admin/routes.h"
#include "store/access.h"
#include "store/history_all.h"

enum { HISTORY_PAGE = 50 };

/* By the names of the paths of the API. Those that only holders of the permission to view permissions may see
 * come last. */
static const struct history_subject subjects[] = {
    { "rules", &table_rules, "rule_id" },
    { "releases", &table_releases, "name" },
    { "v2/releases", &table_releases_json, "name" },
    { "v2/releases", &table_release_assets, "name" },
    { "emergency_shutoff", &table_emergency_shutoffs, "product" },
    { "partial_stops", &table_partial_stops, "stop_id" },
    { "required_signoffs/product", &table_product_req_signoffs, "product" },
    { "required_signoffs/permissions", &table_permissions_req_signoffs, "product" },
    { "pinnable_releases", &table_pinnable_releases, "product" },
    { "expectations", &table_expectations, "name" },
    { "permissions", &table_permissions, "username" },
    { "roles", &table_user_roles, "username" },
    { "roles", &table_role_grants, "username" },
};
enum { SUBJECTS = sizeof subjects / sizeof subjects[0], PRIVATE_SUBJECTS = 3 };

/* The subject of this kind, or NULL. */
static const struct history_subject *find_subject(struct str kind)
{
    for (size_t i = 0; i < SUBJECTS; i++) {
        if (str_eq(kind, str_of(subjects[i].kind))) {
            return &subjects[i];
        }
    }
    return NULL;
}

static bool is_number(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return s.n > 0 && s.n < 10;
}

/* KIND or KIND:NAME. */
static bool read_object(struct admin_call *call, struct history_all_query *q, struct error *e)
{
    struct str rest = admin_arg(call, "object");
    size_t n = 0;
    if (str_absent(rest)) {
        return true;
    }
    while (n < rest.n && rest.p[n] != ':') {
        n++;
    }
    q->kind = str_slice(rest, 0, n);
    q->object = n < rest.n ? str_slice(rest, n + 1, rest.n) : STR_NONE;
    const struct history_subject *subject = find_subject(q->kind);
    if (subject == NULL) {
        return fail(
            e, FAIL_INVALID,
            "object: '%.*s' is not a kind: rules, releases, v2/releases, emergency_shutoff, partial_stops, "
            "required_signoffs/product, required_signoffs/permissions, pinnable_releases, expectations, "
            "permissions, roles",
            (int)(q->kind.n < 50 ? q->kind.n : 50), q->kind.p);
    }
    const char *name = subject->table == &table_rules           ? "rule's number"
                       : subject->table == &table_partial_stops ? "stop's number"
                                                                : NULL;
    if (n < rest.n && (q->object.n == 0 || (name != NULL && !is_number(q->object)))) {
        return fail(e, FAIL_INVALID, "object: a %s is expected after '%s:'", name != NULL ? name : "name",
                    subject->kind);
    }
    if (subject >= &subjects[SUBJECTS - PRIVATE_SUBJECTS] && q->n_subjects < SUBJECTS) {
        return fail(e, FAIL_PERMISSION, "You are not authorized to view permissions of other users.");
    }
    return true;
}

static bool list_history(struct admin_call *call, struct error *e)
{
    bool may_view;
    cJSON *entries;
    const char *next;
    struct history_all_query q = {
        .subject = subjects,
        .product = admin_arg(call, "product"),
        .channel = admin_arg(call, "channel"),
        .changed_by = admin_arg(call, "changed_by"),
        .limit = HISTORY_PAGE,
        .after = admin_arg(call, "after"),
    };
    if (!access_has(call->tx, call->user, "permission", "view", NULL, &may_view, e)) {
        return false;
    }
    q.n_subjects = may_view ? SUBJECTS : SUBJECTS - PRIVATE_SUBJECTS;
    admin_arg_int(call, "limit", &q.limit);
    admin_arg_int(call, "timestamp_from", &q.from_ms);
    admin_arg_int(call, "timestamp_to", &q.to_ms);
    if (!read_object(call, &q, e) || !history_all_page(call->tx, &q, &entries, &next, e)) {
        return false;
    }
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    cJSON_AddItemReferenceToObject(answer, "entries", entries);
    cJSON_AddItemToObject(answer, "next",
                          next != NULL ? json_text(str_of(next)) : mem_check(cJSON_CreateNull()));
    return admin_json(call, answer);
}

static const struct body_field history_args[] = {
    { "object", FIELD_STRING, .min = 1, .max = 250 },
    { "product", FIELD_STRING, .min = 1, .max = 100 },
    { "channel", FIELD_STRING, .min = 1, .max = 100 },
    { "changed_by", FIELD_STRING, .min = 1, .max = 100 },
    { "timestamp_from", FIELD_INT, .min = 1 },
    { "timestamp_to", FIELD_INT, .min = 1 },
    { "limit", FIELD_INT, .min = 1, .max = HISTORY_ALL_PAGE_MAX },
    { "after", FIELD_STRING, .min = 1, .max = 100 },
    { 0 },
};

static const struct admin_route routes[] = {
    { METHOD_GET, "/history", list_history, ADMIN_USER, "history_get", .args = history_args },
};
const struct admin_routes history_all_routes = ADMIN_ROUTES(routes);
