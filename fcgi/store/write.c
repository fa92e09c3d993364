/* Each statement is put together from the table's descriptor, and for a table it is always the same text, so
 * that a connection prepares it once. Only the big column is left out of an UPDATE that does not change it.
 */
#include "store/write.h"

#include "core/tree.h"
#include "store/access.h"
#include "store/release_history.h"
#include "store/signoff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SQL_MAX = 8192 };
static const int64_t EXACT_MAX = 9000000000000000; /* whole numbers that a double holds exactly */

/* ---- values ---- */

int64_t row_int(const cJSON *row, const char *column)
{
    const cJSON *value = json_get(row, column);
    int64_t n;
    json_int(value, INT64_MIN, INT64_MAX, &n);
    return n;
}

const char *row_text(const cJSON *row, const char *column)
{
    return json_get_string(row, column);
}

bool row_true(const cJSON *row, const char *column)
{
    return cJSON_IsTrue(json_get(row, column));
}

bool row_same(const cJSON *a, const cJSON *b)
{
    bool a_null = a == NULL || cJSON_IsNull(a), b_null = b == NULL || cJSON_IsNull(b);
    return a_null || b_null ? a_null && b_null : tree_equal(a, b);
}

cJSON *row_key(struct tx *tx, const char *column, const char *value)
{
    cJSON *key = tx_keep(tx, mem_check(cJSON_CreateObject()));
    cJSON_AddItemToObject(key, column, json_text(str_of(value)));
    return key;
}

cJSON *row_key_int(struct tx *tx, const char *column, int64_t value)
{
    cJSON *key = tx_keep(tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddNumberToObject(key, column, (double)value));
    return key;
}

static bool wrong(const struct column *c, const char *wanted, struct error *e)
{
    return fail(e, FAIL_INVALID, "%s: not %s", c->name, wanted);
}

/* A number, or a string that holds one. */
static bool bind_int(const struct column *c, const cJSON *value, struct db_value *v, struct error *e)
{
    int64_t n;
    if (json_int(value, -EXACT_MAX, EXACT_MAX, &n)) {
        *v = DB_I(n);
        return true;
    }
    char *end = NULL;
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    *v = DB_I(strtoll(text, &end, 10));
    return (end != text && *end == '\0') || wrong(c, "a whole number", e);
}

static struct str printed(struct tx *tx, const cJSON *value)
{
    struct buf text;
    buf_init(&text, 256, SIZE_MAX);
    json_print(&text, value, JSON_DUMPS);
    char *copy = mem_strndup(tx->mem, text.p, text.n);
    struct str s = { copy, text.n };
    buf_free(&text);
    return s;
}

/* VALUE (NULL: none was given) as a parameter. */
static bool bind(struct tx *tx, const struct column *c, const cJSON *value, struct db_value *v,
                 struct error *e)
{
    *v = (struct db_value){ .type = DB_NULL };
    if (value == NULL || cJSON_IsNull(value)) {
        if (value == NULL && (c->flags & COLUMN_FALSE) != 0) {
            *v = DB_I(0);
        }
        return true;
    }
    switch (c->type) {
    case COLUMN_INT:
        return bind_int(c, value, v, e);
    case COLUMN_BOOL:
        *v = DB_I(cJSON_IsTrue(value) || (cJSON_IsNumber(value) && value->valuedouble == 1));
        return cJSON_IsBool(value) || cJSON_IsNumber(value) || wrong(c, "true or false", e);
    case COLUMN_JSON:
        *v = DB_S(printed(tx, value));
        return true;
    default:
        *v = DB_S(cJSON_IsString(value) ? str_of(value->valuestring) : STR_NONE);
        return cJSON_IsString(value) || wrong(c, "a string", e);
    }
}

/* How a value looks once it is in the table: numbers where they were given as strings. Shares JSON. */
static cJSON *stored(const struct column *c, const cJSON *value)
{
    struct db_value v;
    if (value == NULL || cJSON_IsNull(value)) {
        bool is_false = value == NULL && (c->flags & COLUMN_FALSE) != 0;
        return mem_check(is_false ? cJSON_CreateFalse() : cJSON_CreateNull());
    }
    if (c->type == COLUMN_INT && bind_int(c, value, &v, NULL)) {
        return mem_check(cJSON_CreateNumber((double)v.i));
    }
    if (c->type == COLUMN_BOOL && cJSON_IsNumber(value)) {
        return mem_check(cJSON_CreateBool(value->valuedouble == 1));
    }
    if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
        cJSON *shared = mem_check(cJSON_CreateNull());
        *shared = (cJSON){ .type = value->type | cJSON_IsReference, .child = value->child };
        return shared;
    }
    return mem_check(cJSON_Duplicate(value, true));
}

