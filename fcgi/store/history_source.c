/* Each row of a history comes with the one before it of the same key, found by the index over key and time. A
 * row in which everything but the key is NULL says that the row did not exist: one before an insert is left
 * out. */
#include "store/history_source.h"

#include "store/row.h"

#include <stdio.h>

enum { SOURCE_SQL_MAX = 16384, HISTORY_PARAMS = 16 };

/* A SELECT that is put together. Columns of the row and of the one before it stand one after the other. */
struct source_select {
    const struct history_source *source;
    const struct table *live; /* the table whose history is read */
    struct table view;        /* change_id, changed_by, timestamp, columns */
    unsigned n;
    struct buf sql;
    struct db_value params[HISTORY_PARAMS];
    size_t n_params;
    bool nothing; /* the source has no column that is asked for */
};

static const struct table *live_table(const struct history_source *source)
{
    const struct table *t = source->subject->table;
    return source->what == HISTORY_ROW         ? t
           : source->what == HISTORY_SCHEDULED ? t->scheduled
                                               : t->scheduled->signoffs;
}

/* The column that is NULL while the row does not exist. */
static const char *existence_column(const struct table *live)
{
    return (live->flags & TABLE_VERSIONED) != 0 ? "data_version"
           : live == &table_role_grants         ? "granted_by"
                                                : "role";
}

static bool is_own_condition(const struct column *c)
{
    return strcmp(c->name, "sc_id") != 0 && strcmp(c->name, "data_version") != 0;
}

static bool is_shown(const struct column *c)
{
    return (c->flags & COLUMN_BIG) == 0;
}

/* Appends the columns of the row (ROW 's', conditions 'c') or of the one before it ('p', 'd'). */
static void add_columns(struct source_select *s, char row, char condition)
{
    s->n = 0;
    for (const struct column *c = s->live->history->column; c->name != NULL; c++) {
        if (is_shown(c)) {
            buf_printf(&s->sql, "%s%c.`%s`", s->n > 0 ? ", " : "", row, c->name);
            s->view.column[s->n++] = *c;
        }
    }
    const struct table *conditions = s->live->conditions;
    for (const struct column *c = conditions != NULL ? conditions->column : NULL;
         c != NULL && c->name != NULL; c++) {
        if (is_own_condition(c)) {
            buf_printf(&s->sql, ", %c.`%s`", condition, c->name);
            s->view.column[s->n++] = *c;
        }
    }
}

static void add_conditions(struct source_select *s, char row, char condition)
{
    if (s->live->conditions != NULL) {
        buf_printf(&s->sql, " LEFT JOIN `%s` %c ON %c.sc_id = %c.sc_id AND %c.data_version = %c.data_version",
                   s->live->conditions->history->name, condition, condition, row, condition, row);
    }
}

static void add_from(struct source_select *s)
{
    const char *history = s->live->history->name;
    buf_printf(&s->sql,
               " FROM `%s` s LEFT JOIN `%s` p ON p.change_id = (SELECT q.change_id FROM `%s` q WHERE",
               history, history, history);
    for (const struct column *c = s->live->column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_KEY) != 0) {
            buf_printf(&s->sql, " q.`%s` = s.`%s` AND", c->name, c->name);
        }
    }
    buf_lit(&s->sql, " q.timestamp <= s.timestamp AND q.change_id < s.change_id"
                     " ORDER BY q.timestamp DESC, q.change_id DESC LIMIT 1)");
    add_conditions(s, 's', 'c');
    add_conditions(s, 'p', 'd');
    const char *there = existence_column(s->live);
    buf_printf(&s->sql, " WHERE (s.`%s` IS NOT NULL OR p.`%s` IS NOT NULL)", there, there);
}

static void add_param(struct source_select *s, struct db_value value)
{
    s->params[s->n_params++] = value;
}

