/* See schedule_check.h. */
#include "store/schedule_check.h"

#include "store/conditions.h"
#include "store/noted.h"
#include "store/sc_view.h"

static bool check_key(const struct resource *r, const cJSON *columns, struct error *e)
{
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        if ((c->flags & (COLUMN_KEY | COLUMN_AUTO)) == COLUMN_KEY && json_get(columns, c->name) == NULL) {
            return fail(e, FAIL_INVALID, "Missing primary key column '%s' which is not autoincrement",
                        c->name);
        }
    }
    return true;
}

static bool check_whole_key(const struct resource *r, const cJSON *columns, struct error *e)
{
    for (const struct column *c = r->table->column; c->name != NULL; c++) {
        const cJSON *value = (c->flags & COLUMN_KEY) != 0 ? json_get(columns, c->name) : columns;
        if (value == NULL) {
            return fail(e, FAIL_INVALID, "Missing primary key column %s. PK values needed for deletion",
                        c->name);
        }
        if (cJSON_IsNull(value)) {
            return fail(e, FAIL_INVALID, "%s value found to be None. PK value can not be None for deletion",
                        c->name);
        }
    }
    return true;
}

/* Checks that the row OLD exists (it is not NULL) or does not exist, as the type of change requires. */
static bool check_row(enum change_type type, const cJSON *columns, const cJSON *old, struct error *e)
{
    if (type == CHANGE_INSERT) {
        return old == NULL || fail(e, FAIL_INVALID, "Cannot schedule change for duplicate PK");
    }
    if (old == NULL) {
        return fail(e, FAIL_INVALID, "Cannot create scheduled change with data_version for non-existent row");
    }
    if (type == CHANGE_DELETE && row_int(columns, "data_version") == 0) {
        return fail(e, FAIL_INVALID, "old_data_version must be passed for Tables that are versioned");
    }
    return type == CHANGE_DELETE ||
           row_same(json_get(columns, "data_version"), json_get(old, "data_version")) ||
           fail(e, FAIL_OUTDATED, "Wrong data_version given for base table, cannot create scheduled change.");
}

/* The change as it would be made to OLD, the row of the base table. */
static struct change planned_change(struct tx *tx, const struct resource *r, enum change_type type,
                                    const cJSON *columns, const cJSON *old)
{
    struct change c = { .type = type, .dry = true };
    c.old = type == CHANGE_INSERT ? NULL : old;
    c.what = type == CHANGE_DELETE ? NULL : columns;
    c.now = type == CHANGE_DELETE ? NULL : row_with(tx, r->table, c.old, columns);
    return c;
}

bool sc_check(struct tx *tx, const struct resource *r, const struct sc_plan *plan, const cJSON *old,
              struct error *e)
{
    struct change c = planned_change(tx, r, plan->type, plan->columns, old);
    c.scheduled = plan->scheduled;
    return r->check(tx, &c, e);
}

static bool check_plan(struct tx *tx, const struct resource *r, const struct sc_plan *plan, const cJSON *old,
                       struct error *e)
{
    const struct change c = planned_change(tx, r, plan->type, plan->columns, old);
    if (r->plan != NULL && !r->plan(tx, &c, plan->sc_id, e)) {
        return false;
    }
    noted_add(tx, &(struct noted_change){ .how = plan->scheduled ? NOTED_MERGED : NOTED_SCHEDULED,
                                          .resource = r,
                                          .change = c,
                                          .conditions = plan->conditions,
                                          .sc_id = plan->sc_id });
    return true;
}

bool sc_validate(struct tx *tx, const struct resource *r, const struct sc_plan *plan, struct error *e)
{
    cJSON *old;
    bool twice = false;
    if (!check_key(r, plan->columns, e) ||
        (plan->type == CHANGE_DELETE && !check_whole_key(r, plan->columns, e)) ||
        !row_get(tx, r->table, plan->columns, ROW_LOCKED, &old, e) ||
        !check_row(plan->type, plan->columns, old, e)) {
        return false;
    }
    if ((plan->sc_id == 0 || plan->type == CHANGE_INSERT) &&
        !sc_pending(tx, r, plan->columns, plan->sc_id, &twice, e)) {
        return false;
    }
    if (twice) {
        return fail(e, FAIL_SCHEDULED, "Cannot schedule a change for a row with one already scheduled");
    }
    return conditions_check(tx, r->table->scheduled->conditions, plan->conditions, e) &&
           sc_check(tx, r, plan, old, e) && check_plan(tx, r, plan, old, e);
}

bool sc_reject_own_columns(const cJSON *change, struct error *e)
{
    static const char *const ours[] = { "sc_id", "complete", "scheduled_by" };
    for (const cJSON *item = change->child; item != NULL; item = item->next) {
        bool refused = sc_view_base_column(item->string) != NULL;
        for (unsigned i = 0; i < ARRAY_LEN(ours); i++) {
            refused |= strcmp(item->string, ours[i]) == 0;
        }
        if (refused) {
            return fail(e, FAIL_INVALID, "%s cannot be set when scheduling a change", item->string);
        }
    }
    return true;
}
