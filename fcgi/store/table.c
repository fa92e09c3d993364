/* See table.h. SQL is built only from the descriptions of tables; values are always parameters. So there are
 * few different statements, each of which is prepared once per connection. */
#include "store/table.h"

#include <assert.h>
#include <stdlib.h>

/* ---- statements ---- */

static void add_columns(struct buf *sql, const struct table_query *q)
{
    const struct column *c = q->table->column;
    for (unsigned i = 0; c[i].name != NULL; i++) {
        if (q->with_big || (c[i].flags & COLUMN_BIG) == 0) {
            buf_printf(sql, "%s`%s`", i > 0 ? ", " : "", c[i].name);
        }
    }
}

/* Appends FROM, WHERE and the rest of Q. Fills PARAMS with their parameters, and returns how many there are.
 */
static size_t add_rest(struct buf *sql, const struct table_query *q, struct db_value *params)
{
    size_t n = 0;
    const char *word = "WHERE";
    buf_printf(sql, " FROM `%s`", q->table->name);
    for (unsigned i = 0; i < TABLE_KEYS_MAX && q->key[i].column != NULL; i++) {
        if (q->key[i].value.type != DB_NULL) {
            buf_printf(sql, " %s `%s` = ?", word, q->key[i].column);
            params[n++] = q->key[i].value;
            word = "AND";
        }
    }
    if (q->more != NULL) {
        buf_printf(sql, " %s %s", word, q->more);
    }
    if (q->tail != NULL) {
        buf_printf(sql, " %s", q->tail);
    }
    assert(q->n_params <= TABLE_PARAMS_MAX);
    for (size_t i = 0; i < q->n_params; i++) {
        params[n++] = q->params[i];
    }
    return n;
}

/* Selects the columns of Q, or the number of rows if COUNT. */
static struct db_rows *run_select(struct db *db, const struct table_query *q, bool count, struct error *e)
{
    struct buf sql;
    struct db_value params[TABLE_KEYS_MAX + TABLE_PARAMS_MAX];
    buf_init(&sql, 1024, 8192);
    buf_lit(&sql, "SELECT ");
    if (count) {
        buf_lit(&sql, "COUNT(*)");
    } else {
        add_columns(&sql, q);
    }
    size_t n = add_rest(&sql, q, params);
    buf_char(&sql, '\0');
    assert(!sql.full);
    struct db_rows *rows = db_query(db, sql.p, params, n, e);
    buf_free(&sql);
    return rows;
}

struct db_rows *table_find(struct db *db, const struct table_query *q, struct error *e)
{
    return run_select(db, q, false, e);
}