/* Only rows whose COLUMN, of the subject's table, is VALUE or was before. */
static void match_column(struct source_select *s, const char *column, struct str value)
{
    const struct history_source *source = s->source;
    if (str_absent(value)) {
        return;
    }
    if (column == NULL || table_has(source->subject->table, column) == NULL) {
        s->nothing = true;
        return;
    }
    const char *prefix = source->what == HISTORY_ROW ? "" : "base_";
    if (source->what == HISTORY_SIGNOFF) {
        buf_printf(&s->sql, " AND s.sc_id IN (SELECT x.sc_id FROM `%s` x WHERE x.`base_%s` = ?)",
                   source->subject->table->scheduled->name, column);
    } else if (source->what == HISTORY_ROW && (table_has(s->live, column)->flags & COLUMN_KEY) != 0) {
        buf_printf(&s->sql, " AND s.`%s` = ?", column); /* the row before has the same */
    } else {
        buf_printf(&s->sql, " AND (s.`%s%s` = ? OR p.`%s%s` = ?)", prefix, column, prefix, column);
        add_param(s, DB_S(value));
    }
    add_param(s, DB_S(value));
}

static void match_common(struct source_select *s, const struct history_all_query *q)
{
    if (!str_absent(q->changed_by)) {
        buf_lit(&s->sql, " AND s.changed_by = ?");
        add_param(s, DB_S(q->changed_by));
    }
    if (q->from_ms != 0) {
        buf_lit(&s->sql, " AND s.timestamp >= ?");
        add_param(s, DB_I(q->from_ms));
    }
}

/* ---- entries ---- */

static bool is_nothing(const cJSON *value)
{
    return value == NULL || cJSON_IsNull(value) || (cJSON_IsString(value) && value->valuestring[0] == '\0');
}

static cJSON *copy_of(const cJSON *value)
{
    return mem_check(value == NULL ? cJSON_CreateNull() : cJSON_Duplicate(value, true));
}

/* The table whose key the row has. */
static const struct table *keyed_table(const struct source_select *s)
{
    return s->source->what == HISTORY_SCHEDULED ? s->source->subject->table : s->live;
}

/* The name that a column of the history has in the API; NULL: it is not one of those that are compared. */
static const char *shown_name(const struct source_select *s, const char *column)
{
    static const char *const left_out[] = { "change_id",    "changed_by",        "timestamp",
                                            "data_version", "base_data_version", "sc_id",
                                            "complete",     "scheduled_by",      "change_type" };
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++) {
        if (strcmp(column, left_out[i]) == 0) {
            return NULL;
        }
    }
    return s->source->what == HISTORY_SCHEDULED && strncmp(column, "base_", 5) == 0 ? column + 5 : column;
}

static cJSON *changed_of(const struct source_select *s, const cJSON *now, const cJSON *old)
{
    cJSON *changed = mem_check(cJSON_CreateObject());
    for (const cJSON *is = now->child, *was = old->child; is != NULL && was != NULL;
         is = is->next, was = was->next) {
        const char *name = shown_name(s, is->string);
        const struct column *own = name != NULL ? table_has(keyed_table(s), name) : NULL;
        bool key = own != NULL && (own->flags & COLUMN_KEY) != 0;
        if (name != NULL && !key && !(is_nothing(is) && is_nothing(was)) && !row_same(is, was)) {
            cJSON *pair = mem_check(cJSON_AddArrayToObject(changed, name));
            cJSON_AddItemToArray(pair, copy_of(was));
            cJSON_AddItemToArray(pair, copy_of(is));
        }
    }
    return changed;
}

/* The key of the subject's row, or of a sign-off. A row that is gone has no columns but its own key. */
static cJSON *key_of(const struct source_select *s, const cJSON *now, const cJSON *old)
{
    const struct table *t = keyed_table(s);
    cJSON *key = mem_check(cJSON_CreateObject());
    for (const struct column *c = t->column; c->name != NULL; c++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", s->source->what == HISTORY_SCHEDULED ? "base_" : "", c->name);
        if ((c->flags & COLUMN_KEY) != 0 && strcmp(c->name, "sc_id") != 0) {
            const cJSON *value = json_get(now, name);
            cJSON_AddItemToObject(key, c->name, copy_of(is_nothing(value) ? json_get(old, name) : value));
        }
    }
    return key;
}

static const char *type_of(const struct source_select *s, const cJSON *now, const cJSON *old)
{
    const char *there = existence_column(s->live);
    if (is_nothing(json_get(now, there))) {
        return "delete";
    }
    if (is_nothing(json_get(old, there))) {
        return "insert";
    }
    return row_true(now, "complete") && !row_true(old, "complete") ? "enact" : "update";
}

