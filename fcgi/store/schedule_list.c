/* See schedule_list.h. Each kind of row is read with one statement, in the order of the sc_ids, and matched
 * with the list, which has the same order. Required sign-offs are computed in memory. */
#include "store/schedule_list.h"

#include "store/sc_view.h"
#include "store/signoff_invalid.h"

enum { SC_SQL_MAX = 8192, PARAMS = 4 };

struct reader {
    struct tx *tx;
    const struct resource *r;
    const struct sc_query *q;
    struct buf where;
    struct db_value params[PARAMS];
    size_t n_params;
    cJSON *list;
};

static void make_where(struct reader *rd)
{
    const struct sc_query *q = rd->q;
    buf_init(&rd->where, 128, SC_SQL_MAX);
    if (q->sc_id != 0) {
        buf_lit(&rd->where, " WHERE s.sc_id = ?");
        rd->params[rd->n_params++] = DB_I(q->sc_id);
    } else {
        buf_str(&rd->where, q->all ? STR(" WHERE TRUE") : STR(" WHERE s.complete = 0"));
    }
    for (size_t i = 0; i < ARRAY_LEN(q->key) && q->key[i].column != NULL; i++) {
        buf_printf(&rd->where, " AND s.`base_%s` = ?", q->key[i].column);
        rd->params[rd->n_params++] = q->key[i].value;
    }
}

static struct db_rows *run_query(const struct reader *rd, struct buf *sql, const char *tail, struct error *e)
{
    buf_str(sql, buf_view(&rd->where));
    buf_str(sql, str_of(tail));
    buf_char(sql, '\0');
    struct db_rows *rows = db_query(rd->tx->db, sql->p, rd->params, rd->n_params, e);
    buf_free(sql);
    return rows;
}

/* Whether the row has exactly the texts that Q asks for, whatever the collation. */
static bool matches_exactly(const struct sc_query *q, const cJSON *sc)
{
    for (size_t i = 0; i < ARRAY_LEN(q->key) && q->key[i].column != NULL; i++) {
        const char *text = row_text(sc, q->key[i].column);
        if (text != NULL && q->key[i].value.type == DB_TEXT && !str_eq(str_of(text), q->key[i].value.text)) {
            return false;
        }
    }
    return true;
}

static bool read_changes(struct reader *rd, struct error *e)
{
    const struct table *t = rd->r->table->scheduled;
    struct table view;
    struct buf sql;
    buf_init(&sql, 2048, SC_SQL_MAX);
    buf_lit(&sql, "SELECT ");
    sc_view_columns(t, false, !rd->q->without_big, &view, &sql);
    sc_view_from(t, false, &sql);
    struct db_rows *rows = run_query(rd, &sql, " ORDER BY s.sc_id", e);
    rd->list = tx_keep(rd->tx, mem_check(cJSON_CreateArray()));
    while (db_next(rows, e)) {
        cJSON *sc = table_row(&view, rows);
        cJSON_AddItemToObject(sc, "signoffs", mem_check(cJSON_CreateObject()));
        cJSON_AddItemToObject(sc, "required_signoffs", mem_check(cJSON_CreateObject()));
        if (matches_exactly(rd->q, sc)) {
            cJSON_AddItemToArray(rd->list, sc);
        } else {
            cJSON_Delete(sc);
        }
    }
    return db_finish(rows);
}

/* Moves *AT forward in the list to the change SC_ID, or behind its place. Returns the change, or NULL if the
 * list does not have it. */
static cJSON *walk_to(cJSON **at, int64_t sc_id)
{
    while (*at != NULL && row_int(*at, "sc_id") < sc_id) {
        *at = (*at)->next;
    }
    return *at != NULL && row_int(*at, "sc_id") == sc_id ? *at : NULL;
}

static bool read_signoffs(struct reader *rd, struct error *e)
{
    const struct table *t = rd->r->table->scheduled;
    struct buf sql;
    buf_init(&sql, 512, SC_SQL_MAX);
    buf_printf(&sql, "SELECT g.sc_id, g.username, g.role FROM `%s` g JOIN `%s` s ON s.sc_id = g.sc_id",
               t->signoffs->name, t->name);
    struct db_rows *rows = run_query(rd, &sql, " ORDER BY g.sc_id", e);
    cJSON *at = rd->list->child;
    while (db_next(rows, e)) {
        cJSON *sc = walk_to(&at, db_int(rows, 0));
        if (sc != NULL) {
            char *username = mem_strndup(NULL, db_text(rows, 1).p, db_text(rows, 1).n);
            cJSON_AddItemToObject(cJSON_GetObjectItemCaseSensitive(sc, "signoffs"), username,
                                  json_text(db_text(rows, 2)));
            talloc_free(username);
        }
    }
    return db_finish(rows);
}