const struct column *table_has(const struct table *t, const char *name)
{
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

unsigned table_column(const struct table *t, const char *name)
{
    const struct column *c = table_has(t, name);
    assert(c != NULL);
    return (unsigned)(c - t->column);
}

static bool matches_exactly(const struct db_rows *rows, const struct table_query *q)
{
    for (unsigned i = 0; i < TABLE_KEYS_MAX && q->key[i].column != NULL; i++) {
        const struct db_value *want = &q->key[i].value;
        if (want->type == DB_TEXT &&
            !str_eq(db_text(rows, table_column(q->table, q->key[i].column)), want->text)) {
            return false;
        }
    }
    return true;
}

bool table_next(struct db_rows *rows, const struct table_query *q, struct error *e)
{
    while (db_next(rows, e)) {
        if (matches_exactly(rows, q)) {
            return true;
        }
    }
    return false;
}

/* ---- rows as JSON ---- */

cJSON *table_value(const struct column *c, struct str text)
{
    cJSON *json;
    if (str_absent(text)) {
        return mem_check(cJSON_CreateNull());
    }
    switch (c->type) {
    case COLUMN_INT:
        return mem_check(cJSON_CreateNumber((double)db_number(text)));
    case COLUMN_BOOL:
        return mem_check(cJSON_CreateBool(db_number(text) != 0));
    case COLUMN_JSON:
        json = json_parse(text, NULL);
        return json != NULL ? json : json_text(text);
    default:
        return json_text(text);
    }
}

void table_add_big(cJSON *row, const struct column *c, struct str text, void *owner)
{
    const cJSON *value = c->type == COLUMN_JSON ? json_parse_whole(owner, text, NULL) : NULL;
    if (value == NULL || !cJSON_AddItemReferenceToObject(row, c->name, (cJSON *)value)) {
        cJSON_AddItemToObject(row, c->name, table_value(c, text));
    }
}

static cJSON *make_row(const struct table *t, const struct db_rows *rows, unsigned first, void *big_owner,
                       bool big_unparsed)
{
    cJSON *row = mem_check(cJSON_CreateObject());
    for (unsigned i = 0; first + i < db_columns(rows) && t->column[i].name != NULL; i++) {
        const struct column *c = &t->column[i];
        bool big = (c->flags & COLUMN_BIG) != 0;
        if (big && big_unparsed) {
            continue;
        }
        if (big && big_owner != NULL) {
            table_add_big(row, c, db_text(rows, first + i), big_owner);
        } else {
            cJSON_AddItemToObject(row, c->name, table_value(c, db_text(rows, first + i)));
        }
    }
    return row;
}

cJSON *table_row_from(const struct table *t, const struct db_rows *rows, unsigned first)
{
    return make_row(t, rows, first, NULL, false);
}

cJSON *table_row(const struct table *t, const struct db_rows *rows)
{
    return table_row_from(t, rows, 0);
}

/* ---- rows as text ---- */

enum {
    EXACT_DIGITS = 15
}; /* an integer with at most so many digits prints like the double that cJSON makes */

/* A column of a result, ready to be printed. */
struct printed_column {
    const struct column *column;
    unsigned index; /* in the result */
};

static int compare_column_names(const void *a, const void *b)
{
    const struct printed_column *x = a;
    const struct printed_column *y = b;
    return strcmp(x->column->name, y->column->name);
}

/* Fills LIST with the columns of Q in the order of their names, and returns how many there are. */
static size_t sort_columns(const struct table_query *q, struct printed_column list[TABLE_COLUMNS_MAX])
{
    size_t n = 0;
    for (const struct column *c = q->table->column; c->name != NULL; c++) {
        if (q->with_big || (c->flags & COLUMN_BIG) == 0) {
            list[n] = (struct printed_column){ c, (unsigned)n };
            n++;
        }
    }
    qsort(list, n, sizeof *list, compare_column_names);
    return n;
}

/* Whether TEXT is an integer that cJSON would print as it is. */
static bool prints_as_it_is(struct str text)
{
    size_t digits = 0;
    size_t sign = text.n > 0 && text.p[0] == '-';
    while (sign + digits < text.n && text.p[sign + digits] >= '0' && text.p[sign + digits] <= '9') {
        digits++;
    }
    return digits > 0 && digits <= EXACT_DIGITS && sign + digits == text.n;
}

/* Appends the column C of the current row as json_print() would print table_value(). */
static void print_column(struct buf *out, const struct printed_column *c, const struct db_rows *rows)
{
    struct str text = db_text(rows, c->index);
    if (str_absent(text)) {
        buf_lit(out, "null");
    } else if (c->column->type == COLUMN_TEXT) {
        json_print_string(out, str_slice(text, 0, strnlen(text.p, text.n)));
    } else if (c->column->type == COLUMN_BOOL) {
        buf_str(out, db_int(rows, c->index) != 0 ? STR("true") : STR("false"));
    } else if (c->column->type == COLUMN_INT && prints_as_it_is(text)) {
        buf_str(out, text);
    } else {
        cJSON *json = table_value(c->column, text);
        json_print(out, json, JSON_COMPACT);
        cJSON_Delete(json);
    }
}

bool table_print(struct db *db, const struct table_query *q, struct buf *out, size_t *count, struct error *e)
{
    struct printed_column list[TABLE_COLUMNS_MAX];
    size_t n = sort_columns(q, list);
    struct db_rows *rows = table_find(db, q, e);
    *count = 0;
    buf_char(out, '[');
    while (table_next(rows, q, e)) {
        buf_str(out, *count > 0 ? STR(",{") : STR("{"));
        for (size_t i = 0; i < n; i++) {
            buf_str(out, i > 0 ? STR(",\"") : STR("\""));
            buf_str(out, str_of(list[i].column->name));
            buf_lit(out, "\":");
            print_column(out, &list[i], rows);
        }
        buf_char(out, '}');
        ++*count;
    }
    buf_char(out, ']');
    return db_finish(rows);
}

bool table_get(struct db *db, const struct table_query *q, cJSON **row, struct error *e)
{
    struct db_rows *rows = table_find(db, q, e);
    *row = table_next(rows, q, e) ? make_row(q->table, rows, 0, q->big_owner, q->big_unparsed) : NULL;
    if (*row != NULL && q->big_text != NULL) {
        *q->big_text = mem_str(q->big_owner, db_text(rows, db_columns(rows) - 1)); /* the last column */
    }
    return db_finish(rows);
}

bool table_count(struct db *db, const struct table_query *q, int64_t *count, struct error *e)
{
    struct db_rows *rows = run_select(db, q, true, e);
    *count = db_next(rows, e) ? db_int(rows, 0) : 0;
    return db_finish(rows);
}
