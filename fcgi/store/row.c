/* See row.h. */
#include "store/row.h"

#include "core/tree.h"
#include "store/release_history.h"

#include <stdlib.h>

static const int64_t EXACT_MAX = 9000000000000000; /* whole numbers up to this are exact in a double */

/* ---- columns of a row ---- */

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

/* ---- values that were given ---- */

static bool wrong_type(const struct column *c, const char *wanted, struct error *e)
{
    return fail(e, FAIL_INVALID, "%s: not %s", c->name, wanted);
}

/* VALUE as a whole number: it is one, or a string that holds one. */
static bool convert_int(const struct column *c, const cJSON *value, int64_t *n, struct error *e)
{
    if (json_int(value, -EXACT_MAX, EXACT_MAX, n)) {
        return true;
    }
    char *end = NULL;
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    *n = strtoll(text, &end, 10);
    return (end != text && *end == '\0') || wrong_type(c, "a whole number", e);
}

static bool convert_bool(const struct column *c, const cJSON *value, int64_t *n, struct error *e)
{
    *n = cJSON_IsTrue(value) || (cJSON_IsNumber(value) && value->valuedouble == 1);
    return cJSON_IsBool(value) || cJSON_IsNumber(value) || wrong_type(c, "true or false", e);
}

static struct str print_json(struct tx *tx, const cJSON *value)
{
    struct buf text;
    buf_init(&text, 256, SIZE_MAX);
    json_print(&text, value, JSON_DUMPS);
    return buf_keep(tx->mem, &text);
}

bool row_bind(struct tx *tx, const struct column *c, const cJSON *value, struct db_value *param,
              struct error *e)
{
    int64_t n = 0;
    bool ok = true;
    *param = (struct db_value){ .type = DB_NULL };
    if (value == NULL || cJSON_IsNull(value)) {
        if (value == NULL && (c->flags & COLUMN_FALSE) != 0) {
            *param = DB_I(0);
        }
        return true;
    }
    switch (c->type) {
    case COLUMN_INT:
        ok = convert_int(c, value, &n, e);
        *param = DB_I(n);
        return ok;
    case COLUMN_BOOL:
        ok = convert_bool(c, value, &n, e);
        *param = DB_I(n);
        return ok;
    case COLUMN_JSON:
        *param = DB_S(print_json(tx, value));
        return true;
    default:
        *param = DB_S(cJSON_IsString(value) ? str_of(value->valuestring) : STR_NONE);
        return cJSON_IsString(value) || wrong_type(c, "a string", e);
    }
}

/* A value that shares the children of VALUE, an object or array. */
static cJSON *share_children(const cJSON *value)
{
    cJSON *shared = mem_check(cJSON_CreateNull());
    *shared = (cJSON){ .type = value->type | cJSON_IsReference, .child = value->child };
    return shared;
}

/* VALUE (NULL: not given) as it looks once it is stored in the column C. A value of the wrong type stays as
 * it is: row_bind() refuses it. */
static cJSON *column_value(const struct column *c, const cJSON *value)
{
    int64_t n;
    if (value == NULL || cJSON_IsNull(value)) {
        bool is_false = value == NULL && (c->flags & COLUMN_FALSE) != 0;
        return mem_check(is_false ? cJSON_CreateFalse() : cJSON_CreateNull());
    }
    if (c->type == COLUMN_INT && convert_int(c, value, &n, NULL)) {
        return mem_check(cJSON_CreateNumber((double)n));
    }
    if (c->type == COLUMN_BOOL && convert_bool(c, value, &n, NULL)) {
        return mem_check(cJSON_CreateBool(n != 0));
    }
    if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
        return share_children(value);
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
            cJSON_AddItemToObject(row, c->name, column_value(c, value));
        }
    }
    return row;
}

/* ---- reading ---- */

bool row_list(struct tx *tx, const struct table_query *q, cJSON **rows, struct error *e)
{
    struct db_rows *result = table_find(tx->db, q, e);
    *rows = tx_keep(tx, mem_check(cJSON_CreateArray()));
    while (table_next(result, q, e)) {
        cJSON_AddItemToArray(*rows, table_row(q->table, result));
    }
    return db_finish(result);
}

/* Reads the first row of Q, which lacks its keys: those of KEY. */
static bool get_by_key(struct tx *tx, struct table_query *q, const cJSON *key, cJSON **row, struct error *e)
{
    unsigned n = 0;
    *row = NULL;
    for (const struct column *c = q->table->column; c->name != NULL; c++) {
        const cJSON *value = json_get(key, c->name);
        if ((c->flags & COLUMN_KEY) == 0) {
            continue;
        }
        if (value == NULL || cJSON_IsNull(value)) {
            return true; /* keys are never null */
        }
        q->key[n].column = c->name;
        if (!row_bind(tx, c, value, &q->key[n++].value, e)) {
            return false;
        }
    }
    bool ok = table_get(tx->db, q, row, e);
    tx_keep(tx, *row);
    return ok;
}

bool row_get(struct tx *tx, const struct table *t, const cJSON *key, enum row_lock lock, cJSON **row,
             struct error *e)
{
    static const char *const tails[] = {
        [ROW_PLAIN] = NULL, [ROW_SHARED] = "LOCK IN SHARE MODE", [ROW_LOCKED] = "FOR UPDATE"
    };
    struct table_query q = { .table = t, .with_big = true, .tail = tails[lock] };
    return get_by_key(tx, &q, key, row, e);
}

bool row_get_release_text(struct tx *tx, const struct table *t, const cJSON *key, cJSON **row,
                          struct str *text, struct error *e)
{
    *text = STR_NONE;
    struct table_query q = { .table = t,
                             .with_big = true,
                             .big_owner = tx->mem,
                             .big_unparsed = true,
                             .big_text = text,
                             .tail = "FOR UPDATE" };
    if (!get_by_key(tx, &q, key, row, e)) {
        return false;
    }
    if (*row != NULL) {
        const char *path = row_text(*row, "path");
        release_history_seen(
            tx, (struct recorded_row){ t->name, row_text(*row, "name"), path != NULL ? path : "" },
            row_int(*row, "data_version"), *text);
    }
    return true;
}

void row_parse_release(struct tx *tx, const struct table *t, cJSON *row, struct str text)
{
    table_add_big(row, &t->column[table_column(t, "data")], text, tx->mem);
}

bool row_get_release(struct tx *tx, const struct table *t, const cJSON *key, cJSON **row, struct error *e)
{
    struct str text;
    if (!row_get_release_text(tx, t, key, row, &text, e)) {
        return false;
    }
    if (*row != NULL) {
        row_parse_release(tx, t, *row, text);
    }
    return true;
}
