/* Each statement is built from the table's descriptor. Its text is always the same for a table, so that each
 * connection prepares it only once. There is one exception: an UPDATE that does not change the big column
 * leaves it out. */
#include "store/row_write.h"

#include "store/release_history.h"

#include <stdio.h>

enum { STATEMENT_MAX = 8192 };

static void set_int(cJSON *row, const char *column, int64_t value)
{
    cJSON_DeleteItemFromObjectCaseSensitive(row, column);
    mem_check(cJSON_AddNumberToObject(row, column, (double)value));
}

/* ---- statements ---- */

/* A statement while it is being built. */
struct statement {
    struct buf sql;
    struct db_value params[TABLE_COLUMNS_MAX + TABLE_KEYS_MAX];
    size_t n;
};

/* Begins with the text FMT, in which each @ stands for the name TABLE. */
static void begin_statement(struct statement *s, const char *fmt, const char *table)
{
    buf_init(&s->sql, 1024, STATEMENT_MAX);
    s->n = 0;
    buf_lit(&s->sql, "");
    for (const char *c = fmt; *c != '\0'; c++) {
        buf_str(&s->sql, *c == '@' ? str_of(table) : (struct str){ c, 1 });
    }
}

static bool run_statement(struct statement *s, struct tx *tx, uint64_t *affected, int64_t *id,
                          struct error *e)
{
    buf_char(&s->sql, '\0');
    bool ok = s->sql.full ? error_set(e, ERROR_INTERNAL, "database: a statement is too long")
                          : db_execute(tx->db, s->sql.p, s->params, s->n, affected, id, e);
    buf_free(&s->sql);
    return ok;
}

/* Adds COLUMN with the parameter VALUE to a list: as "name = ?" if SET, else its name alone. */
static void add_column(struct statement *s, const char *separator, const char *column, bool set,
                       struct db_value value)
{
    buf_printf(&s->sql, "%s`%s`%s", s->n > 0 ? separator : "", column, set ? " = ?" : "");
    s->params[s->n++] = value;
}

static void add_placeholders(struct statement *s)
{
    buf_lit(&s->sql, ") VALUES (");
    for (size_t i = 0; i < s->n; i++) {
        buf_str(&s->sql, i > 0 ? STR(", ?") : STR("?"));
    }
    buf_char(&s->sql, ')');
}

/* Adds the condition that the key columns equal those of VALUES and, if T is versioned, that data_version is
 * VERSION. */
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

/* The columns of ROW as parameters. TEXT is the text of its big column; absent: that is printed. */
static bool bind_row(struct tx *tx, const struct table *t, const cJSON *row, struct str text,
                     struct db_value *values, struct error *e)
{
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        if (!str_absent(text) && (t->column[i].flags & COLUMN_BIG) != 0) {
            values[i] = DB_S(text);
        } else if (!row_bind(tx, &t->column[i], json_get(row, t->column[i].name), &values[i], e)) {
            return false;
        }
    }
    return true;
}

/* ---- histories ---- */

/* Adds a row to the history of T at MS (since 1970): all of VALUES, the columns of T, or the key alone. */
static bool add_history(struct tx *tx, const struct table *t, const struct db_value *values, bool key_only,
                        int64_t ms, struct error *e)
{
    struct statement s;
    begin_statement(&s, "INSERT INTO `@` (", t->history->name);
    add_column(&s, ", ", "changed_by", false, DB_S(str_of(tx->actor)));
    add_column(&s, ", ", "timestamp", false, DB_I(ms));
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        const struct column *c = &t->column[i];
        struct db_value nothing = (c->flags & COLUMN_FALSE) != 0 ? DB_I(0) : (struct db_value){ 0 };
        bool whole = !key_only || (c->flags & COLUMN_KEY) != 0;
        add_column(&s, ", ", c->name, false, whole ? values[i] : nothing);
    }
    add_placeholders(&s);
    return run_statement(&s, tx, NULL, NULL, e);
}

/* Records the new data of ROW, a release or asset, in the compressed history of releases (release_history.h).
 * JSON is absent if ROW is deleted. */
static bool record_release(struct tx *tx, const struct table *t, const cJSON *row, struct str json,
                           int64_t version, struct error *e)
{
    const char *path = row_text(row, "path");
    const struct recorded_row recorded = { t->name, row_text(row, "name"), path != NULL ? path : "" };
    void *outer = tx_step_begin(tx);
    bool ok = release_history_record(tx, recorded, version, json, e);
    tx_step_end(tx, outer);
    return ok;
}

/* The blob among VALUES, which history records; an SQL NULL is recorded as JSON's null. */
static struct str data_of(const struct table *t, const struct db_value *values)
{
    struct str json = values[table_column(t, "data")].text;
    return json.p != NULL ? json : STR("null");
}

/* Counts the write, so that what was read from T before is read again, and leaves an audit line. */
static void note_write(struct tx *tx, const struct table *t, const char *action, const cJSON *row,
                       int64_t old_version, int64_t new_version)
{
    tx_count_write(tx, t);
    if ((t->flags & TABLE_PART) == 0) {
        tx_audit(tx, action, t, row, old_version, new_version);
    }
}

/* ---- writing ---- */

/* Fails with the key of the row that exists already. The database's own text is in the log. */
static bool fail_duplicate(const struct table *t, const cJSON *row, struct error *e)
{
    char key[sizeof e->what];
    size_t n = 0;
    if (t == &table_rules) {
        return fail(e, FAIL_DUPLICATE, ROW_ALIAS_EXISTS);
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
    begin_statement(&s, "INSERT INTO `@` (", t->name);
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        if ((t->column[i].flags & COLUMN_AUTO) == 0) {
            add_column(&s, ", ", t->column[i].name, false, values[i]);
        }
    }
    add_placeholders(&s);
    return run_statement(&s, tx, NULL, id, e);
}

