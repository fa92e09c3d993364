/* See changes.h. A change passes through here as JSON, with the columns' own names, from wherever it comes.
 */
#include "explain/changes.h"

#include "core/interner.h"
#include "store/schedule_list.h"

/* A v2 release that an edit gives as a whole: as a row of the table of v1 releases would hold it. */
static const struct table whole_release = {
    .name = "v2/releases",
    .column = { { "name", COLUMN_TEXT, COLUMN_KEY },
                { "product", COLUMN_TEXT, 0 },
                { "data_version", COLUMN_INT, 0 },
                { "data", COLUMN_JSON, COLUMN_BIG } },
};

/* What can be changed, by the names that the API has for it, and those of the tables. */
static const struct {
    const char *name;
    const struct table *table;
} kinds[] = {
    { "rules", &table_rules },
    { "releases", &table_releases },
    { "v2/releases", &whole_release },
    { "releases_json", &table_releases_json },
    { "release_assets", &table_release_assets },
    { "pinnable_releases", &table_pinnable_releases },
    { "emergency_shutoff", &table_emergency_shutoffs },
    { "emergency_shutoffs", &table_emergency_shutoffs },
    { "partial_stops", &table_partial_stops },
    { "balrog_partial_stops", &table_partial_stops },
};

static const struct table *find_kind(struct str name, struct error *e)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_eq(name, str_of(kinds[i].name))) {
            return kinds[i].table;
        }
    }
    fail(e, FAIL_INVALID,
         "'%.*s' is not a kind of change that bears on answers: rules, releases, v2/releases, "
         "pinnable_releases, emergency_shutoff or partial_stops",
         (int)(name.n < 60 ? name.n : 60), name.p != NULL ? name.p : "");
    return NULL;
}

/* ---- the row as it is ---- */

struct changed_keys {
    struct arena arena;
    struct interner texts; /* of keys; the payload is the number of the last change, from 1 on */
    struct buf scratch;
};

static int free_scratch(struct changed_keys *keys)
{
    buf_free(&keys->scratch);
    return 0;
}

static struct changed_keys *keys_of(struct tx *tx, struct row_changes *changes)
{
    if (changes->keys == NULL) {
        changes->keys = mem_new(tx->mem, struct changed_keys);
        arena_init(&changes->keys->arena, changes->keys, 4096);
        interner_init(&changes->keys->texts, changes->keys, &changes->keys->arena);
        buf_init(&changes->keys->scratch, 256, SIZE_MAX);
        talloc_set_destructor(changes->keys, free_scratch);
    }
    return changes->keys;
}

/* T and the values of KEY's key as one text, valid until the next call. */
static struct str key_text(struct changed_keys *keys, const struct table *t, const cJSON *key)
{
    buf_reset(&keys->scratch);
    buf_str(&keys->scratch, str_of(t->name));
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_KEY) != 0) {
            const cJSON *value = json_get(key, c->name);
            buf_char(&keys->scratch, '\0');
            buf_str(&keys->scratch, str_of(cJSON_GetStringValue(value)));
            buf_int(&keys->scratch, cJSON_IsNumber(value) ? row_int(key, c->name) : 0);
        }
    }
    return buf_view(&keys->scratch);
}

/* The row with KEY's key as the changes so far leave it; *FOUND: one of them is for it. */
static const cJSON *changed_row(struct tx *tx, struct row_changes *changes, const struct table *t,
                                const cJSON *key, bool *found)
{
    struct changed_keys *keys = keys_of(tx, changes);
    const struct interned *known = interner_find(&keys->texts, 0, key_text(keys, t, key));
    *found = known != NULL;
    return known != NULL ? changes->list[(uintptr_t)known->payload - 1].now : NULL;
}

static void append_change(struct tx *tx, struct row_changes *changes, const struct row_change *c)
{
    struct changed_keys *keys = keys_of(tx, changes);
    changes->list = mem_grow(tx->mem, changes->list, struct row_change, changes->n);
    changes->list[changes->n++] = *c;
    struct str text = key_text(keys, c->table, c->now != NULL ? c->now : c->old);
    interner_get(&keys->texts, 0, text)->payload = (void *)(uintptr_t)changes->n;
}

