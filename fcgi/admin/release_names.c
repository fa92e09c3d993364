/* See release_names.h. */
#include "admin/release_names.h"

static bool read_row(struct tx *tx, const struct table *t, const char *name, bool with_data,
                     const cJSON **row, struct error *e)
{
    cJSON *rows;
    struct table_query q = {
        .table = t,
        .key = { { "name", DB_S(str_of(name)) } },
        .with_big = with_data,
        .tail = tx_share(tx),
    };
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    *row = rows->child;
    return true;
}

bool release_rows_read(struct tx *tx, const char *name, bool with_data, struct release_rows *rows,
                       struct error *e)
{
    return read_row(tx, &table_releases, name, with_data, &rows->v1, e) &&
           read_row(tx, &table_releases_json, name, with_data, &rows->v2, e);
}

const cJSON *release_rows_served(const struct release_rows *rows)
{
    return rows->v2 != NULL ? rows->v2 : rows->v1;
}
