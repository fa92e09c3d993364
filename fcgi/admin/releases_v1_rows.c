/* See releases_v1.h. */
#include "admin/releases_v1.h"

cJSON *releases_v1_key(struct admin_call *call, const char *name)
{
    return row_key(call->tx, "name", name);
}

bool releases_v1_find(struct admin_call *call, const char *name, enum row_lock lock, cJSON **row,
                      struct error *e)
{
    cJSON *rows;
    struct table_query q = { .table = &table_releases, .key = { { "name", DB_S(str_of(name)) } } };
    if (lock == ROW_LOCKED) {
        return row_get_release(call->tx, &table_releases, releases_v1_key(call, name), row, e);
    }
    if (lock != ROW_PLAIN) {
        return row_get(call->tx, &table_releases, releases_v1_key(call, name), lock, row, e);
    }
    if (!row_list(call->tx, &q, &rows, e)) {
        return false;
    }
    *row = rows->child;
    return true;
}

bool releases_v1_may_write(struct admin_call *call, const char *name, const char *product, cJSON **row,
                           struct error *e)
{
    return releases_v1_find(call, name, ROW_PLAIN, row, e) &&
           (*row == NULL ? releases_v1_demand(call->tx, "create", product, e)
                         : releases_v1_demand(call->tx, "modify", row_text(*row, "product"), e));
}

bool releases_v1_missing(struct admin_call *call, const char *name)
{
    return admin_problem(call, 404, "Not Found", mem_printf(call->ctx, "Release: %s not found", name), NULL);
}

bool releases_v1_refused(struct admin_call *call, const struct error *e, bool late, const char *detail,
                         const char *read_only_detail)
{
    bool read_only = failed_as(e, FAIL_READ_ONLY);
    if (failed_as(e, FAIL_BLOB)) {
        return admin_problem_list(call, 400, "Bad Request", detail, call->tx->request->blob_errors);
    }
    if (!read_only && !failed_as(e, FAIL_INVALID) && !(late && failed_as(e, FAIL_OUTDATED))) {
        return false;
    }
    cJSON *reasons = tx_keep(call->tx, mem_check(cJSON_CreateArray()));
    cJSON_AddItemToArray(reasons, mem_check(cJSON_CreateString(e->what)));
    return admin_problem_list(call, read_only ? 403 : 400, read_only ? "Forbidden" : "Bad Request",
                              read_only ? read_only_detail : detail, reasons);
}