/* Text and number columns of a key as parameters; false where KEY has not the whole key. */
static bool make_query(const struct table *t, const cJSON *key, struct table_query *q)
{
    unsigned n = 0;
    *q = (struct table_query){ .table = t == &whole_release ? &table_releases_json : t };
    for (const struct column *c = t->column; c->name != NULL; c++) {
        const cJSON *value = (c->flags & COLUMN_KEY) != 0 ? json_get(key, c->name) : NULL;
        if ((c->flags & COLUMN_KEY) == 0) {
            continue;
        }
        if (value == NULL || cJSON_IsNull(value)) {
            return false;
        }
        q->key[n].column = c->name;
        q->key[n++].value =
            cJSON_IsString(value) ? DB_S(str_of(value->valuestring)) : DB_I(row_int(key, c->name));
    }
    return true;
}

/* *ROW: the row of T with KEY's key, without its big column; NULL when there is none. */
static bool find_row(struct tx *tx, struct row_changes *changes, const struct table *t, const cJSON *key,
                     const cJSON **row, struct error *e)
{
    bool found;
    cJSON *rows;
    struct table_query q;
    *row = changed_row(tx, changes, t, key, &found);
    if (found || !make_query(t, key, &q)) {
        return true;
    }
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    *row = rows->child;
    return true;
}

/* ---- one change ---- */

/* "rules 12", for messages. */
static const char *row_title(struct tx *tx, const struct table *t, const cJSON *key)
{
    char *title = mem_strdup(tx->mem, t->name);
    for (const struct column *c = t->column; c->name != NULL; c++) {
        const cJSON *value = (c->flags & COLUMN_KEY) != 0 ? json_get(key, c->name) : NULL;
        if (cJSON_IsString(value)) {
            title = mem_check(talloc_asprintf_append_buffer(title, " %.100s", value->valuestring));
        } else if (cJSON_IsNumber(value)) {
            title =
                mem_check(talloc_asprintf_append_buffer(title, " %lld", (long long)row_int(key, c->name)));
        }
    }
    return title;
}

/* Whether the change is for the row as it is: OLD, or NULL. */
static bool fits_row(struct tx *tx, const struct row_change *c, const cJSON *what, struct error *e)
{
    const char *title = row_title(tx, c->table, what);
    int64_t version = row_int(what, "data_version");
    if (c->type == CHANGE_INSERT) {
        return c->old == NULL || fail(e, FAIL_INVALID, "%s is there already: it cannot be inserted", title);
    }
    if (c->old == NULL) {
        return fail(e, FAIL_INVALID, "%s is not there: it cannot be changed or deleted", title);
    }
    return version == 0 || version == row_int(c->old, "data_version") ||
           fail(e, FAIL_OUTDATED, "%s is at data_version %lld, and the change is for %lld", title,
                (long long)row_int(c->old, "data_version"), (long long)version);
}

/* The column of T, rules or partial stops, that the database numbers; NULL: it has none. */
static const char *numbered_column(const struct table *t)
{
    for (const struct column *c = t->column; c->name != NULL; c++) {
        if ((c->flags & COLUMN_AUTO) != 0) {
            return c->name;
        }
    }
    return NULL;
}

/* The number that the next row of T would get in COLUMN: one more than the highest there is or was. */
static bool next_number(struct tx *tx, const struct row_changes *changes, const struct table *t,
                        const char *column, int64_t *id, struct error *e)
{
    const char *sql = mem_printf(tx->mem,
                                 "SELECT GREATEST((SELECT COALESCE(MAX(%s), 0) FROM %s),"
                                 " (SELECT COALESCE(MAX(%s), 0) FROM %s))",
                                 column, t->name, column, t->history->name);
    struct db_rows *rows = db_query(tx->db, sql, NULL, 0, e);
    *id = db_next(rows, e) ? db_int(rows, 0) : 0;
    bool ok = db_finish(rows);
    for (size_t i = 0; i < changes->n; i++) {
        const struct row_change *c = &changes->list[i];
        int64_t used = c->table == t ? row_int(c->now, column) : 0;
        *id = used > *id ? used : *id;
    }
    ++*id;
    return ok;
}

