/* GET …/history: the revisions of a table, and those of its scheduled changes, newest first, a page of each
 * in one answer. (reference: common/history_all.py)
 *
 * Revisions of rules without a product or channel are left out. The parameters product and channel filter
 * only the revisions of the table, not those of its scheduled changes. */
#include "store/history.h"

#include "admin/routes.h"
#include "admin/rows.h"
#include "admin/permissions.h"

enum { REQUIRED_LIMIT = 100, RULES_LIMIT = 10 }; /* the default */

struct subject {
    const struct table *table;
    const char *name; /* the member of the answer with the table's revisions; `scheduled` is that with those
                         of its scheduled changes */
    const char *scheduled;
    const char *list;       /* the member of that with the list */
    int64_t limit;          /* the default number of the table's revisions */
    const char *present[3]; /* columns that must not be null */
};

static void add_key(struct history_query *q, size_t *n, const char *column, struct db_value value)
{
    q->key[*n].column = column;
    q->key[(*n)++].value = value;
}

/* Adds the parameters that apply to a table and to its scheduled changes. DATA_VERSION is the name of that
 * column. */
static size_t add_common(struct admin_call *call, struct history_query *q, const char *data_version)
{
    size_t n = 0;
    int64_t number;
    struct str changed_by = admin_arg(call, "changed_by");
    if (!str_absent(changed_by)) {
        add_key(q, &n, "changed_by", DB_S(changed_by));
    }
    if (admin_arg_int(call, "change_id", &number)) {
        add_key(q, &n, "change_id", DB_I(number));
    }
    if (admin_arg_int(call, "data_version", &number)) {
        add_key(q, &n, data_version, DB_I(number));
    }
    admin_arg_int(call, "timestamp_from", &q->from_ms);
    admin_arg_int(call, "timestamp_to", &q->until_ms);
    return n;
}

/* Adds the query parameters NAMES (separated by spaces) that are columns of T. */
static void add_texts(struct admin_call *call, struct history_query *q, size_t n, const struct table *t,
                      const char *names)
{
    struct str rest = str_of(names);
    struct str one;
    while (str_split(&rest, ' ', &one)) {
        const char *name = admin_text(call, one);
        struct str value = table_has(t, name) != NULL ? admin_arg(call, name) : STR_NONE;
        if (value.n > 0) {
            add_key(q, &n, name, DB_S(value));
        }
    }
}

/* Adds to ANSWER the member NAME: the page that Q selects, {"count", LIST}. */
static bool add_page(struct admin_call *call, cJSON *answer, const char *name, const char *list,
                     const struct history_query *q, struct error *e)
{
    cJSON *revisions;
    int64_t count;
    if (!history_page(call->tx, q, &revisions, &count, e)) {
        return false;
    }
    cJSON *page = mem_check(cJSON_AddObjectToObject(answer, name));
    mem_check(cJSON_AddNumberToObject(page, "count", (double)count));
    cJSON_AddItemReferenceToObject(page, list, revisions);
    return true;
}

static bool answer_histories(struct admin_call *call, const struct subject *s, struct error *e)
{
    cJSON *histories = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    struct history_query own = { .table = s->table, .page = rows_page(call), .limit = s->limit };
    struct history_query scheduled = { .table = s->table->scheduled,
                                       .page = rows_page(call),
                                       .limit = rows_limit(call) };
    memcpy(own.present, s->present, sizeof own.present);
    admin_arg_int(call, "limit", &own.limit);
    add_texts(call, &own, add_common(call, &own, "data_version"), s->table, "product channel role");
    add_texts(call, &scheduled, add_common(call, &scheduled, "sc_data_version"), s->table, "role");
    return add_page(call, histories, s->name, s->list, &own, e) &&
           add_page(call, histories, s->scheduled, "revisions", &scheduled, e) && admin_json(call, histories);
}

