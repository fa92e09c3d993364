/* /expectations: queries with what they must get. Everybody may read them, as rules; to write them takes the
 * permission `rule`, with its products and actions. Not in the reference. */
#include "admin/expectations.h"

#include "admin/routes.h"
#include "admin/rows.h"
#include "explain/expectation.h"
#include "store/access.h"
#include "store/history.h"
#include "store/row_write.h"

#define EXPECTATION_NAME FIELD_STRING, .format = FORMAT_ASCII, .min = 1, .max = 100
#define EXPECTATION_FIELDS                                                                                   \
    { "query", FIELD_STRING, .required = true, .min = 1 }, { "must", FIELD_OBJECT, .required = true },       \
    {                                                                                                        \
        "comment", FIELD_STRING | FIELD_NULL, .max = 500, .spaces = SPACES_TRIMMED                           \
    }

/* ---- who may, and what is right ---- */

bool expectations_demand(struct admin_call *call, const char *action, const char *product, struct error *e)
{
    return access_demand(call->tx, "rule", action, product, e,
                         "%s is not allowed to %s expectations of product %s", call->user, action,
                         access_text(product));
}

static bool is_name(const char *name)
{
    struct str s = str_of(name);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '/') {
            return false;
        }
    }
    return s.n > 0 && str_eq(str_strip(s), s);
}

bool expectations_columns(struct admin_call *call, const char *product, const char *name, const cJSON *sent,
                          cJSON **what, struct error *e)
{
    static const struct body_field comment = { "comment", .types = FIELD_ANY, .spaces = SPACES_TRIMMED };
    struct expectation x;
    struct str path;
    struct buf must;
    const cJSON *text = json_get(sent, "comment");
    if (!is_name(name)) {
        return fail(e, FAIL_INVALID, "name: it may have ASCII characters but '/', and no spaces at its ends");
    }
    if (!expectation_query(call->ctx, str_of(product), body_str(sent, "query"), &path, e)) {
        return false;
    }
    cJSON *row = *what = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddStringToObject(row, "product", product));
    mem_check(cJSON_AddStringToObject(row, "name", name));
    cJSON_AddItemToObject(row, "query", json_text(path));
    cJSON_AddItemReferenceToObject(row, "must", (cJSON *)json_get(sent, "must"));
    cJSON_AddItemToObject(row, "comment",
                          text != NULL ? body_column(&comment, text) : mem_check(cJSON_CreateNull()));
    buf_init(&must, 256, EXPECT_MUST_MAX + 1);
    json_print(&must, json_get(row, "must"), JSON_DUMPS);
    bool fits = !must.full;
    buf_free(&must);
    return expectation_read(row, &x, e) &&
           (fits || fail(e, FAIL_INVALID, "must: it is longer than %d bytes", EXPECT_MUST_MAX));
}

bool expectations_fit(struct admin_call *call, struct error *e)
{
    int64_t all = 0;
    char *full = NULL;
    struct db_rows *rows = db_query(
        call->tx->db, "SELECT product, COUNT(*) FROM balrog_expectations GROUP BY product", NULL, 0, e);
    while (db_next(rows, e)) {
        all += db_int(rows, 1);
        if (db_int(rows, 1) > EXPECT_PRODUCT_MAX) {
            full = mem_strndup(call->ctx, db_text(rows, 0).p, db_text(rows, 0).n);
        }
    }
    if (!db_finish(rows)) {
        return false;
    }
    if (full != NULL) {
        return fail(e, FAIL_INVALID, "A product may have %d expectations, and %s would have more",
                    EXPECT_PRODUCT_MAX, full);
    }
    return all <= EXPECTATIONS_MAX ||
           fail(e, FAIL_INVALID, "There may be %d expectations of all products, and there would be more",
                EXPECTATIONS_MAX);
}

/* ---- reading ---- */

static const struct body_field list_args[] = {
    { "product", FIELD_STRING, .min = 1, .max = 15 },
    { 0 },
};

static bool list_expectations(struct admin_call *call, struct error *e)
{
    const struct table_query q = { .table = &table_expectations,
                                   .key = { { "product", DB_S(admin_arg(call, "product")) } },
                                   .tail = "ORDER BY product, name" };
    return rows_print(call, "expectations", &q, e);
}

static const struct body_field path_params[] = {
    { "product", FIELD_STRING, .format = FORMAT_ASCII, .min = 1, .max = 15 },
    { "name", EXPECTATION_NAME },
    { 0 },
};

static cJSON *path_key(struct admin_call *call)
{
    cJSON *key = row_key(call->tx, "product", admin_text(call, call->param[0]));
    cJSON_AddItemToObject(key, "name", json_text(call->param[1]));
    return key;
}

static bool refuse_missing(struct admin_call *call)
{
    return admin_problem(call, 404, "Not Found", "There is no such expectation", NULL);
}