static bool number_row(struct tx *tx, const struct row_changes *changes, const struct table *t, cJSON *row,
                       struct error *e)
{
    int64_t id;
    const char *column = numbered_column(t);
    if (column == NULL) {
        return true;
    }
    if (!next_number(tx, changes, t, column, &id, e)) {
        return false;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(row, column);
    mem_check(cJSON_AddNumberToObject(row, column, (double)id));
    return true;
}

/* Adds the change of TYPE with the columns of WHAT to the row of T that these name. */
static bool add_row_change(struct tx *tx, struct row_changes *changes, const struct table *t,
                           enum change_type type, const cJSON *what, int64_t sc_id, struct error *e)
{
    struct row_change c = { .table = t, .type = type, .sc_id = sc_id };
    if (changes->n == ROW_CHANGES_PARTS_MAX) {
        return fail(e, FAIL_INVALID, "More than %d rows would be changed", ROW_CHANGES_PARTS_MAX);
    }
    if (!find_row(tx, changes, t, what, &c.old, e) || !fits_row(tx, &c, what, e)) {
        return false;
    }
    if (type != CHANGE_DELETE) {
        cJSON *now = row_with(tx, t, c.old, what);
        if (c.old == NULL && !number_row(tx, changes, t, now, e)) {
            return false;
        }
        c.now = now;
    }
    append_change(tx, changes, &c);
    return true;
}

static bool parse_type(const char *name, enum change_type *type, struct error *e)
{
    return change_type_parse(name, type) ||
           fail(e, FAIL_INVALID, "change_type has to be insert, update or delete");
}

/* ---- scheduled changes ---- */

/* SC as sc_get() gives it. */
static bool add_scheduled(struct tx *tx, struct row_changes *changes, const struct table *t, const cJSON *sc,
                          struct error *e)
{
    enum change_type type;
    int64_t sc_id = row_int(sc, "sc_id");
    if (row_true(sc, "complete")) {
        return fail(e, FAIL_INVALID, "Scheduled change %lld of %s is complete", (long long)sc_id, t->name);
    }
    return parse_type(row_text(sc, "change_type"), &type, e) &&
           add_row_change(tx, changes, t, type, sc, sc_id, e);
}

static bool add_by_id(struct tx *tx, struct row_changes *changes, const struct table *t, int64_t sc_id,
                      struct error *e)
{
    cJSON *sc;
    const struct resource r = { .table = t };
    if (!sc_get(tx, &r, sc_id, ROW_PLAIN, &sc, e)) {
        return false;
    }
    if (sc == NULL) {
        return fail(e, FAIL_INVALID, "There is no scheduled change %lld of %s", (long long)sc_id, t->name);
    }
    return add_scheduled(tx, changes, t, sc, e);
}

/* All that is scheduled for the rows of T with that NAME. */
static bool add_by_name(struct tx *tx, struct row_changes *changes, const struct table *t, struct str name,
                        struct error *e)
{
    cJSON *list;
    const struct resource r = { .table = t };
    const struct sc_query q = { .key = { { "name", DB_S(name) } }, .without_needs = true };
    if (!sc_list(tx, &r, &q, &list, e)) {
        return false;
    }
    for (const cJSON *sc = list->child; sc != NULL; sc = sc->next) {
        if (!add_scheduled(tx, changes, t, sc, e)) {
            return false;
        }
    }
    return true;
}

static bool add_parts(struct tx *tx, struct row_changes *changes, struct str name, struct error *e)
{
    size_t before = changes->n;
    return add_by_name(tx, changes, &table_releases_json, name, e) &&
           add_by_name(tx, changes, &table_release_assets, name, e) &&
           (changes->n > before || fail(e, FAIL_INVALID, "Nothing is scheduled for the v2 release '%.*s'",
                                        (int)(name.n < 100 ? name.n : 100), name.p));
}

static bool parse_id(struct str text, int64_t *id)
{
    *id = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9' || text.n > 15) {
            return false;
        }
        *id = *id * 10 + (text.p[i] - '0');
    }
    return *id > 0;
}

static bool count_name(struct row_changes *changes, struct error *e)
{
    return changes->named++ < ROW_CHANGES_MAX ||
           fail(e, FAIL_INVALID, "More than %d changes", ROW_CHANGES_MAX);
}

