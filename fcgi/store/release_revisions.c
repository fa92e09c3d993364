/* See release_revisions.h. The change_ids of a page are found in the index by_key alone; only the rows of
 * that page are read. An entry of size 0 stands for a deletion. */
#include "store/release_revisions.h"

enum { SCOPE_VALUES = 3 };

/* The condition that selects the entries of Q, and its parameters. */
struct revision_scope {
    const char *where;
    struct db_value value[SCOPE_VALUES + 2]; /* room for LIMIT and OFFSET */
    size_t n;
};

static struct revision_scope scope_of(const struct revision_query *q)
{
    const struct db_value name = DB_S(str_of(q->name));
    if (!q->v2) {
        return (struct revision_scope){ "tbl = 'releases' AND name = ? AND path = ''", { name }, 1 };
    }
    if (q->path == NULL) {
        return (
            struct revision_scope){ "tbl IN ('releases_json', 'release_assets') AND name = ?", { name }, 1 };
    }
    if (strcmp(q->path, ".") == 0) {
        return (struct revision_scope){ "tbl = 'releases_json' AND name = ? AND path = ''", { name }, 1 };
    }
    return (struct revision_scope){ "tbl = 'release_assets' AND name = ? AND path = ?",
                                    { name, DB_S(str_of(q->path)) },
                                    2 };
}

static bool count_entries(struct tx *tx, const struct revision_scope *s, int64_t *count, struct error *e)
{
    char *sql = mem_printf(tx->mem, "SELECT COUNT(*) FROM balrog_release_history WHERE %s", s->where);
    struct db_rows *rows = db_query(tx->db, sql, s->value, s->n, e);
    *count = db_next(rows, e) ? db_int(rows, 0) : 0;
    return db_finish(rows);
}

bool release_revisions(struct tx *tx, const struct revision_query *q, cJSON **list, int64_t *count,
                       struct error *e)
{
    static const struct table columns = {
        .name = "balrog_release_history",
        .column = { { "change_id", COLUMN_INT, 0 },
                    { "path", COLUMN_TEXT, 0 },
                    { "data_version", COLUMN_INT, 0 },
                    { "deleted", COLUMN_BOOL, 0 },
                    { "changed_by", COLUMN_TEXT, 0 },
                    { "timestamp", COLUMN_INT, 0 },
                    { "size", COLUMN_INT, 0 } },
    };
    struct revision_scope s = scope_of(q);
    if (!count_entries(tx, &s, count, e)) {
        return false;
    }
    s.value[s.n++] = DB_I(q->limit);
    s.value[s.n++] = DB_I(q->page - 1 > INT32_MAX ? INT64_MAX : (q->page - 1) * q->limit);
    char *sql =
        mem_printf(tx->mem,
                   "SELECT h.change_id, CASE h.tbl WHEN 'releases' THEN NULL WHEN 'releases_json' THEN '.' "
                   "ELSE h.path END,"
                   " h.data_version, h.size = 0, h.changed_by, h.timestamp, h.size FROM"
                   " (SELECT change_id FROM balrog_release_history WHERE %s ORDER BY change_id DESC LIMIT ? "
                   "OFFSET ?) page"
                   " JOIN balrog_release_history h ON h.change_id = page.change_id ORDER BY h.change_id DESC",
                   s.where);
    struct db_rows *rows = db_query(tx->db, sql, s.value, s.n, e);
    *list = tx_keep(tx, mem_check(cJSON_CreateArray()));
    while (db_next(rows, e)) {
        cJSON_AddItemToArray(*list, table_row(&columns, rows));
    }
    return db_finish(rows);
}

bool release_revision_find(struct tx *tx, int64_t change_id, struct release_revision *revision, bool *found,
                           struct error *e)
{
    struct db_rows *rows = db_query(
        tx->db,
        "SELECT tbl, name, path, data_version, size = 0 FROM balrog_release_history WHERE change_id = ?",
        &DB_I(change_id), 1, e);
    *found = db_next(rows, e);
    if (*found) {
        *revision = (struct release_revision){
            .change_id = change_id,
            .table = mem_str(tx->mem, db_text(rows, 0)),
            .name = mem_str(tx->mem, db_text(rows, 1)),
            .path = mem_str(tx->mem, db_text(rows, 2)),
            .data_version = db_int(rows, 3),
            .deleted = db_int(rows, 4) != 0,
        };
    }
    return db_finish(rows);
}