static bool list_rules(struct admin_call *call, struct error *e)
{
    static const struct subject rules = {
        .table = &table_rules,
        .name = "Rules",
        .scheduled = "Rules scheduled change",
        .list = "revisions",
        .limit = RULES_LIMIT,
        .present = { "product", "channel" },
    };
    return answer_histories(call, &rules, e);
}

static bool list_permissions(struct admin_call *call, struct error *e)
{
    static const struct subject permissions = {
        .table = &table_permissions,
        .name = "Permissions",
        .scheduled = "Permissions Scheduled Change",
        .list = "revisions",
        .limit = RULES_LIMIT,
    };
    return permissions_demand_view(call->tx, NULL, e) && answer_histories(call, &permissions, e);
}

static bool list_product_signoffs(struct admin_call *call, struct error *e)
{
    static const struct subject signoffs = {
        .table = &table_product_req_signoffs,
        .name = "Product Required Signoffs",
        .scheduled = "Product Required Signoffs Scheduled Change",
        .list = "required_signoffs",
        .limit = REQUIRED_LIMIT,
    };
    return answer_histories(call, &signoffs, e);
}

static bool list_permission_signoffs(struct admin_call *call, struct error *e)
{
    static const struct subject signoffs = {
        .table = &table_permissions_req_signoffs,
        .name = "Permissions Required Signoffs",
        .scheduled = "Permissions Required Signoffs Scheduled Change",
        .list = "required_signoffs",
        .limit = REQUIRED_LIMIT,
    };
    return answer_histories(call, &signoffs, e);
}

#define COMMON_ARGS                                                                                          \
    { "product", FIELD_STRING | FIELD_NULL, FORMAT_ASCII }, { "limit", FIELD_INT | FIELD_NULL, .min = 1 },   \
        { "page", FIELD_INT | FIELD_NULL, .min = 1 },                                                        \
        { "changed_by", FIELD_STRING | FIELD_NULL, FORMAT_ASCII },                                           \
        { "change_id", .types = FIELD_INT | FIELD_NULL },                                                    \
        { "data_version", .types = FIELD_INT | FIELD_NULL },                                                 \
        { "timestamp_from", .types = FIELD_INT | FIELD_NULL },                                               \
    {                                                                                                        \
        "timestamp_to", .types = FIELD_INT | FIELD_NULL                                                      \
    }
#define CHANNEL_ARG                                                                                          \
    {                                                                                                        \
        "channel", FIELD_STRING | FIELD_NULL, FORMAT_ASCII                                                   \
    }
#define ROLE_ARG                                                                                             \
    {                                                                                                        \
        "role", FIELD_STRING | FIELD_NULL, FORMAT_ASCII                                                      \
    }

static const struct body_field rules_args[] = { COMMON_ARGS, CHANNEL_ARG, { 0 } };
static const struct body_field permissions_args[] = { COMMON_ARGS, { 0 } };
static const struct body_field product_signoffs_args[] = { COMMON_ARGS, CHANNEL_ARG, ROLE_ARG, { 0 } };
static const struct body_field permission_signoffs_args[] = { COMMON_ARGS, ROLE_ARG, { 0 } };

static const struct admin_route routes[] = {
    { METHOD_GET, "/rules/history", list_rules, ADMIN_ANYONE, "history_all_rules", .args = rules_args },
    { METHOD_GET, "/permissions/history", list_permissions, ADMIN_USER, "history_all_permissions",
      .args = permissions_args },
    { METHOD_GET, "/required_signoffs/product/history", list_product_signoffs, ADMIN_ANYONE,
      "history_all_product_required_signoffs", .args = product_signoffs_args },
    { METHOD_GET, "/required_signoffs/permissions/history", list_permission_signoffs, ADMIN_ANYONE,
      "history_all_permissions_required_signoffs", .args = permission_signoffs_args, .flags = ADMIN_PRIVATE },
};
const struct admin_routes history_routes = ADMIN_ROUTES(routes);