cJSON *row_with(struct tx *tx, const struct table *t, const cJSON *old, const cJSON *what)
{
    cJSON *row = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const struct column *c = t->column; c->name != NULL; c++) {
        bool stays = (old != NULL && (c->flags & COLUMN_KEY) != 0) || (c->flags & COLUMN_AUTO) != 0 ||
                     strcmp(c->name, "data_version") == 0;
        const cJSON *value = stays ? NULL : json_get(what, c->name);
        if (value == NULL && old != NULL) {
            value = json_get(old, c->name);
        }
        if (value != NULL || old == NULL) {
            cJSON_AddItemToObject(row, c->name, stored(c, value));
        }
    }
    return row;
}

static void set_int(cJSON *row, const char *column, int64_t value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(row, column);
    mem_check(cJSON_AddNumberToObject(row, column, (double)value));
}

/* ---- reading ---- */

bool row_list(struct tx *tx, const struct table_query *q, cJSON **rows, struct error *e)
{
    bool failed = false;
    struct db_rows *result = table_find(tx->db, q, e);
    *rows = tx_keep(tx, mem_check(cJSON_CreateArray()));
    while (result != NULL && table_next(result, q, &failed, e)) {
        cJSON_AddItemToArray(*rows, table_row(q->table, result));
    }
    failed |= result == NULL;
    db_rows_close(result);
    return !failed;
}

static bool add_key(struct tx *tx, struct table_query *q, unsigned n, const struct column *c,
                    const cJSON *value, struct error *e)
{
    q->key[n].column = c->name;
    return bind(tx, c, value, &q->key[n].value, e);
}

bool row_get(struct tx *tx, const struct table *t, const cJSON *key, enum row_lock lock, cJSON **row,
             struct error *e)
{
    static const char *const tails[] = {
        [ROW_PLAIN] = NULL, [ROW_SHARED] = "LOCK IN SHARE MODE", [ROW_LOCKED] = "FOR UPDATE"
    };
    struct table_query q = { .table = t, .with_big = true, .tail = tails[lock] };
    unsigned n = 0;
    *row = NULL;
    for (const struct column *c = t->column; c->name != NULL; c++) {
        const cJSON *value = json_get(key, c->name);
        if ((c->flags & COLUMN_KEY) == 0) {
            continue;
        }
        if (value == NULL || cJSON_IsNull(value)) {
            return true; /* such a row there cannot be */
        }
        if (!add_key(tx, &q, n++, c, value, e)) {
            return false;
        }
    }
    bool ok = table_get(tx->db, &q, row, e);
    tx_keep(tx, *row);
    return ok;
}

/* ---- statements ---- */

struct statement {
    struct buf sql;
    struct db_value params[TABLE_COLUMNS_MAX + TABLE_KEYS_MAX];
    size_t n;
};

static void start(struct statement *s, const char *fmt, const char *table)
{
    buf_init(&s->sql, 1024, SQL_MAX);
    s->n = 0;
    buf_lit(&s->sql, "");
    for (const char *c = fmt; *c != '\0'; c++) {
        buf_str(&s->sql, *c == '@' ? str_of(table) : (struct str){ c, 1 });
    }
}

static bool finish(struct statement *s, struct tx *tx, uint64_t *affected, int64_t *id, struct error *e)
{
    buf_char(&s->sql, '\0');
    bool ok = s->sql.full ? error_set(e, 500, "database: a statement is too long")
                          : db_execute(tx->db, s->sql.p, s->params, s->n, affected, id, e);
    buf_free(&s->sql);
    return ok;
}

/* Adds COLUMN with VALUE, in a list: a name for an INSERT, "name = ?" otherwise. */
static void add(struct statement *s, const char *separator, const char *column, bool set,
                struct db_value value)
{
    buf_printf(&s->sql, "%s`%s`%s", s->n > 0 ? separator : "", column, set ? " = ?" : "");
    s->params[s->n++] = value;
}

static void add_marks(struct statement *s)
{
    buf_lit(&s->sql, ") VALUES (");
    for (size_t i = 0; i < s->n; i++) {
        buf_str(&s->sql, i > 0 ? STR(", ?") : STR("?"));
    }
    buf_char(&s->sql, ')');
}

