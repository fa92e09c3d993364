/* See history.h. The history of a scheduled change consists of the histories of its two rows, which are
 * always written together and have the same data_version. */
#include "store/history.h"

#include "store/sc_view.h"
#include "store/row.h"

enum { HISTORY_SQL_MAX = 8192 };

/* A SELECT on a history while it is being built. */
struct select {
    struct table view; /* the columns of its result */
    struct buf sql;    /* from FROM on */
    struct buf columns;
    struct db_value params[HISTORY_KEYS_MAX + 4];
    size_t n;
};

static bool is_scheduled(const struct table *t)
{
    return t->base != NULL;
}

static void begin_select(struct select *s, const struct table *t)
{
    *s = (struct select){ .n = 0 };
    buf_init(&s->sql, 512, HISTORY_SQL_MAX);
    buf_init(&s->columns, 1024, HISTORY_SQL_MAX);
    if (is_scheduled(t)) {
        sc_view_columns(t, true, true, &s->view, &s->columns);
        sc_view_from(t, true, &s->sql);
        return;
    }
    s->view = *t->history;
    for (const struct column *c = t->history->column; c->name != NULL; c++) {
        buf_printf(&s->columns, "%ss.`%s`", c == t->history->column ? "" : ", ", c->name);
    }
    buf_printf(&s->sql, " FROM `%s` s", t->history->name);
}

static void free_select(struct select *s)
{
    buf_free(&s->sql);
    buf_free(&s->columns);
}

/* SELECT WHAT (NULL: the columns) FROM … TAIL. */
static struct db_rows *run_select(struct tx *tx, const struct select *s, const char *what, const char *tail,
                                  struct error *e)
{
    struct buf sql;
    buf_init(&sql, 2048, 2 * HISTORY_SQL_MAX);
    buf_lit(&sql, "SELECT ");
    buf_str(&sql, what != NULL ? str_of(what) : buf_view(&s->columns));
    buf_str(&sql, buf_view(&s->sql));
    buf_str(&sql, str_of(tail));
    buf_char(&sql, '\0');
    struct db_rows *rows = db_query(tx->db, sql.p, s->params, s->n, e);
    buf_free(&sql);
    return rows;
}

static bool read_all(struct tx *tx, const struct select *s, const char *tail, cJSON **list, struct error *e)
{
    struct db_rows *rows = run_select(tx, s, NULL, tail, e);
    *list = tx_keep(tx, mem_check(cJSON_CreateArray()));
    while (db_next(rows, e)) {
        cJSON_AddItemToArray(*list, table_row(&s->view, rows));
    }
    return db_finish(rows);
}

static bool read_count(struct tx *tx, const struct select *s, int64_t *count, struct error *e)
{
    struct db_rows *rows = run_select(tx, s, "COUNT(*)", "", e);
    *count = db_next(rows, e) ? db_int(rows, 0) : 0;
    return db_finish(rows);
}

static bool add_key(struct select *s, const struct table *t, const char *column, struct db_value value,
                    struct error *e)
{
    const char *name = is_scheduled(t)                         ? sc_view_source(t, true, column)
                       : table_has(t->history, column) != NULL ? column
                                                               : NULL;
    if (name == NULL) {
        return fail(e, FAIL_INVALID, "%s has no column '%.50s'", t->history->name, column);
    }
    buf_printf(&s->sql, " AND s.`%s` = ?", name);
    s->params[s->n++] = value;
    return true;
}

static bool add_filter(struct select *s, const struct history_query *q, struct error *e)
{
    buf_lit(&s->sql, " WHERE s.data_version IS NOT NULL");
    for (size_t i = 0; i < HISTORY_KEYS_MAX && q->key[i].column != NULL; i++) {
        if (!add_key(s, q->table, q->key[i].column, q->key[i].value, e)) {
            return false;
        }
    }
    for (size_t i = 0; q->present[i] != NULL; i++) {
        buf_printf(&s->sql, " AND s.`%s` IS NOT NULL", q->present[i]);
    }
    if (q->from_ms != 0) {
        buf_lit(&s->sql, " AND s.timestamp >= ?");
        s->params[s->n++] = DB_I(q->from_ms);
    }
    if (q->until_ms != 0) {
        buf_lit(&s->sql, " AND s.timestamp <= ?");
        s->params[s->n++] = DB_I(q->until_ms);
    }
    return true;
}

bool history_page(struct tx *tx, const struct history_query *q, cJSON **revisions, int64_t *count,
                  struct error *e)
{
    struct select s;
    int64_t skip;
    if (q->page < 1 || q->limit < 0 || __builtin_mul_overflow(q->limit, q->page - 1, &skip)) {
        return fail(e, FAIL_INVALID, "page and limit have to be positive");
    }
    begin_select(&s, q->table);
    bool ok = add_filter(&s, q, e) && read_count(tx, &s, count, e);
    s.params[s.n++] = DB_I(q->limit);
    s.params[s.n++] = DB_I(skip);
    ok =
        ok && read_all(tx, &s, " ORDER BY s.timestamp DESC, s.change_id DESC LIMIT ? OFFSET ?", revisions, e);
    free_select(&s);
    return ok;
}

bool history_change(struct tx *tx, const struct table *t, int64_t change_id, cJSON **change, struct error *e)
{
    struct select s;
    cJSON *list;
    begin_select(&s, t);
    s.params[s.n++] = DB_I(change_id);
    bool ok = read_all(tx, &s, " WHERE s.change_id = ?", &list, e);
    *change = ok ? list->child : NULL;
    free_select(&s);
    return ok;
}

bool history_at(struct tx *tx, const struct table *t, int64_t ms, cJSON **rows, struct error *e)
{
    struct select s;
    const char *separator = "";
    begin_select(&s, t);
    buf_printf(&s.sql,
               " WHERE s.data_version IS NOT NULL AND s.change_id IN (SELECT MAX(change_id) FROM `%s`"
               " WHERE timestamp <= ? GROUP BY ",
               t->history->name);
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_KEY) != 0) {
            buf_printf(&s.sql, "%s`%s`", separator, c->name);
            separator = ", ";
        }
    }
    s.params[s.n++] = DB_I(ms);
    bool ok = read_all(tx, &s, ")", rows, e);
    free_select(&s);
    return ok;
}
