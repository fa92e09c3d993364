/* See schedule.h. */
#include "store/schedule.h"

#include "store/noted.h"
#include "store/row_write.h"
#include "store/schedule_check.h"
#include "store/schedule_row.h"
#include "store/schedule_signoffs.h"

/* ---- scheduling ---- */

bool sc_insert(struct tx *tx, const struct resource *r, const cJSON *change, int64_t *sc_id, struct error *e)
{
    const struct table *t = r->table->scheduled;
    enum change_type type;
    cJSON *columns = sc_columns(tx, r, change, NULL);
    cJSON *conditions = sc_conditions(tx, change, NULL);
    cJSON *values = sc_prefixed(tx, r, columns);
    cJSON *row;
    if (!sc_reject_own_columns(change, e) || !sc_parse_type(row_text(change, "change_type"), &type, e) ||
        !sc_validate(tx, r, &(struct sc_plan){ .type = type, .columns = columns, .conditions = conditions },
                     e)) {
        return false;
    }
    mem_check(cJSON_AddStringToObject(values, "change_type", change_type_name(type)));
    mem_check(cJSON_AddStringToObject(values, "scheduled_by", tx->actor));
    if (!row_insert(tx, t, values, &row, e)) {
        return false;
    }
    *sc_id = row_int(row, "sc_id");
    noted_set_sc_id(tx, *sc_id);
    mem_check(cJSON_AddNumberToObject(conditions, "sc_id", (double)*sc_id));
    return row_insert(tx, t->conditions, conditions, NULL, e) &&
           sc_auto_signoff(tx, r, *sc_id, type, columns, e);
}

/* ---- editing ---- */

/* Whether tx->actor could make the change SC as it is scheduled. BASE: its columns. OLD: the row of the base
 * table; if it no longer exists (NULL), what is scheduled shows whose it was. */
static bool check_scheduled(struct tx *tx, const struct resource *r, const struct sc_change *sc,
                            const cJSON *base, const cJSON *old, struct error *e)
{
    const struct sc_plan plan = { .type = sc->type, .columns = base, .sc_id = sc->id, .scheduled = true };
    return sc_check(tx, r, &plan, old != NULL ? old : base, e);
}

/* If WHAT moves the change SC to another product, tx->actor must be allowed to make it as it is scheduled so
 * far, too. Otherwise only what it becomes decides who may edit it, which sc_validate() checks. */
static bool may_take_over(struct tx *tx, const struct resource *r, const struct sc_change *sc,
                          const cJSON *what, struct error *e)
{
    cJSON *old;
    const cJSON *base = sc_base(tx, sc->row);
    const cJSON *product = json_get(what, "product");
    if (product == NULL || table_has(r->table, "product") == NULL ||
        row_same(product, json_get(base, "product"))) {
        return true;
    }
    return row_get(tx, r->table, base, ROW_SHARED, &old, e) && check_scheduled(tx, r, sc, base, old, e);
}

/* What is to be changed in a scheduled change. */
struct sc_edit {
    const cJSON *what; /* columns and conditions; those that it lacks stay */
    int64_t version;   /* at which the scheduled change has to be */
    const char *owner; /* becomes scheduled_by, and must be allowed to make the change that results */
    bool merging;      /* a direct write is merged into it */
};

/* Changes SC. History names tx->actor. All sign-offs are dropped. */
static bool edit_change(struct tx *tx, const struct resource *r, const struct sc_change *sc,
                        const struct sc_edit *edit, struct error *e)
{
    const struct table *t = r->table->scheduled;
    const char *actor = tx->actor;
    cJSON *conditions = sc_conditions(tx, edit->what, sc->conditions);
    cJSON *values = sc_prefixed(tx, r, edit->what);
    const struct sc_plan plan = {
        .type = sc->type,
        .columns = sc_columns(tx, r, edit->what, sc->row),
        .conditions = conditions,
        .sc_id = sc->id,
        .scheduled = edit->merging,
    };
    mem_check(cJSON_AddStringToObject(values, "scheduled_by", edit->owner));
    tx->actor = edit->owner;
    bool ok = sc_validate(tx, r, &plan, e);
    tx->actor = actor;
    return ok && row_update(tx, t->conditions, sc->conditions, conditions, edit->version, NULL, e) &&
           row_update(tx, t, sc->row, values, edit->version, NULL, e) && sc_drop_signoffs(tx, r, sc->id, e);
}

