/* One statement finds the rows that were written after the moment, and for each the entry of the history
 * before that write; all other rows are as they are now. */
#include "store/release_past.h"

#include "store/release_history.h"

/* A row that was written after the moment. */
struct past_row {
    struct str table, path;
    int64_t change_id; /* the version of the moment; 0: there was no such row */
};

struct past_rows {
    struct past_row *row;
    size_t n;
};

/* Lists the rows that were written after a moment: LATER selects these writes, by the value SINCE. A version
 * of size 0 stands for a deletion. */
static bool list_rows(struct tx *tx, struct str name, const char *later, int64_t since,
                      struct past_rows *list, struct error *e)
{
    char *sql = mem_printf(
        tx->mem,
        "SELECT later.tbl, later.path, (SELECT IF(h.size > 0, h.change_id, 0) FROM balrog_release_history h"
        " WHERE h.tbl = later.tbl AND h.name = later.name AND h.path = later.path AND h.change_id < "
        "later.first"
        " ORDER BY h.change_id DESC LIMIT 1)"
        " FROM (SELECT tbl, name, path, MIN(change_id) AS first FROM balrog_release_history"
        " WHERE tbl IN ('releases', 'releases_json', 'release_assets') AND name = ? AND %s"
        " GROUP BY tbl, name, path) later",
        later);
    const struct db_value params[] = { DB_S(name), DB_I(since) };
    struct db_rows *rows = db_query(tx->db, sql, params, 2, e);
    while (db_next(rows, e)) {
        list->row = mem_resize(tx->mem, list->row, struct past_row, list->n + 1);
        list->row[list->n++] = (struct past_row){ mem_str(tx->mem, db_text(rows, 0)),
                                                  mem_str(tx->mem, db_text(rows, 1)), db_int(rows, 2) };
    }
    return db_finish(rows);
}

static bool is_of(const struct past_row *row, const char *table)
{
    return str_eq(row->table, str_of(table));
}

static void put_asset(void *ctx, struct release_parts *parts, struct str path, struct str json)
{
    size_t i = 0;
    while (i < parts->n_assets && str_cmp(parts->assets[i].path, path) < 0) {
        i++;
    }
    size_t behind = parts->n_assets - i;
    bool there = behind > 0 && str_eq(parts->assets[i].path, path);
    if (str_absent(json)) {
        if (there) {
            memmove(&parts->assets[i], &parts->assets[i + 1], (behind - 1) * sizeof *parts->assets);
            parts->n_assets--;
        }
        return;
    }
    if (!there) {
        parts->assets = mem_resize(ctx, parts->assets, struct release_asset, parts->n_assets + 1);
        memmove(&parts->assets[i + 1], &parts->assets[i], behind * sizeof *parts->assets);
        parts->assets[i] = (struct release_asset){ .path = path };
        parts->n_assets++;
    }
    parts->assets[i].json = json;
}

/* Puts the version of ROW in its place in PARTS. */
static bool put_back(struct tx *tx, void *ctx, const struct past_row *row, struct release_parts *parts,
                     struct error *e)
{
    struct str json = STR_NONE;
    bool there = row->change_id != 0;
    if (there && !release_history_change(tx, row->change_id, &json, e)) {
        return false;
    }
    json = mem_str(ctx, json);
    if (is_of(row, "releases")) {
        parts->v1 = there;
        parts->v1_json = json;
    } else if (is_of(row, "releases_json")) {
        parts->v2 = there;
        parts->v2_json = json;
    } else {
        put_asset(ctx, parts, mem_str(ctx, row->path), json);
    }
    return true;
}

static bool read_past(struct tx *tx, void *ctx, struct str name, const char *later, int64_t since,
                      struct release_parts *parts, struct error *e)
{
    struct past_rows list = { 0 };
    if (!reader_release_parts(tx->db, ctx, name, parts, e) || !list_rows(tx, name, later, since, &list, e)) {
        return false;
    }
    for (size_t i = 0; i < list.n; i++) {
        if (!put_back(tx, ctx, &list.row[i], parts, e)) {
            return false;
        }
    }
    return true;
}

bool release_parts_at(struct tx *tx, void *ctx, struct str name, int64_t ms, struct release_parts *parts,
                      struct error *e)
{
    return read_past(tx, ctx, name, "timestamp > ?", ms, parts, e);
}

/* A version without a timestamp was found when it was replaced. It is older than its change_id, so it is not
 * a write after the change. */
bool release_parts_after(struct tx *tx, void *ctx, struct str name, int64_t change_id,
                         struct release_parts *parts, struct error *e)
{
    return read_past(tx, ctx, name, "change_id > ? AND timestamp IS NOT NULL", change_id, parts, e);
}

/* ---- what is scheduled ---- */

/* Puts the change that ROWS has read into PARTS: kind, path, change_type, data, product. An update without
 * data leaves the document as it is. */
static void put_pending(void *ctx, const struct db_rows *rows, struct release_parts *parts)
{
    int64_t kind = db_int(rows, 0);
    bool deletes = str_eq(db_text(rows, 2), STR("delete"));
    struct str json = deletes ? STR_NONE : mem_str(ctx, db_text(rows, 3));
    struct str product = mem_str(ctx, db_text(rows, 4));
    if (kind == 1) {
        parts->v1 = !deletes;
        parts->v1_json = json.p != NULL || deletes ? json : parts->v1_json;
        parts->v1_product = product;
    } else if (kind == 2) {
        parts->v2 = !deletes;
        parts->v2_json = json.p != NULL || deletes ? json : parts->v2_json;
        parts->v2_product = product;
    } else {
        put_asset(ctx, parts, mem_str(ctx, db_text(rows, 1)), deletes ? STR_NONE : json);
    }
}

bool release_parts_pending(struct tx *tx, void *ctx, struct str name, struct release_parts *parts,
                           bool *found, struct error *e)
{
    static const char sql[] =
        "SELECT 1, '', change_type, base_data, base_product, base_name FROM releases_scheduled_changes"
        " WHERE complete = 0 AND base_name = ? UNION ALL"
        " SELECT 2, '', change_type, base_data, base_product, base_name FROM releases_json_scheduled_changes"
        " WHERE complete = 0 AND base_name = ? UNION ALL"
        " SELECT 3, base_path, change_type, base_data, NULL, base_name FROM release_assets_scheduled_changes"
        " WHERE complete = 0 AND base_name = ?";
    const struct db_value params[] = { DB_S(name), DB_S(name), DB_S(name) };
    *found = false;
    if (!reader_release_parts(tx->db, ctx, name, parts, e)) {
        return false;
    }
    struct db_rows *rows = db_query(tx->db, sql, params, 3, e);
    while (db_next(rows, e)) {
        if (str_eq(db_text(rows, 5), name)) { /* the collation may compare loosely */
            *found = true;
            put_pending(ctx, rows, parts);
        }
    }
    return db_finish(rows);
}