/* Writes NOW, sets the columns that the database numbers itself, and adds to the histories. */
static bool write_insert(struct tx *tx, const struct table *t, cJSON *now, struct error *e)
{
    struct db_value v[TABLE_COLUMNS_MAX];
    int64_t id = 0;
    if (!bind_row(tx, t, now, STR_NONE, v, e) ||
        ((t->flags & TABLE_RELEASES) != 0 && !record_release(tx, t, now, data_of(t, v), 1, e)) ||
        !send_insert(tx, t, v, &id, e)) {
        return failed_as(e, FAIL_DUPLICATE) ? fail_duplicate(t, now, e) : false;
    }
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        if ((t->column[i].flags & COLUMN_AUTO) != 0) {
            set_int(now, t->column[i].name, id);
            v[i] = DB_I(id);
        }
    }
    int64_t ms = tx_now_ms(tx);
    return t->history == NULL ||
           (add_history(tx, t, v, true, ms - 1, e) && add_history(tx, t, v, false, ms, e));
}

bool row_insert(struct tx *tx, const struct table *t, const cJSON *values, cJSON **row, struct error *e)
{
    bool versioned = (t->flags & TABLE_VERSIONED) != 0;
    cJSON *now = row_with(tx, t, NULL, values);
    if (versioned) {
        set_int(now, "data_version", 1);
    }
    void *outer = tx_step_begin(tx);
    bool ok = write_insert(tx, t, now, e);
    tx_step_end(tx, outer);
    if (!ok) {
        return false;
    }
    note_write(tx, t, "insert", now, 0, versioned ? 1 : 0);
    if (row != NULL) {
        *row = now;
    }
    return true;
}

static bool fail_outdated(const char *verb, struct error *e)
{
    return fail(e, FAIL_OUTDATED, "Failed to %s row, old_data_version doesn't match current data_version",
                verb);
}

static bool send_update(struct tx *tx, const struct table *t, const struct db_value *values, bool with_big,
                        int64_t version, struct error *e)
{
    struct statement s;
    uint64_t affected = 0;
    begin_statement(&s, "UPDATE `@` SET ", t->name);
    for (unsigned i = 0; t->column[i].name != NULL; i++) {
        if ((t->column[i].flags & COLUMN_KEY) == 0 && (with_big || (t->column[i].flags & COLUMN_BIG) == 0)) {
            add_column(&s, ", ", t->column[i].name, true, values[i]);
        }
    }
    add_where(&s, t, values, version);
    return run_statement(&s, tx, &affected, NULL, e) && (affected == 1 || fail_outdated("update", e));
}

/* Whether WHAT sets the big column of T. A statement without it saves sending megabytes that stay the same.
 */
static bool has_big(const struct table *t, const cJSON *what)
{
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_BIG) != 0) {
            return json_get(what, c->name) != NULL;
        }
    }
    return false;
}

/* Writes NOW, whose big column has the TEXT, over the row that had VERSION, with that column if WITH_BIG, and
 * adds to the histories. */
static bool write_update(struct tx *tx, const struct table *t, const cJSON *now, struct str text,
                         bool with_big, int64_t version, struct error *e)
{
    struct db_value v[TABLE_COLUMNS_MAX];
    if (!bind_row(tx, t, now, text, v, e) ||
        ((t->flags & TABLE_RELEASES) != 0 && !record_release(tx, t, now, data_of(t, v), version + 1, e)) ||
        !send_update(tx, t, v, with_big, version, e)) {
        return failed_as(e, FAIL_DUPLICATE) ? fail_duplicate(t, now, e) : false;
    }
    return t->history == NULL || add_history(tx, t, v, false, tx_now_ms(tx), e);
}

bool row_update(struct tx *tx, const struct table *t, const cJSON *old, const cJSON *what,
                int64_t data_version, cJSON **row, struct error *e)
{
    return row_update_text(tx, t, old, what, STR_NONE, data_version, row, e);
}

bool row_update_text(struct tx *tx, const struct table *t, const cJSON *old, const cJSON *what,
                     struct str text, int64_t data_version, cJSON **row, struct error *e)
{
    bool versioned = (t->flags & TABLE_VERSIONED) != 0;
    int64_t now_version = versioned ? data_version + 1 : 0;
    if (versioned && row_int(old, "data_version") != data_version) {
        return fail_outdated("update", e);
    }
    cJSON *now = row_with(tx, t, old, what);
    if (versioned) {
        set_int(now, "data_version", now_version);
    }
    void *outer = tx_step_begin(tx);
    bool ok = write_update(tx, t, now, text, has_big(t, what), data_version, e);
    tx_step_end(tx, outer);
    if (!ok) {
        return false;
    }
    note_write(tx, t, "update", now, data_version, now_version);
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
        return fail_outdated("delete", e);
    }
    if (!bind_row(tx, t, old, STR_NONE, v, e) ||
        ((t->flags & TABLE_RELEASES) != 0 && !record_release(tx, t, old, STR_NONE, data_version, e))) {
        return false;
    }
    begin_statement(&s, "DELETE FROM `@`", t->name);
    add_where(&s, t, v, data_version);
    if (!run_statement(&s, tx, &affected, NULL, e) || (affected != 1 && !fail_outdated("delete", e)) ||
        (t->history != NULL && !add_history(tx, t, v, true, tx_now_ms(tx), e))) {
        return false;
    }
    note_write(tx, t, "delete", old, (t->flags & TABLE_VERSIONED) != 0 ? data_version : 0, 0);
    return true;
}