/* The same for tx->actor, who becomes the owner and may be signed off for, as in sc_insert(). */
static bool edit_and_sign(struct tx *tx, const struct resource *r, const struct sc_change *sc,
                          const cJSON *what, int64_t version, struct error *e)
{
    const struct sc_edit edit = { .what = what, .version = version, .owner = tx->actor };
    return may_take_over(tx, r, sc, what, e) && edit_change(tx, r, sc, &edit, e) &&
           sc_auto_signoff(tx, r, sc->id, sc->type, sc_columns(tx, r, what, sc->row), e);
}

bool sc_update(struct tx *tx, const struct resource *r, int64_t sc_id, const cJSON *what,
               int64_t sc_data_version, struct error *e)
{
    struct sc_change sc;
    return sc_reject_own_columns(what, e) && sc_open_pending(tx, r, sc_id, "update", &sc, e) &&
           edit_and_sign(tx, r, &sc, what, sc_data_version, e);
}

bool sc_revert(struct tx *tx, const struct resource *r, int64_t sc_id, const cJSON *change, struct error *e)
{
    struct sc_change sc;
    if (!sc_open_pending(tx, r, sc_id, "update", &sc, e)) {
        return false;
    }
    cJSON *what = sc_conditions(tx, change, NULL);
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        const cJSON *value = json_get(change, c->name);
        bool stays = strcmp(c->name, "data_version") == 0 ||
                     ((c->flags & COLUMN_KEY) != 0 && sc.type != CHANGE_INSERT);
        if (value != NULL && !stays) {
            cJSON_AddItemReferenceToObject(what, c->name, (cJSON *)value);
        }
    }
    return edit_and_sign(tx, r, &sc, what, sc.version, e);
}

bool sc_delete(struct tx *tx, const struct resource *r, int64_t sc_id, int64_t sc_data_version,
               struct error *e)
{
    const struct table *t = r->table->scheduled;
    struct sc_change sc;
    cJSON *old;
    if (!sc_open_pending(tx, r, sc_id, "delete", &sc, e)) {
        return false;
    }
    const cJSON *base = sc_base(tx, sc.row);
    if (!row_get(tx, r->table, base, ROW_SHARED, &old, e)) {
        return false;
    }
    return check_scheduled(tx, r, &sc, base, old, e) && row_delete(tx, t, sc.row, sc_data_version, e) &&
           row_delete(tx, t->conditions, sc.conditions, sc_data_version, e) &&
           sc_drop_signoffs(tx, r, sc_id, e);
}

/* ---- merging a direct write ---- */

/* The columns in WHAT, and data_version, whose values in NOW differ from those in OLD. */
static cJSON *changed_columns(struct tx *tx, const struct resource *r, const cJSON *old, const cJSON *what,
                              const cJSON *now)
{
    cJSON *diff = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        const cJSON *value = json_get(now, c->name);
        bool given = json_get(what, c->name) != NULL || strcmp(c->name, "data_version") == 0;
        if (given && value != NULL && !row_same(value, json_get(old, c->name))) {
            cJSON_AddItemReferenceToObject(diff, c->name, (cJSON *)value);
        }
    }
    return diff;
}

static bool merge_one(struct tx *tx, const struct resource *r, const cJSON *old, const cJSON *diff,
                      int64_t sc_id, struct error *e)
{
    struct sc_change sc;
    if (!sc_open(tx, r, sc_id, &sc, e)) {
        return false;
    }
    const cJSON *base = sc_base(tx, sc.row);
    for (const cJSON *item = diff->child; item != NULL; item = item->next) {
        if (!row_same(json_get(base, item->string), json_get(old, item->string))) {
            return fail(e, FAIL_MERGE, "Cannot safely merge change to '%s' with scheduled change '%lld'",
                        item->string, (long long)sc_id);
        }
    }
    const struct sc_edit edit = {
        .what = diff, .version = sc.version, .owner = row_text(sc.row, "scheduled_by"), .merging = true
    };
    return edit_change(tx, r, &sc, &edit, e);
}

bool sc_merge(struct tx *tx, const struct resource *r, const cJSON *old, const cJSON *what, const cJSON *now,
              struct error *e)
{
    cJSON *rows;
    if (!sc_list_pending(tx, r, old, &rows, e)) {
        return false;
    }
    const cJSON *diff = rows->child != NULL ? changed_columns(tx, r, old, what, now) : NULL;
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        if (!merge_one(tx, r, old, diff, row_int(row, "sc_id"), e)) {
            return false;
        }
    }
    return true;
}
