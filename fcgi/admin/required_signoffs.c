/* /required_signoffs: the sign-offs that changes of a product and channel, or of permissions, need. They can
 * be posted directly if none are required so far. All other changes of them have to be scheduled. (reference:
 * views/required_signoffs.py) */
#include "admin/resources.h"
#include "admin/routes.h"
#include "admin/rows.h"
#include "admin/scheduled.h"
#include "store/history.h"
#include "store/resource_write.h"

enum { REQUIRED_SIGNOFFS_LIMIT = 100 }; /* the default */

/* ---- reading ---- */

/* Adds to Q the columns KEYS, separated by spaces, with the values of the query parameters of these names. */
static void add_args(struct admin_call *call, struct table_query *q, const char *keys)
{
    struct str rest = str_of(keys);
    struct str one;
    for (unsigned n = 0; str_split(&rest, ' ', &one); n++) {
        q->key[n].column = admin_text(call, one);
        q->key[n].value = DB_S(admin_arg(call, q->key[n].column));
    }
}

static bool list_rows(struct admin_call *call, const struct table *t, const char *keys, struct error *e)
{
    struct table_query q = { .table = t };
    add_args(call, &q, keys);
    return rows_print(call, "required_signoffs", &q, e);
}

/* KEYS are all key columns of the table. */
static bool list_revisions(struct admin_call *call, const struct table *t, const char *keys, struct error *e)
{
    cJSON *rows, *revisions;
    int64_t count;
    struct table_query found = { .table = t };
    struct history_query q = { .table = t, .page = rows_page(call), .limit = REQUIRED_SIGNOFFS_LIMIT };
    add_args(call, &found, keys);
    if (!row_list(call->tx, &found, &rows, e)) {
        return false;
    }
    if (rows->child == NULL) {
        return admin_problem(call, 404, "Not Found", "Requested Required Signoff does not exist", NULL);
    }
    for (size_t i = 0; i < TABLE_KEYS_MAX && found.key[i].column != NULL; i++) {
        q.key[i].column = found.key[i].column;
        q.key[i].value = found.key[i].value;
    }
    admin_arg_int(call, "limit", &q.limit);
    return history_page(call->tx, &q, &revisions, &count, e) &&
           rows_answer(call, "required_signoffs", revisions, count);
}

/* ---- writing ---- */

static bool create_required(struct admin_call *call, const struct resource *r, struct error *e)
{
    cJSON *row;
    cJSON *what = admin_columns(call, call->route->body, NULL);
    if (!row_get(call->tx, r->table, what, ROW_LOCKED, &row, e)) {
        return false;
    }
    if (row != NULL) {
        return fail(e, FAIL_SIGNOFF, "Required Signoffs cannot be directly modified");
    }
    return resource_insert(call->tx, r, what, NULL, NULL, e)
               ? admin_text_answer(call, 201, "{\"new_data_version\": 1}")
               : admin_refuse_value(call, e);
}

static bool delete_required(struct admin_call *call, struct error *e)
{
    (void)call;
    return fail(e, FAIL_SIGNOFF, "Required Signoffs cannot be directly deleted.");
}

/* ---- of products ---- */

static bool list_products(struct admin_call *call, struct error *e)
{
    return list_rows(call, &table_product_req_signoffs, "product channel", e);
}

static bool list_product_revisions(struct admin_call *call, struct error *e)
{
    return list_revisions(call, &table_product_req_signoffs, "product channel role", e);
}

static bool create_product(struct admin_call *call, struct error *e)
{
    return create_required(call, &product_req_signoffs_resource, e);
}

/* ---- of permissions ---- */

static bool list_permissions(struct admin_call *call, struct error *e)
{
    return list_rows(call, &table_permissions_req_signoffs, "product", e);
}

static bool list_permission_revisions(struct admin_call *call, struct error *e)
{
    return list_revisions(call, &table_permissions_req_signoffs, "product role", e);
}

static bool create_permission(struct admin_call *call, struct error *e)
{
    return create_required(call, &permissions_req_signoffs_resource, e);
}

/* ---- tables ---- */

#define PRODUCT                                                                                              \
    {                                                                                                        \
        "product", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 15                         \
    }
#define ROLE                                                                                                 \
    {                                                                                                        \
        "role", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 50                            \
    }
#define CHANNEL                                                                                              \
    {                                                                                                        \
        "channel", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 75                         \
    }
#define SIGNOFFS_REQUIRED                                                                                    \
    {                                                                                                        \
        "signoffs_required", FIELD_INT | FIELD_STRING, FORMAT_SIGNOFFS_REQUIRED, .required = true            \
    }
#define PAGE                                                                                                 \
    { "page", FIELD_INT | FIELD_NULL, .min = 1 },                                                            \
    {                                                                                                        \
        "limit", FIELD_INT | FIELD_NULL, .min = 1                                                            \
    }

static const struct body_field product_args[] = {
    { "product", FIELD_STRING, FORMAT_ASCII },
    { "channel", FIELD_STRING, FORMAT_ASCII },
    { 0 },
};
static const struct body_field permission_args[] = {
    { "product", FIELD_STRING, FORMAT_ASCII },
    { 0 },
};
static const struct body_field product_revision_args[] = { PRODUCT, ROLE, CHANNEL, PAGE, { 0 } };
static const struct body_field permission_revision_args[] = { PRODUCT, ROLE, PAGE, { 0 } };
static const struct body_field product_fields[] = { PRODUCT, ROLE, CHANNEL, SIGNOFFS_REQUIRED, { 0 } };
static const struct body_field permission_fields[] = { PRODUCT, ROLE, SIGNOFFS_REQUIRED, { 0 } };

#define PATH "/required_signoffs/"
#define METRIC(NAME) "required_signoffs_" NAME

static const struct admin_route routes[] = {
    { METHOD_GET, PATH "product", list_products, ADMIN_ANYONE, METRIC("product_get"), .args = product_args },
    { METHOD_POST, PATH "product", create_product, ADMIN_USER, METRIC("product_create"),
      .body = product_fields },
    { METHOD_DELETE, PATH "product", delete_required, ADMIN_ANYONE, METRIC("product_delete"),
      .flags = ADMIN_NO_DATABASE | ADMIN_ANY_ARGS },
    { METHOD_GET, PATH "product/revisions", list_product_revisions, ADMIN_ANYONE,
      METRIC("product_get_history"), .args = product_revision_args },
    { METHOD_GET, PATH "permissions", list_permissions, ADMIN_ANYONE, METRIC("permissions_get"),
      .args = permission_args, .flags = ADMIN_PRIVATE },
    { METHOD_POST, PATH "permissions", create_permission, ADMIN_USER, METRIC("permissions_create"),
      .body = permission_fields },
    { METHOD_DELETE, PATH "permissions", delete_required, ADMIN_ANYONE, METRIC("permissions_delete"),
      .flags = ADMIN_NO_DATABASE | ADMIN_ANY_ARGS },
    { METHOD_GET, PATH "permissions/revisions", list_permission_revisions, ADMIN_ANYONE,
      METRIC("permissions_get_history"), .args = permission_revision_args, .flags = ADMIN_PRIVATE },
};
const struct admin_routes required_signoffs_routes = ADMIN_ROUTES(routes);