static bool get_expectation(struct admin_call *call, struct error *e)
{
    cJSON *row;
    if (!row_get(call->tx, &table_expectations, path_key(call), ROW_PLAIN, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return refuse_missing(call);
    }
    admin_data_version(call, row_int(row, "data_version"));
    return admin_json(call, row);
}

/* Also of one that is gone. */
static bool list_revisions(struct admin_call *call, struct error *e)
{
    cJSON *revisions;
    int64_t count;
    struct history_query q = {
        .table = &table_expectations,
        .key = { { "product", DB_S(call->param[0]) }, { "name", DB_S(call->param[1]) } },
        .present = { "data_version" },
        .page = rows_page(call),
        .limit = rows_limit(call),
    };
    return history_page(call->tx, &q, &revisions, &count, e) &&
           rows_answer(call, "revisions", revisions, count);
}

/* ---- writing ---- */

const struct body_field expectations_fields[] = {
    { "product", FIELD_STRING, .format = FORMAT_ASCII, .required = true, .min = 1, .max = 15 },
    { "name", EXPECTATION_NAME, .required = true },
    EXPECTATION_FIELDS,
    { 0 },
};

static bool create_expectation(struct admin_call *call, struct error *e)
{
    cJSON *what, *row;
    const char *product = json_get_string(call->body, "product");
    const char *name = json_get_string(call->body, "name");
    if (!expectations_demand(call, "create", product, e)) {
        return false;
    }
    if (!expectations_columns(call, product, name, call->body, &what, e)) {
        return admin_refuse_sentence(call, e);
    }
    if (row_insert(call->tx, &table_expectations, what, &row, e)) {
        return expectations_fit(call, e) ? admin_dumps(call, 201, row) : admin_refuse_sentence(call, e);
    }
    return failed_as(e, FAIL_DUPLICATE)
               ? admin_problem(call, 400, "Bad Request",
                               mem_printf(call->ctx, "%s has an expectation '%s' already", product, name),
                               NULL)
               : false;
}

static const struct body_field update_fields[] = {
    EXPECTATION_FIELDS,
    { "data_version", FIELD_INT, .required = true, .min = 1, .max = INT32_MAX },
    { 0 },
};

static bool update_expectation(struct admin_call *call, struct error *e)
{
    cJSON *old, *what, *row;
    int64_t version = 0;
    cJSON *key = path_key(call);
    body_int(call->body, "data_version", &version);
    if (!expectations_demand(call, "modify", row_text(key, "product"), e) ||
        !row_get(call->tx, &table_expectations, key, ROW_LOCKED, &old, e)) {
        return false;
    }
    if (old == NULL) {
        return refuse_missing(call);
    }
    if (!expectations_columns(call, row_text(key, "product"), row_text(key, "name"), call->body, &what, e)) {
        return admin_refuse_sentence(call, e);
    }
    return row_update(call->tx, &table_expectations, old, what, version, &row, e) &&
           admin_new_version(call, row_int(row, "data_version"));
}

static const struct body_field delete_args[] = {
    { "data_version", FIELD_INT, .required = true, .min = 1 },
    { 0 },
};

static bool delete_expectation(struct admin_call *call, struct error *e)
{
    cJSON *old;
    int64_t version = 0;
    cJSON *key = path_key(call);
    admin_arg_int(call, "data_version", &version);
    if (!expectations_demand(call, "delete", row_text(key, "product"), e) ||
        !row_get(call->tx, &table_expectations, key, ROW_LOCKED, &old, e)) {
        return false;
    }
    if (old == NULL) {
        return refuse_missing(call);
    }
    return row_delete(call->tx, &table_expectations, old, version, e) &&
           admin_json(call, tx_keep(call->tx, mem_check(cJSON_CreateObject())));
}

/* ---- the routes ---- */

#define EXPECTATION "/expectations/{product}/{name}"

static const struct admin_route routes[] = {
    { METHOD_GET, "/expectations", list_expectations, ADMIN_ANYONE, "expectations_get", .args = list_args },
    { METHOD_POST, "/expectations", create_expectation, ADMIN_USER, "expectations_create",
      .body = expectations_fields },
    { METHOD_GET, EXPECTATION, get_expectation, ADMIN_ANYONE, "expectations_get_one", .params = path_params },
    { METHOD_PUT, EXPECTATION, update_expectation, ADMIN_USER, "expectations_update", .body = update_fields,
      .params = path_params },
    { METHOD_DELETE, EXPECTATION, delete_expectation, ADMIN_USER, "expectations_delete", .args = delete_args,
      .params = path_params },
    { METHOD_GET, EXPECTATION "/revisions", list_revisions, ADMIN_ANYONE, "expectations_get_history",
      .args = rows_page_args, .params = path_params },
};
const struct admin_routes expectations_routes = ADMIN_ROUTES(routes);
