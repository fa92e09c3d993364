/* See resource_write.h. */
#include "store/resource_write.h"

#include "store/noted.h"
#include "store/row_write.h"
#include "store/schedule.h"
#include "store/schedule_row.h"

/* Checks that the change may be made by tx->actor, is valid, and has enough sign-offs in GIVEN. */
static bool approve_change(struct tx *tx, const struct resource *r, const struct change *c,
                           const cJSON *given, struct error *e)
{
    cJSON *needs;
    void *outer = tx_step_begin(tx);
    bool ok = r->check(tx, c, e) && resource_needs(tx, r, c, &needs, e) && signoff_verify(needs, given, e);
    tx_step_end(tx, outer);
    return ok;
}

/* The row is written: what follows from that. GIVEN is not NULL if C was scheduled before. */
static bool follow_up(struct tx *tx, const struct resource *r, const struct change *c, const cJSON *given,
                      struct error *e)
{
    noted_add(tx, &(struct noted_change){
                      .how = given != NULL ? NOTED_ENACTED : NOTED_MADE, .resource = r, .change = *c });
    return r->after == NULL || r->after(tx, c, e);
}

bool resource_insert(struct tx *tx, const struct resource *r, const cJSON *values, const cJSON *given,
                     cJSON **row, struct error *e)
{
    struct change c = { .type = CHANGE_INSERT, .what = values, .now = row_with(tx, r->table, NULL, values) };
    cJSON *now;
    if (!approve_change(tx, r, &c, given, e) || !sc_refuse_insert(tx, r, c.now, e) ||
        !row_insert(tx, r->table, values, &now, e)) {
        return false;
    }
    c.now = now;
    if (row != NULL) {
        *row = now;
    }
    return follow_up(tx, r, &c, given, e);
}

static bool read_old(struct tx *tx, const struct resource *r, const cJSON *key, cJSON **old, struct error *e)
{
    return row_get(tx, r->table, key, ROW_LOCKED, old, e) &&
           (*old != NULL || fail(e, FAIL_NOT_FOUND, "where clause matched no rows"));
}

/* If C was made from an older version of the row, *DATA_VERSION, merges it with the row as it is now. */
static bool merge_versions(struct tx *tx, const struct resource *r, struct change *c, int64_t *data_version,
                           struct error *e)
{
    cJSON *merged;
    int64_t tip = row_int(c->old, "data_version");
    if (tip == *data_version || r->merge == NULL) {
        return true; /* row_update() refuses other versions */
    }
    if (!r->merge(tx, c, *data_version, &merged, e)) {
        return false;
    }
    c->what = merged;
    c->now = row_with(tx, r->table, c->old, merged);
    *data_version = tip;
    return r->check(tx, c, e);
}

bool resource_update(struct tx *tx, const struct resource *r, const struct resource_edit *edit, cJSON **row,
                     struct error *e)
{
    int64_t data_version = edit->data_version;
    cJSON *old = edit->old, *now;
    if (old == NULL && !read_old(tx, r, edit->key, &old, e)) {
        return false;
    }
    struct change c = {
        .type = CHANGE_UPDATE, .old = old, .what = edit->what, .now = row_with(tx, r->table, old, edit->what)
    };
    if (!approve_change(tx, r, &c, edit->given, e) || !merge_versions(tx, r, &c, &data_version, e) ||
        !row_update_text(tx, r->table, old, c.what, edit->text, data_version, &now, e) ||
        (!edit->partial && !sc_merge(tx, r, old, c.what, now, e))) {
        return false;
    }
    c.now = now;
    if (row != NULL) {
        *row = now;
    }
    return follow_up(tx, r, &c, edit->given, e);
}

bool resource_delete(struct tx *tx, const struct resource *r, const cJSON *key, int64_t data_version,
                     const cJSON *given, struct error *e)
{
    cJSON *old;
    bool scheduled;
    if (!read_old(tx, r, key, &old, e)) {
        return false;
    }
    struct change c = { .type = CHANGE_DELETE, .old = old };
    if (!approve_change(tx, r, &c, given, e) || !row_delete(tx, r->table, old, data_version, e) ||
        !sc_pending(tx, r, old, 0, &scheduled, e)) {
        return false;
    }
    if (scheduled) {
        return fail(e, FAIL_SCHEDULED, "Cannot delete rows that have changes scheduled.");
    }
    return follow_up(tx, r, &c, given, e);
}