/* WHERE the key is ROW's, and data_version, in a table that has one, is VERSION. */
static void add_where(struct statement *s, const struct table *t, const struct db_value *values,
                      int64_t version)
{
    const char *word = " WHERE ";
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        if ((t->column[i].flags & COLUMN_KEY) != 0) {
            buf_printf(&s->sql, "%s`%s` = ?", word, t->column[i].name);
            s->params[s->n++] = values[i];
            word = " AND ";
        }
    }
    if ((t->flags & TABLE_VERSIONED) != 0) {
        buf_lit(&s->sql, " AND data_version = ?");
        s->params[s->n++] = DB_I(version);
    }
}

/* The columns of ROW as parameters. */
static bool bind_row(struct tx *tx, const struct table *t, const cJSON *row, struct db_value *values,
                     struct error *e)
{
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        if (!bind(tx, &t->column[i], json_get(row, t->column[i].name), &values[i], e)) {
            return false;
        }
    }
    return true;
}

/* ---- histories ---- */

/* A line in the history of T at MS: all of VALUES (its columns), or the key alone. */
static bool add_history(struct tx *tx, const struct table *t, const struct db_value *values, bool key_only,
                        int64_t ms, struct error *e)
{
    struct statement s;
    start(&s, "INSERT INTO `@` (", t->history->name);
    add(&s, ", ", "changed_by", false, DB_S(str_of(tx->actor)));
    add(&s, ", ", "timestamp", false, DB_I(ms));
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        const struct column *c = &t->column[i];
        struct db_value nothing = (c->flags & COLUMN_FALSE) != 0 ? DB_I(0) : (struct db_value){ 0 };
        bool whole = !key_only || (c->flags & COLUMN_KEY) != 0;
        add(&s, ", ", c->name, false, whole ? values[i] : nothing);
    }
    add_marks(&s);
    return finish(&s, tx, NULL, NULL, e);
}

/* Of a release or asset; JSON is absent where it is deleted. */
static bool record_release(struct tx *tx, const struct table *t, const cJSON *row, struct str json,
                           int64_t version, struct error *e)
{
    const char *path = row_text(row, "path");
    return release_history_record(tx, t->name, row_text(row, "name"), path != NULL ? path : "", version, json,
                                  e);
}

static struct str blob_of(const struct table *t, const struct db_value *values)
{
    struct str json = values[table_column(t, "data")].text;
    return json.p != NULL ? json : STR("null");
}

/* What was read before may be wrong now. */
static void written(struct tx *tx, const struct table *t, const char *action, const cJSON *row,
                    int64_t old_version, int64_t new_version)
{
    if (t == &table_permissions || t == &table_user_roles || t == &table_role_grants) {
        access_forget(tx);
    }
    if (t == &table_rules || t == &table_product_req_signoffs || t == &table_permissions_req_signoffs) {
        signoff_forget(tx);
    }
    if ((t->flags & TABLE_PART) == 0) {
        tx_audit(tx, action, t, row, old_version, new_version);
    }
}

/* ---- writing ---- */

/* Says which row exists already; the database's own words are in the log. */
static bool say_exists(const struct table *t, const cJSON *row, struct error *e)
{
    char key[sizeof e->what];
    size_t n = 0;
    if (t == &table_rules) {
        return fail(e, FAIL_DUPLICATE, WRITE_ALIAS_EXISTS);
    }
    key[0] = '\0';
    for (const struct column *c = t->column; c->name != NULL && n < sizeof key; c++) {
        const char *text = (c->flags & COLUMN_KEY) != 0 ? row_text(row, c->name) : NULL;
        if (text != NULL) {
            n += (size_t)snprintf(key + n, sizeof key - n, "%s%s '%s'", n > 0 ? ", " : "", c->name, text);
        }
    }
    return fail(e, FAIL_DUPLICATE, "There is one already: %s", key);
}

static bool send_insert(struct tx *tx, const struct table *t, const struct db_value *values, int64_t *id,
                        struct error *e)
{
    struct statement s;
    start(&s, "INSERT INTO `@` (", t->name);
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        if ((t->column[i].flags & COLUMN_AUTO) == 0) {
            add(&s, ", ", t->column[i].name, false, values[i]);
        }
    }
    add_marks(&s);
    return finish(&s, tx, NULL, id, e);
}

