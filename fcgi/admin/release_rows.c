/* See release_rows.h. */
#include "admin/release_rows.h"

/* What was read last. It is used until one of the tables is written. */
struct known_rows {
    const char *name;
    unsigned writes; /* to the tables, when it was read */
    struct release_rows rows;
};

static cJSON *row_of(struct tx *tx, const struct db_rows *rows)
{
    cJSON *row = tx_keep(tx, mem_check(cJSON_CreateObject()));
    cJSON_AddItemToObject(row, "name", json_text(db_text(rows, 1)));
    cJSON_AddItemToObject(row, "product", json_text(db_text(rows, 2)));
    mem_check(cJSON_AddBoolToObject(row, "read_only", !db_is_null(rows, 3) && db_int(rows, 3) != 0));
    return row;
}

static unsigned count_writes(const struct tx *tx)
{
    return tx_writes(tx, &table_releases) + tx_writes(tx, &table_releases_json);
}

/* One statement for both tables, since this runs for every locale that is written. */
static bool read_rows(struct tx *tx, const char *name, struct release_rows *rows, struct error *e)
{
    const struct str wanted = str_of(name);
    const struct db_value names[] = { DB_S(wanted), DB_S(wanted) };
    const char *share = tx_share(tx);
    char *sql = mem_printf(tx->mem,
                           "(SELECT 1, name, product, read_only FROM releases WHERE name = ?%s) UNION ALL "
                           "(SELECT 2, name, product, read_only FROM releases_json WHERE name = ?%s)",
                           share, share);
    struct db_rows *found = db_query(tx->db, sql, names, 2, e);
    *rows = (struct release_rows){ 0 };
    while (db_next(found, e)) {
        if (str_eq(db_text(found, 1), wanted)) {
            *(db_int(found, 0) == 1 ? &rows->v1 : &rows->v2) = row_of(tx, found);
        }
    }
    return db_finish(found);
}

/* The rows of the last name are kept: a request asks about them several times, of one release. */
bool release_rows_read(struct tx *tx, const char *name, struct release_rows *rows, struct error *e)
{
    struct known_rows *known = tx->rows;
    if (known != NULL && known->writes == count_writes(tx) && strcmp(known->name, name) == 0) {
        *rows = known->rows;
        return true;
    }
    void *step = tx_outlive_step(tx);
    bool ok = read_rows(tx, name, rows, e);
    if (ok) {
        known = mem_new(tx->mem, struct known_rows);
        *known = (struct known_rows){ mem_strdup(known, name), count_writes(tx), *rows };
        tx->rows = known;
    }
    tx_step_end(tx, step);
    return ok;
}

bool release_rows_beside(struct tx *tx, const struct change *c, struct release_rows *rows, struct error *e)
{
    *rows = (struct release_rows){ 0 };
    return c->scheduled || release_rows_read(tx, row_text(c->now != NULL ? c->now : c->old, "name"), rows, e);
}

static bool read_whole(struct tx *tx, const struct table *t, const char *name, const cJSON **row,
                       struct error *e)
{
    cJSON *rows;
    struct table_query q = {
        .table = t,
        .key = { { "name", DB_S(str_of(name)) } },
        .with_big = true,
        .tail = tx_share(tx),
    };
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    *row = rows->child;
    return true;
}

bool release_rows_read_whole(struct tx *tx, const char *name, struct release_rows *rows, struct error *e)
{
    return read_whole(tx, &table_releases, name, &rows->v1, e) &&
           read_whole(tx, &table_releases_json, name, &rows->v2, e);
}

const cJSON *release_rows_served(const struct release_rows *rows)
{
    return rows->v2 != NULL ? rows->v2 : rows->v1;
}

bool release_rows_agree(const char *name, const char *product, const cJSON *other, struct error *e)
{
    const char *its = row_text(other, "product");
    return other == NULL || (product != NULL && its != NULL && strcmp(product, its) == 0) ||
           fail(e, FAIL_INVALID,
                "Release '%s' is there twice, as a v1 and as a v2 release, and the products differ (%s, %s): "
                "delete the one that is wrong",
                name, access_text(product), access_text(its));
}