static cJSON *new_entry(const struct history_source *source, const cJSON *now, const char *kind,
                        const char *type)
{
    static const char *const what[] = { [HISTORY_ROW] = "row",
                                        [HISTORY_SCHEDULED] = "scheduled_change",
                                        [HISTORY_SIGNOFF] = "signoff",
                                        [HISTORY_CONTENT] = "content" };
    cJSON *entry = mem_check(cJSON_CreateObject());
    cJSON_AddItemToObject(entry, "change_id", copy_of(json_get(now, "change_id")));
    cJSON_AddItemToObject(entry, "timestamp", copy_of(json_get(now, "timestamp")));
    cJSON_AddItemToObject(entry, "changed_by", copy_of(json_get(now, "changed_by")));
    mem_check(cJSON_AddStringToObject(entry, "kind", kind));
    mem_check(cJSON_AddStringToObject(entry, "what", what[source->what]));
    mem_check(cJSON_AddStringToObject(entry, "change_type", type));
    return entry;
}

static cJSON *entry_of(const struct source_select *s, const cJSON *now, const cJSON *old)
{
    cJSON *entry = new_entry(s->source, now, s->source->subject->kind, type_of(s, now, old));
    const cJSON *version = json_get(now, "data_version"), *sc_id = json_get(now, "sc_id");
    cJSON_AddItemToObject(entry, "key", key_of(s, now, old));
    cJSON_AddItemToObject(entry, "data_version",
                          copy_of(is_nothing(version) ? json_get(old, "data_version") : version));
    cJSON_AddItemToObject(entry, "sc_id", copy_of(sc_id));
    cJSON_AddItemToObject(entry, "changed", changed_of(s, now, old));
    if (s->source->what == HISTORY_SCHEDULED) {
        const cJSON *type = json_get(now, "change_type");
        cJSON_AddItemToObject(entry, "scheduled_type",
                              copy_of(is_nothing(type) ? json_get(old, "change_type") : type));
    }
    return entry;
}

static bool read_rows(struct tx *tx, struct source_select *s, cJSON *list, struct error *e)
{
    struct db_rows *rows = db_query(tx->db, s->sql.p, s->params, s->n_params, e);
    while (db_next(rows, e)) {
        cJSON *now = table_row_from(&s->view, rows, 0), *old = table_row_from(&s->view, rows, s->n);
        cJSON_AddItemToArray(list, entry_of(s, now, old));
        cJSON_Delete(now);
        cJSON_Delete(old);
    }
    return db_finish(rows);
}

static void end_select(struct source_select *s, struct history_place place, int64_t limit)
{
    buf_lit(&s->sql, " AND s.timestamp <= ? AND (s.timestamp < ? OR s.change_id < ?)"
                     " ORDER BY s.timestamp DESC, s.change_id DESC LIMIT ?");
    buf_char(&s->sql, '\0');
    add_param(s, DB_I(place.until_ms));
    add_param(s, DB_I(place.until_ms));
    add_param(s, DB_I(place.below_id));
    add_param(s, DB_I(limit));
}

/* ---- contents of releases ---- */

static void match_release(struct source_select *s, const struct history_all_query *q)
{
    if (!str_absent(q->channel)) {
        s->nothing = true;
    }
    if (!str_absent(q->object)) {
        buf_lit(&s->sql, " AND s.name = ?");
        add_param(s, DB_S(q->object));
    }
    if (!str_absent(q->product)) {
        buf_lit(&s->sql,
                " AND (s.tbl = 'releases' AND s.name IN (SELECT r.name FROM releases r WHERE r.product = ?)"
                " OR s.tbl <> 'releases' AND s.name IN (SELECT j.name FROM releases_json j WHERE j.product = "
                "?))");
        add_param(s, DB_S(q->product));
        add_param(s, DB_S(q->product));
    }
    match_common(s, q);
}