bool row_changes_add_scheduled(struct tx *tx, struct row_changes *changes, struct str name, struct error *e)
{
    if (!count_name(changes, e)) {
        return false;
    }
    int64_t id;
    struct str kind, rest = name;
    str_split(&rest, ':', &kind);
    const struct table *t = find_kind(kind, e);
    if (t == NULL) {
        return false;
    }
    if (t == &whole_release) {
        return rest.n > 0 ? add_parts(tx, changes, rest, e)
                          : fail(e, FAIL_INVALID, "v2/releases needs a name: v2/releases:NAME");
    }
    return parse_id(rest, &id)
               ? add_by_id(tx, changes, t, id, e)
               : fail(e, FAIL_INVALID, "'%.*s' is not a scheduled change: wanted is %.*s:SC_ID",
                      (int)(name.n < 60 ? name.n : 60), name.p, STR_ARG(kind));
}

bool row_changes_add_names(struct tx *tx, struct row_changes *changes, struct str names, struct error *e)
{
    struct str name;
    while (names.n > 0 && str_split(&names, ',', &name)) {
        if (!row_changes_add_scheduled(tx, changes, str_strip(name), e)) {
            return false;
        }
    }
    return true;
}

/* ---- edits ---- */

static bool wrong(const char *name, const char *wanted, struct error *e)
{
    return fail(e, FAIL_INVALID, "%s has to be %s", name, wanted);
}

/* A number may come as a string that holds one, as everywhere in the API. */
static bool take_int(cJSON *what, const char *name, const cJSON *value, struct error *e)
{
    int64_t n;
    if (cJSON_IsString(value) && parse_id(str_strip(str_of(value->valuestring)), &n)) {
        mem_check(cJSON_AddNumberToObject(what, name, (double)n));
        return true;
    }
    if (cJSON_IsString(value) && str_eq(str_strip(str_of(value->valuestring)), STR("0"))) {
        mem_check(cJSON_AddNumberToObject(what, name, 0));
        return true;
    }
    if (!json_int(value, 0, INT32_MAX, &n)) {
        return wrong(name, "a whole number, not below 0", e);
    }
    mem_check(cJSON_AddNumberToObject(what, name, (double)n));
    return true;
}

/* Lists of a rule are stored without any white space, as the API's own forms do it. */
static bool is_list(const char *name)
{
    return strcmp(name, "locale") == 0 || strcmp(name, "distribution") == 0;
}

static struct str without_spaces(struct tx *tx, struct str text)
{
    char *copy = mem_strndup(tx->mem, text.p, text.n);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (str_strip(str_slice(text, i, i + 1)).n > 0) {
            copy[n++] = text.p[i];
        }
    }
    return (struct str){ copy, n };
}

static bool take_text(struct tx *tx, cJSON *what, const char *name, const cJSON *value, struct error *e)
{
    if (!cJSON_IsString(value)) {
        return wrong(name, "a string", e);
    }
    struct str text = str_strip(str_of(value->valuestring));
    text = is_list(name) ? without_spaces(tx, text) : text;
    cJSON_AddItemToObject(what, name, text.n > 0 ? json_text(text) : mem_check(cJSON_CreateNull()));
    return true;
}

static bool take_json(struct tx *tx, cJSON *what, const char *name, const cJSON *value, struct error *e)
{
    struct error why;
    cJSON *parsed = NULL;
    if (cJSON_IsString(value)) {
        parsed = json_parse(str_of(value->valuestring), &why);
        if (parsed == NULL) {
            return fail(e, FAIL_INVALID, "%s is not valid JSON: %s", name, why.what);
        }
        value = tx_keep(tx, parsed);
    }
    if (!cJSON_IsObject(value)) {
        return wrong(name, "an object, or a string that holds one", e);
    }
    cJSON_AddItemReferenceToObject(what, name, (cJSON *)value);
    return true;
}

static bool take_column(struct tx *tx, cJSON *what, const struct column *c, const cJSON *value,
                        struct error *e)
{
    if (cJSON_IsNull(value) && (c->flags & COLUMN_KEY) == 0) {
        cJSON_AddItemToObject(what, c->name, mem_check(cJSON_CreateNull()));
        return true;
    }
    switch (c->type) {
    case COLUMN_INT:
        return take_int(what, c->name, value, e);
    case COLUMN_TEXT:
        return take_text(tx, what, c->name, value, e);
    case COLUMN_BOOL:
        cJSON_AddItemToObject(what, c->name, mem_check(cJSON_CreateBool(cJSON_IsTrue(value))));
        return cJSON_IsBool(value) || wrong(c->name, "true or false", e);
    default:
        return take_json(tx, what, c->name, value, e);
    }
}

/* The member of an edit that is no column. */
static bool is_ours(const char *name)
{
    return strcmp(name, "table") == 0 || strcmp(name, "change_type") == 0;
}

