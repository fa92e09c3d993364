/* See releases_v2.h. */
#include "admin/releases_v2.h"

bool releases_v2_read_base(struct tx *tx, const char *name, enum row_lock lock, cJSON **row, struct error *e)
{
    return row_get(tx, &table_releases_json, row_key(tx, "name", name), lock, row, e);
}

const cJSON *releases_v2_blob_of(struct tx *tx, const cJSON *row)
{
    const cJSON *blob = json_get_object(row, "data");
    return blob != NULL ? blob : tx_keep(tx, mem_check(cJSON_CreateObject()));
}

/* If TX writes, the rows are read as they were committed last, not from the snapshot of the transaction,
 * which may be older than the lock on the base. */
static const char *ordered_by(struct tx *tx, const char *column)
{
    return mem_printf(tx->mem, "ORDER BY %s%s", column, tx_share(tx));
}

bool releases_v2_read_assets(struct tx *tx, const char *name, bool with_data, cJSON **rows, struct error *e)
{
    struct table_query q = {
        .table = &table_release_assets,
        .key = { { "name", DB_S(str_of(name)) } },
        .with_big = with_data,
        .tail = ordered_by(tx, "path"),
    };
    return row_list(tx, &q, rows, e);
}

bool releases_v2_read_pending(struct tx *tx, const struct resource *r, const char *name, bool with_data,
                              cJSON **rows, struct error *e)
{
    struct table_query q = {
        .table = r->table->scheduled,
        .key = { { "complete", DB_I(0) }, { "base_name", DB_S(str_of(name)) } },
        .with_big = with_data,
        .tail = ordered_by(tx, "sc_id"),
    };
    return row_list(tx, &q, rows, e);
}

void releases_v2_put(struct assets *tree, const char *path, cJSON *value)
{
    if (path != NULL && strcmp(path, ".") != 0) {
        assets_put(tree, str_of(path), value);
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(tree->root, ".");
    cJSON_AddItemToObject(tree->root, ".", value);
}

/* ---- answers ---- */

bool releases_v2_answer_empty(struct admin_call *call)
{
    call->response->status = 200;
    call->response->content_type = "application/json";
    return true;
}

bool releases_v2_answer_base(struct admin_call *call, cJSON *leaf)
{
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    cJSON_AddItemToObject(answer, ".", leaf);
    return admin_json(call, answer);
}
