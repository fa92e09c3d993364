/* See resource.h. */
#include "store/resource.h"

#include "store/schedule.h"

bool resource_needs(struct tx *tx, const struct resource *r, const struct change *c, cJSON **needs,
                    struct error *e)
{
    *needs = needs_new(tx);
    return r->require == NULL || r->require(tx, c, *needs, e);
}

/* The product of ROW, of R's table; NULL: none. */
static bool product_of(struct tx *tx, const struct resource *r, const cJSON *row, const char **product,
                       struct error *e)
{
    cJSON *rows;
    struct table_query q = {
        .table = &table_releases_json,
        .key = { { "name", DB_S(str_of(row_text(row, "name"))) } },
        .tail = tx_share(tx),
    };
    *product = r->scope == SCOPE_COLUMN ? row_text(row, "product") : NULL;
    if (r->scope != SCOPE_RELEASE || row_text(row, "name") == NULL) {
        return true;
    }
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    *product = row_text(rows->child, "product");
    return true;
}

bool resource_is_admin(struct tx *tx, const struct resource *r, const char *username, const cJSON *old,
                       const cJSON *now, bool *is, struct error *e)
{
    const cJSON *const rows[] = { old, now };
    *is = old != NULL || now != NULL;
    for (unsigned i = 0; i < 2; i++) {
        const char *product;
        bool of_product = true;
        if (rows[i] != NULL && (!product_of(tx, r, rows[i], &product, e) ||
                                !access_is_admin(tx, username, product, &of_product, e))) {
            return false;
        }
        *is = *is && of_product;
    }
    return true;
}

/* Whether the change may be made: by tx->actor, as it is, with the sign-offs GIVEN. */
static bool approve(struct tx *tx, const struct resource *r, const struct change *c, const cJSON *given,
                    struct error *e)
{
    cJSON *needs;
    return r->check(tx, c, e) && resource_needs(tx, r, c, &needs, e) && signoff_verify(needs, given, e);
}

static bool after(struct tx *tx, const struct resource *r, const struct change *c, struct error *e)
{
    return r->after == NULL || r->after(tx, c, e);
}

bool resource_insert(struct tx *tx, const struct resource *r, const cJSON *values, const cJSON *given,
                     cJSON **row, struct error *e)
{
    struct change c = { .type = CHANGE_INSERT, .what = values, .now = row_with(tx, r->table, NULL, values) };
    cJSON *now;
    if (!approve(tx, r, &c, given, e) || !sc_refuse_insert(tx, r, c.now, e) ||
        !row_insert(tx, r->table, values, &now, e)) {
        return false;
    }
    c.now = now;
    if (row != NULL) {
        *row = now;
    }
    return after(tx, r, &c, e);
}

static bool read_old(struct tx *tx, const struct resource *r, const cJSON *key, cJSON **old, struct error *e)
{
    return row_get(tx, r->table, key, ROW_LOCKED, old, e) &&
           (*old != NULL || fail(e, FAIL_NOT_FOUND, "where clause matched no rows"));
}

/* Where C is made on an old version of the row: what is to be written to the one that there is. */
static bool catch_up(struct tx *tx, const struct resource *r, struct change *c, int64_t *data_version,
                     struct error *e)
{
    cJSON *merged;
    int64_t tip = row_int(c->old, "data_version");
    if (tip == *data_version || r->merge == NULL) {
        return true; /* row_update() finds out */
    }
    if (!r->merge(tx, c, *data_version, &merged, e)) {
        return false;
    }
    c->what = merged;
    c->now = row_with(tx, r->table, c->old, merged);
    *data_version = tip;
    return r->check(tx, c, e);
}

bool resource_update(struct tx *tx, const struct resource *r, const cJSON *key, const cJSON *what,
                     int64_t data_version, const cJSON *given, cJSON **row, struct error *e)
{
    cJSON *old, *now;
    if (!read_old(tx, r, key, &old, e)) {
        return false;
    }
    struct change c = {
        .type = CHANGE_UPDATE, .old = old, .what = what, .now = row_with(tx, r->table, old, what)
    };
    if (!approve(tx, r, &c, given, e) || !catch_up(tx, r, &c, &data_version, e) ||
        !row_update(tx, r->table, old, c.what, data_version, &now, e) ||
        !sc_merge(tx, r, old, c.what, now, e)) {
        return false;
    }
    c.now = now;
    if (row != NULL) {
        *row = now;
    }
    return after(tx, r, &c, e);
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
    if (!approve(tx, r, &c, given, e) || !row_delete(tx, r->table, old, data_version, e) ||
        !sc_pending(tx, r, old, 0, &scheduled, e)) {
        return false;
    }
    if (scheduled) {
        return fail(e, FAIL_SCHEDULED, "Cannot delete rows that have changes scheduled.");
    }
    return after(tx, r, &c, e);
}