static cJSON *content_entry(const struct history_source *source, const cJSON *now)
{
    bool v1 = strcmp(row_text(now, "tbl"), "releases") == 0;
    const char *type = row_int(now, "deleted") != 0        ? "delete"
                       : row_int(now, "data_version") == 1 ? "insert"
                                                           : "update";
    cJSON *entry = new_entry(source, now, v1 ? "releases" : "v2/releases", type);
    cJSON *key = mem_check(cJSON_AddObjectToObject(entry, "key"));
    cJSON_AddItemToObject(key, "name", copy_of(json_get(now, "name")));
    if (!is_nothing(json_get(now, "path"))) {
        cJSON_AddItemToObject(key, "path", copy_of(json_get(now, "path")));
    }
    cJSON_AddItemToObject(entry, "data_version", copy_of(json_get(now, "data_version")));
    mem_check(cJSON_AddNullToObject(entry, "sc_id"));
    mem_check(cJSON_AddObjectToObject(entry, "changed"));
    cJSON_AddItemToObject(entry, "size", copy_of(json_get(now, "size")));
    return entry;
}

static bool read_contents(struct tx *tx, const struct history_source *source,
                          const struct history_all_query *q, struct history_place place, int64_t limit,
                          cJSON *list, struct error *e)
{
    static const struct table view = { .name = "balrog_release_history",
                                       .column = { { "change_id", COLUMN_INT, 0 },
                                                   { "changed_by", COLUMN_TEXT, 0 },
                                                   { "timestamp", COLUMN_INT, 0 },
                                                   { "tbl", COLUMN_TEXT, 0 },
                                                   { "name", COLUMN_TEXT, 0 },
                                                   { "path", COLUMN_TEXT, 0 },
                                                   { "data_version", COLUMN_INT, 0 },
                                                   { "deleted", COLUMN_INT, 0 },
                                                   { "size", COLUMN_INT, 0 } } };
    struct source_select s = { .source = source };
    buf_init(&s.sql, 1024, SOURCE_SQL_MAX);
    buf_lit(&s.sql, "SELECT s.change_id, s.changed_by, s.timestamp, s.tbl, s.name, s.path, s.data_version, "
                    "s.size = 0, s.size"
                    " FROM balrog_release_history s WHERE s.timestamp IS NOT NULL");
    if (source->subject != NULL) {
        buf_str(&s.sql, source->subject->table == &table_releases ? STR(" AND s.tbl = 'releases'")
                                                                  : STR(" AND s.tbl <> 'releases'"));
    }
    match_release(&s, q);
    if (q->to_ms != 0) {
        buf_lit(&s.sql, " AND s.timestamp <= ?");
        add_param(&s, DB_I(q->to_ms));
    }
    buf_lit(&s.sql, " AND s.change_id < ? ORDER BY s.change_id DESC LIMIT ?");
    buf_char(&s.sql, '\0');
    add_param(&s, DB_I(place.below_id));
    add_param(&s, DB_I(limit));
    struct db_rows *rows = s.nothing ? NULL : db_query(tx->db, s.sql.p, s.params, s.n_params, e);
    buf_free(&s.sql);
    while (!s.nothing && db_next(rows, e)) {
        cJSON *now = table_row(&view, rows);
        cJSON_AddItemToArray(list, content_entry(source, now));
        cJSON_Delete(now);
    }
    return s.nothing || db_finish(rows);
}

bool history_source_read(struct tx *tx, const struct history_source *source,
                         const struct history_all_query *q, struct history_place place, int64_t limit,
                         cJSON **list, struct error *e)
{
    *list = tx_keep(tx, mem_check(cJSON_CreateArray()));
    if (source->what == HISTORY_CONTENT) {
        return read_contents(tx, source, q, place, limit, *list, e);
    }
    struct source_select s = { .source = source, .live = live_table(source) };
    buf_init(&s.sql, 4096, SOURCE_SQL_MAX);
    buf_lit(&s.sql, "SELECT ");
    add_columns(&s, 's', 'c');
    buf_lit(&s.sql, ", ");
    add_columns(&s, 'p', 'd');
    add_from(&s);
    match_column(&s, source->subject->object, q->object);
    match_column(&s, "product", q->product);
    match_column(&s, "channel", q->channel);
    match_common(&s, q);
    end_select(&s, place, limit);
    bool ok = s.nothing || read_rows(tx, &s, *list, e);
    buf_free(&s.sql);
    return ok;
}