/* The columns of T in EDIT, as they would be stored; NULL when one is wrong. */
static cJSON *take_columns(struct tx *tx, const struct table *t, const cJSON *edit, struct error *e)
{
    cJSON *what = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const cJSON *item = edit->child; item != NULL; item = item->next) {
        const char *name = strcmp(item->string, "blob") == 0 ? "data" : item->string;
        const struct column *c = table_has(t, name);
        if (is_ours(name)) {
            continue;
        }
        if (c == NULL) {
            fail(e, FAIL_INVALID, "%s has no column '%.60s'", t->name, item->string);
            return NULL;
        }
        if (json_get(what, name) != NULL) {
            fail(e, FAIL_INVALID, "%s is given twice", name);
            return NULL;
        }
        if (!take_column(tx, what, c, item, e)) {
            return NULL;
        }
    }
    return what;
}

/* Whether WHAT has the key columns that a change of TYPE needs. */
static bool has_key(const struct table *t, enum change_type type, const cJSON *what, struct error *e)
{
    for (const struct column *c = t->column; c->name != NULL; c++) {
        bool given = json_get(what, c->name) != NULL && !cJSON_IsNull(json_get(what, c->name));
        bool numbered = type == CHANGE_INSERT && (c->flags & COLUMN_AUTO) != 0;
        if ((c->flags & COLUMN_KEY) == 0) {
            continue;
        }
        if (numbered && given) {
            return fail(e, FAIL_INVALID, "%s cannot be given for an insert: the database gives it", c->name);
        }
        if (!numbered && !given) {
            return fail(e, FAIL_INVALID, "%s is needed to say which row of %s is meant", c->name, t->name);
        }
    }
    return true;
}

static bool add_edit(struct tx *tx, struct row_changes *changes, const struct table *t, const cJSON *edit,
                     struct error *e)
{
    enum change_type type;
    if (!parse_type(json_get_string(edit, "change_type"), &type, e)) {
        return false;
    }
    cJSON *what = take_columns(tx, t, edit, e);
    return what != NULL && has_key(t, type, what, e) && add_row_change(tx, changes, t, type, what, 0, e);
}

bool row_changes_add(struct tx *tx, struct row_changes *changes, const cJSON *change, struct error *e)
{
    int64_t id;
    if (cJSON_IsString(change)) {
        return row_changes_add_scheduled(tx, changes, str_of(change->valuestring), e);
    }
    if (!count_name(changes, e)) {
        return false;
    }
    const char *name = json_get_string(change, "table");
    if (name == NULL) {
        return fail(e, FAIL_INVALID, "A change has to be a text like 'rules:12', or an object with a table");
    }
    const struct table *t = find_kind(str_of(name), e);
    if (t == NULL) {
        return false;
    }
    const cJSON *sc_id = json_get(change, "sc_id");
    if (sc_id == NULL) {
        return add_edit(tx, changes, t, change, e);
    }
    return json_int(sc_id, 1, INT32_MAX, &id) && t != &whole_release
               ? add_by_id(tx, changes, t, id, e)
               : wrong("sc_id", "the number of a scheduled change", e);
}

/* ---- as JSON ---- */

static cJSON *change_json(const struct row_change *c)
{
    const cJSON *row = c->now != NULL ? c->now : c->old;
    cJSON *json = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddStringToObject(json, "table", c->table->name));
    mem_check(cJSON_AddStringToObject(json, "change_type", change_type_name(c->type)));
    cJSON_AddItemToObject(
        json, "sc_id", mem_check(c->sc_id != 0 ? cJSON_CreateNumber((double)c->sc_id) : cJSON_CreateNull()));
    for (const struct column *column = c->table->column; column->name != NULL; column++) {
        if ((column->flags & COLUMN_KEY) != 0) {
            const cJSON *value = json_get(row, column->name);
            cJSON_AddItemToObject(json, column->name, mem_check(cJSON_Duplicate(value, true)));
        }
    }
    return json;
}

cJSON *row_changes_json(struct tx *tx, const struct row_changes *changes)
{
    cJSON *list = tx_keep(tx, mem_check(cJSON_CreateArray()));
    for (size_t i = 0; i < changes->n; i++) {
        cJSON_AddItemToArray(list, change_json(&changes->list[i]));
    }
    return list;
}