/* Adds invalid_signoffs to the pending changes that have such. */
static bool read_invalid(struct reader *rd, struct error *e)
{
    size_t n = 0;
    cJSON **pending = mem_array(rd->tx->mem, cJSON *, (size_t)cJSON_GetArraySize(rd->list) + 1);
    for (cJSON *sc = rd->list->child; sc != NULL; sc = sc->next) {
        if (!row_true(sc, "complete")) {
            pending[n++] = sc;
        }
    }
    return signoff_add_invalid(rd->tx, rd->r->table, pending, n, e);
}

/* SELECT of the rows that are to be changed, without their big column, each after its sc_id. */
static void select_originals(const struct reader *rd, struct buf *sql)
{
    const struct table *t = rd->r->table;
    const char *word = " ON";
    buf_lit(sql, "SELECT s.sc_id");
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_BIG) == 0) {
            buf_printf(sql, ", b.`%s`", c->name);
        }
    }
    buf_printf(sql, " FROM `%s` s JOIN `%s` b", t->scheduled->name, t->name);
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_KEY) != 0) {
            buf_printf(sql, "%s b.`%s` = s.`base_%s`", word, c->name, c->name);
            word = " AND";
        }
    }
}

/* A descriptor of what select_originals() gives. */
static struct table originals_view(const struct table *t)
{
    struct table view = { .name = t->name, .column = { { "sc_id", COLUMN_INT, 0 } } };
    unsigned n = 1;
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_BIG) == 0) {
            view.column[n++] = *c;
        }
    }
    return view;
}

static bool read_originals(struct reader *rd, cJSON **originals, struct error *e)
{
    const struct table view = originals_view(rd->r->table);
    struct buf sql;
    buf_init(&sql, 1024, SC_SQL_MAX);
    select_originals(rd, &sql);
    struct db_rows *rows = run_query(rd, &sql, " AND s.complete = 0 ORDER BY s.sc_id", e);
    *originals = tx_keep(rd->tx, mem_check(cJSON_CreateArray()));
    while (db_next(rows, e)) {
        cJSON_AddItemToArray(*originals, table_row(&view, rows));
    }
    return db_finish(rows);
}

static bool add_needs(struct reader *rd, cJSON *sc, const cJSON *old, struct error *e)
{
    struct change c = { .type = CHANGE_UPDATE, .dry = true };
    change_type_parse(row_text(sc, "change_type"), &c.type);
    bool insert = c.type == CHANGE_INSERT;
    cJSON *needs;
    if (!insert && old == NULL) {
        return true; /* the row to be changed no longer exists: the change cannot be enacted */
    }
    c.old = insert ? NULL : old;
    c.what = c.now = c.type == CHANGE_DELETE ? NULL : sc;
    if (!resource_needs(rd->tx, rd->r, &c, &needs, e)) {
        return false;
    }
    cJSON_ReplaceItemInObjectCaseSensitive(sc, "required_signoffs", mem_check(cJSON_Duplicate(needs, true)));
    return true;
}

static bool read_needs(struct reader *rd, struct error *e)
{
    cJSON *originals;
    if (!read_originals(rd, &originals, e) ||
        ((rd->r->table->flags & TABLE_RELEASES) != 0 && !signoff_prefetch(rd->tx, e))) {
        return false;
    }
    cJSON *at = originals->child;
    for (cJSON *sc = rd->list->child; sc != NULL; sc = sc->next) {
        const cJSON *old = walk_to(&at, row_int(sc, "sc_id"));
        if (!row_true(sc, "complete") && !add_needs(rd, sc, old, e)) {
            return false;
        }
    }
    return true;
}

bool sc_list(struct tx *tx, const struct resource *r, const struct sc_query *q, cJSON **list, struct error *e)
{
    struct reader rd = { .tx = tx, .r = r, .q = q };
    make_where(&rd);
    bool ok = read_changes(&rd, e) && (rd.list->child == NULL || read_signoffs(&rd, e)) &&
              (rd.list->child == NULL || read_invalid(&rd, e)) &&
              (rd.list->child == NULL || q->without_needs || r->require == NULL || read_needs(&rd, e));
    buf_free(&rd.where);
    *list = rd.list;
    return ok;
}

bool sc_get(struct tx *tx, const struct resource *r, int64_t sc_id, enum row_lock lock, cJSON **sc,
            struct error *e)
{
    static const char *const tails[] = {
        [ROW_PLAIN] = "", [ROW_SHARED] = " LOCK IN SHARE MODE", [ROW_LOCKED] = " FOR UPDATE"
    };
    const struct table *t = r->table->scheduled;
    const struct db_value id = DB_I(sc_id);
    struct table view;
    struct buf sql;
    buf_init(&sql, 2048, SC_SQL_MAX);
    buf_lit(&sql, "SELECT ");
    sc_view_columns(t, false, true, &view, &sql);
    sc_view_from(t, false, &sql);
    buf_printf(&sql, " WHERE s.sc_id = ?%s", tails[lock]);
    buf_char(&sql, '\0');
    struct db_rows *rows = db_query(tx->db, sql.p, &id, 1, e);
    buf_free(&sql);
    *sc = db_next(rows, e) ? tx_keep(tx, table_row(&view, rows)) : NULL;
    return db_finish(rows);
}
