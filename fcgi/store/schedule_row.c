/* See schedule_row.h. */
#include "store/schedule_row.h"

#include "store/conditions.h"
#include "store/sc_view.h"

cJSON *sc_base(struct tx *tx, const cJSON *row)
{
    cJSON *plain = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const cJSON *item = row->child; item != NULL; item = item->next) {
        const char *column = sc_view_base_column(item->string);
        if (column != NULL) {
            cJSON_AddItemReferenceToObject(plain, column, (cJSON *)item);
        }
    }
    return plain;
}

cJSON *sc_prefixed(struct tx *tx, const struct resource *r, const cJSON *what)
{
    cJSON *row = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const cJSON *item = what->child; item != NULL; item = item->next) {
        if (table_has(r->table, item->string) != NULL) {
            char *name = mem_printf(tx->mem, "base_%s", item->string);
            cJSON_AddItemReferenceToObject(row, name, (cJSON *)item);
        }
    }
    return row;
}

/* Adds the conditions in SOURCE (may be NULL) that TARGET does not have yet. */
static void add_conditions(cJSON *target, const cJSON *source)
{
    for (const cJSON *item = source != NULL ? source->child : NULL; item != NULL; item = item->next) {
        if (conditions_has(item->string) && json_get(target, item->string) == NULL) {
            cJSON_AddItemReferenceToObject(target, item->string, (cJSON *)item);
        }
    }
}

cJSON *sc_conditions(struct tx *tx, const cJSON *what, const cJSON *old)
{
    cJSON *conditions = tx_keep(tx, mem_check(cJSON_CreateObject()));
    add_conditions(conditions, what);
    add_conditions(conditions, old);
    return conditions;
}

cJSON *sc_columns(struct tx *tx, const struct resource *r, const cJSON *what, const cJSON *old)
{
    cJSON *columns = tx_keep(tx, mem_check(cJSON_CreateObject()));
    const cJSON *base = old != NULL ? sc_base(tx, old) : NULL;
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        const cJSON *value = json_get(what, c->name);
        if (value == NULL && base != NULL && !cJSON_IsNull(json_get(base, c->name))) {
            value = json_get(base, c->name);
        }
        if (value != NULL) {
            cJSON_AddItemReferenceToObject(columns, c->name, (cJSON *)value);
        }
    }
    return columns;
}

bool sc_parse_type(const char *name, enum change_type *type, struct error *e)
{
    if (name == NULL) {
        return fail(e, FAIL_INVALID, "Change type is required");
    }
    return change_type_parse(name, type) || fail(e, FAIL_INVALID, "Unknown Change Type");
}

/* ---- reading ---- */

bool sc_open(struct tx *tx, const struct resource *r, int64_t sc_id, struct sc_change *sc, struct error *e)
{
    const cJSON *key = row_key_int(tx, "sc_id", sc_id);
    *sc = (struct sc_change){ .id = sc_id };
    if (!row_get(tx, r->table->scheduled, key, ROW_LOCKED, &sc->row, e) ||
        !row_get(tx, r->table->scheduled->conditions, key, ROW_LOCKED, &sc->conditions, e)) {
        return false;
    }
    if (sc->row == NULL || sc->conditions == NULL) {
        return fail(e, FAIL_NOT_FOUND, "Scheduled change does not exist");
    }
    sc->version = row_int(sc->row, "data_version");
    return sc_parse_type(row_text(sc->row, "change_type"), &sc->type, e);
}

bool sc_open_pending(struct tx *tx, const struct resource *r, int64_t sc_id, const char *verb,
                     struct sc_change *sc, struct error *e)
{
    if (!sc_open(tx, r, sc_id, sc, e)) {
        return false;
    }
    return !row_true(sc->row, "complete") ||
           fail(e, FAIL_INVALID, "Scheduled change already completed. Cannot %s now.", verb);
}

bool sc_lock_pending(struct tx *tx, const struct resource *r, int64_t sc_id, const char *verb,
                     struct error *e)
{
    struct table_query q = {
        .table = r->table->scheduled,
        .key = { { "sc_id", DB_I(sc_id) } },
        .tail = "FOR UPDATE",
    };
    cJSON *rows;
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    if (rows->child == NULL) {
        return fail(e, FAIL_NOT_FOUND, "Scheduled change does not exist");
    }
    return !row_true(rows->child, "complete") ||
           fail(e, FAIL_INVALID, "Scheduled change already completed. Cannot %s now.", verb);
}

/* With shared locks, since an adopted database lacks the index, so that every row is locked. */
bool sc_list_pending(struct tx *tx, const struct resource *r, const cJSON *key, cJSON **rows, struct error *e)
{
    struct table_query q = {
        .table = r->table->scheduled,
        .key = { { "complete", DB_I(0) } },
        .tail = "LOCK IN SHARE MODE",
    };
    unsigned n = 1;
    *rows = tx_keep(tx, mem_check(cJSON_CreateArray()));
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        const cJSON *value = json_get(key, c->name);
        if ((c->flags & COLUMN_KEY) == 0) {
            continue;
        }
        if (value == NULL || cJSON_IsNull(value)) {
            return true;
        }
        q.key[n].column = mem_printf(tx->mem, "base_%s", c->name);
        q.key[n++].value =
            cJSON_IsString(value) ? DB_S(str_of(value->valuestring)) : DB_I(row_int(key, c->name));
    }
    return row_list(tx, &q, rows, e);
}

bool sc_pending(struct tx *tx, const struct resource *r, const cJSON *key, int64_t but, bool *found,
                struct error *e)
{
    cJSON *rows;
    *found = false;
    if (!sc_list_pending(tx, r, key, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        *found |= row_int(row, "sc_id") != but;
    }
    return true;
}

bool sc_refuse_insert(struct tx *tx, const struct resource *r, const cJSON *key, struct error *e)
{
    cJSON *rows;
    if (!sc_list_pending(tx, r, key, &rows, e)) {
        return false;
    }
    return rows->child == NULL ||
           fail(e, FAIL_SCHEDULED,
                "Scheduled change %lld is to insert this row. Enact, edit or delete it first.",
                (long long)row_int(rows->child, "sc_id"));
}
