/* POST /expectations/import: a list of expectations as GET /expectations gives it, all of it or nothing. With
 * `plan` everything is done and then rolled back. */
#include "admin/expectations.h"
#include "admin/routes.h"

#include "core/interner.h"
#include "explain/expectation.h"
#include "store/row_write.h"

enum { KIND_ID, KIND_PRODUCT };

static const struct body_field import_fields[] = {
    { "expectations", FIELD_ARRAY, .required = true },
    { 0 },
};

static const struct body_field import_args[] = {
    { "delete_others", FIELD_STRING, .words = "0 1" },
    { "plan", FIELD_STRING, .words = "0 1" },
    { 0 },
};

struct expect_import {
    struct admin_call *call;
    struct arena arena;
    struct interner names; /* products, and "PRODUCT/NAME", of the list */
    cJSON *changes;        /* the answer's */
    int64_t same;
};

static void note_change(struct expect_import *in, const char *action, const cJSON *key)
{
    cJSON *change = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddStringToObject(change, "action", action));
    mem_check(cJSON_AddStringToObject(change, "product", row_text(key, "product")));
    mem_check(cJSON_AddStringToObject(change, "name", row_text(key, "name")));
    cJSON_AddItemToArray(in->changes, change);
}

static struct str id_of(struct expect_import *in, const cJSON *row)
{
    return str_of(mem_printf(in->call->ctx, "%s/%s", row_text(row, "product"), row_text(row, "name")));
}

static bool is_same(const cJSON *old, const cJSON *what)
{
    return row_same(json_get(old, "query"), json_get(what, "query")) &&
           row_same(json_get(old, "comment"), json_get(what, "comment")) &&
           cJSON_Compare(json_get(old, "must"), json_get(what, "must"), true);
}

static bool write_one(struct expect_import *in, const cJSON *old, const cJSON *what, struct error *e)
{
    struct tx *tx = in->call->tx;
    const char *action = old != NULL ? "modify" : "create";
    if (old != NULL && is_same(old, what)) {
        in->same++;
        return true;
    }
    note_change(in, old != NULL ? "update" : "create", what);
    return expectations_demand(in->call, action, row_text(what, "product"), e) &&
           (old != NULL
                ? row_update(tx, &table_expectations, old, what, row_int(old, "data_version"), NULL, e)
                : row_insert(tx, &table_expectations, what, NULL, e));
}

/* *WHAT: the columns of SENT, which has to be new in the list. */
static bool read_one(struct expect_import *in, const cJSON *sent, cJSON **what, struct error *e)
{
    if (!body_check(expectations_fields, sent, e) ||
        !expectations_columns(in->call, json_get_string(sent, "product"), json_get_string(sent, "name"), sent,
                              what, e)) {
        return false;
    }
    struct str id = id_of(in, *what);
    if (interner_find(&in->names, KIND_ID, id) != NULL) {
        return fail(e, FAIL_INVALID, "%.*s is in the list twice", STR_ARG(id));
    }
    interner_get(&in->names, KIND_ID, id);
    interner_get(&in->names, KIND_PRODUCT, str_of(row_text(*what, "product")));
    return true;
}

/* SENT is element I of the list. */
static bool import_one(struct expect_import *in, const cJSON *sent, int i, struct error *e)
{
    cJSON *what, *old;
    if (!read_one(in, sent, &what, e)) {
        return e->kind == ERROR_BAD_REQUEST ? fail(e, FAIL_INVALID, "expectations: element %d: %s", i,
                                                   mem_strdup(in->call->ctx, e->what))
                                            : false;
    }
    return row_get(in->call->tx, &table_expectations, what, ROW_LOCKED, &old, e) &&
           write_one(in, old, what, e);
}

/* Deletes those of the list's products that are not in the list. */
static bool delete_others(struct expect_import *in, struct error *e)
{
    cJSON *rows;
    struct tx *tx = in->call->tx;
    struct table_query q = { .table = &table_expectations, .tail = "ORDER BY product, name FOR UPDATE" };
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        const char *product = row_text(row, "product");
        if (interner_find(&in->names, KIND_ID, id_of(in, row)) != NULL ||
            interner_find(&in->names, KIND_PRODUCT, str_of(product)) == NULL) {
            continue;
        }
        note_change(in, "delete", row);
        if (!expectations_demand(in->call, "delete", product, e) ||
            !row_delete(tx, &table_expectations, row, row_int(row, "data_version"), e)) {
            return false;
        }
    }
    return true;
}

static bool import_all(struct expect_import *in, struct error *e)
{
    const cJSON *one;
    int i = 0;
    const cJSON *list = json_get(in->call->body, "expectations");
    if (cJSON_GetArraySize(list) > EXPECTATIONS_MAX) {
        return fail(e, FAIL_INVALID, "expectations: there are more than %d", EXPECTATIONS_MAX);
    }
    cJSON_ArrayForEach(one, list)
    {
        if (!import_one(in, one, i++, e)) {
            return false;
        }
    }
    return (!str_eq(admin_arg(in->call, "delete_others"), STR("1")) || delete_others(in, e)) &&
           expectations_fit(in->call, e);
}

static bool import_expectations(struct admin_call *call, struct error *e)
{
    bool plan = str_eq(admin_arg(call, "plan"), STR("1"));
    struct expect_import in = { .call = call, .changes = tx_keep(call->tx, mem_check(cJSON_CreateArray())) };
    arena_init(&in.arena, call->ctx, 16 << 10);
    interner_init(&in.names, call->ctx, &in.arena);
    if (!import_all(&in, e)) {
        return failed_as(e, FAIL_INVALID)
                   ? admin_problem(call, 400, "Bad Request", mem_strdup(call->ctx, e->what), NULL)
                   : false;
    }
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddBoolToObject(answer, "planned", plan));
    mem_check(cJSON_AddNumberToObject(answer, "same", (double)in.same));
    cJSON_AddItemReferenceToObject(answer, "changes", in.changes);
    admin_json(call, answer);
    return !plan || fail(e, FAIL_ANSWERED, "only planned");
}

static const struct admin_route routes[] = {
    { METHOD_POST, "/expectations/import", import_expectations, ADMIN_USER, "expectations_import",
      .body = import_fields, .args = import_args },
};
const struct admin_routes expectations_import_routes = ADMIN_ROUTES(routes);