bool row_insert(struct tx *tx, const struct table *t, const cJSON *values, cJSON **row, struct error *e)
{
    struct db_value v[TABLE_COLUMNS_MAX];
    int64_t id = 0;
    bool versioned = (t->flags & TABLE_VERSIONED) != 0;
    cJSON *now = row_with(tx, t, NULL, values);
    if (versioned) {
        set_int(now, "data_version", 1);
    }
    if (!bind_row(tx, t, now, v, e) ||
        ((t->flags & TABLE_RELEASES) != 0 && !record_release(tx, t, now, blob_of(t, v), 1, e)) ||
        !send_insert(tx, t, v, &id, e)) {
        return failed_as(e, FAIL_DUPLICATE) ? say_exists(t, now, e) : false;
    }
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        if ((t->column[i].flags & COLUMN_AUTO) != 0) {
            set_int(now, t->column[i].name, id);
            v[i] = DB_I(id);
        }
    }
    int64_t ms = tx_now_ms(tx);
    if (t->history != NULL &&
        (!add_history(tx, t, v, true, ms - 1, e) || !add_history(tx, t, v, false, ms, e))) {
        return false;
    }
    written(tx, t, "insert", now, 0, versioned ? 1 : 0);
    if (row != NULL) {
        *row = now;
    }
    return true;
}

static bool outdated(const char *verb, struct error *e)
{
    return fail(e, FAIL_OUTDATED, "Failed to %s row, old_data_version doesn't match current data_version",
                verb);
}

static bool send_update(struct tx *tx, const struct table *t, const struct db_value *values, bool with_big,
                        int64_t version, struct error *e)
{
    struct statement s;
    uint64_t affected = 0;
    start(&s, "UPDATE `@` SET ", t->name);
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        if ((t->column[i].flags & COLUMN_KEY) == 0 && (with_big || (t->column[i].flags & COLUMN_BIG) == 0)) {
            add(&s, ", ", t->column[i].name, true, values[i]);
        }
    }
    add_where(&s, t, values, version);
    return finish(&s, tx, &affected, NULL, e) && (affected == 1 || outdated("update", e));
}

static bool has_big(const struct table *t, const cJSON *what)
{
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_BIG) != 0) {
            return json_get(what, c->name) != NULL;
        }
    }
    return false;
}

bool row_update(struct tx *tx, const struct table *t, const cJSON *old, const cJSON *what,
                int64_t data_version, cJSON **row, struct error *e)
{
    struct db_value v[TABLE_COLUMNS_MAX];
    bool versioned = (t->flags & TABLE_VERSIONED) != 0;
    int64_t now_version = versioned ? data_version + 1 : 0;
    if (versioned && row_int(old, "data_version") != data_version) {
        return outdated("update", e);
    }
    cJSON *now = row_with(tx, t, old, what);
    if (versioned) {
        set_int(now, "data_version", now_version);
    }
    if (!bind_row(tx, t, now, v, e) ||
        ((t->flags & TABLE_RELEASES) != 0 && !record_release(tx, t, now, blob_of(t, v), now_version, e)) ||
        !send_update(tx, t, v, has_big(t, what), data_version, e) ||
        (t->history != NULL && !add_history(tx, t, v, false, tx_now_ms(tx), e))) {
        return failed_as(e, FAIL_DUPLICATE) ? say_exists(t, now, e) : false;
    }
    written(tx, t, "update", now, data_version, now_version);
    if (row != NULL) {
        *row = now;
    }
    return true;
}

bool row_delete(struct tx *tx, const struct table *t, const cJSON *old, int64_t data_version, struct error *e)
{
    struct db_value v[TABLE_COLUMNS_MAX];
    struct statement s;
    uint64_t affected = 0;
    if ((t->flags & TABLE_VERSIONED) != 0 && row_int(old, "data_version") != data_version) {
        return outdated("delete", e);
    }
    if (!bind_row(tx, t, old, v, e) ||
        ((t->flags & TABLE_RELEASES) != 0 && !record_release(tx, t, old, STR_NONE, data_version, e))) {
        return false;
    }
    start(&s, "DELETE FROM `@`", t->name);
    add_where(&s, t, v, data_version);
    if (!finish(&s, tx, &affected, NULL, e) || (affected != 1 && !outdated("delete", e)) ||
        (t->history != NULL && !add_history(tx, t, v, true, tx_now_ms(tx), e))) {
        return false;
    }
    written(tx, t, "delete", old, (t->flags & TABLE_VERSIONED) != 0 ? data_version : 0, 0);
    return true;
}
