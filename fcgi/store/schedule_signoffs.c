/* See schedule_signoffs.h. (reference: SignoffsTable) */
#include "store/schedule_signoffs.h"

#include "store/noted.h"
#include "store/row_write.h"
#include "store/schedule_row.h"
#include "store/signoff_content.h"

/* ---- reading ---- */

static bool list_signoffs(struct tx *tx, const struct resource *r, int64_t sc_id, cJSON **rows,
                          struct error *e)
{
    struct table_query q = {
        .table = r->table->scheduled->signoffs,
        .key = { { "sc_id", DB_I(sc_id) } },
        .tail = tx->request->read_only ? NULL : "FOR UPDATE",
    };
    return row_list(tx, &q, rows, e);
}

bool sc_signoffs(struct tx *tx, const struct resource *r, int64_t sc_id, cJSON **signoffs, struct error *e)
{
    cJSON *rows;
    *signoffs = tx_keep(tx, mem_check(cJSON_CreateObject()));
    if (!list_signoffs(tx, r, sc_id, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        mem_check(cJSON_AddStringToObject(*signoffs, row_text(row, "username"), row_text(row, "role")));
    }
    return true;
}

static bool find_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username,
                         cJSON **row, struct error *e)
{
    cJSON *key = row_key_int(tx, "sc_id", sc_id);
    cJSON_AddItemToObject(key, "username", json_text(str_of(username)));
    return row_get(tx, r->table->scheduled->signoffs, key, ROW_LOCKED, row, e);
}

/* ---- giving ---- */

/* Writes the sign-off of tx->actor; HAD is the one that is there, or NULL. */
static bool write_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const char *role,
                          const cJSON *had, struct error *e)
{
    cJSON *values = row_key_int(tx, "sc_id", sc_id);
    mem_check(cJSON_AddStringToObject(values, "username", tx->actor));
    mem_check(cJSON_AddStringToObject(values, "role", role));
    return (had == NULL || row_delete(tx, r->table->scheduled->signoffs, had, 0, e)) &&
           row_insert(tx, r->table->scheduled->signoffs, values, NULL, e);
}

/* Signs off, as tx->actor with ROLE, for the scheduled change SC_ID, which the caller has locked and which
 * would do C. */
static bool put_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const struct change *c,
                        const char *role, struct error *e)
{
    bool has, renewed;
    cJSON *had, *content;
    if (access_is_system(tx, tx->actor)) {
        return fail(e, FAIL_PERMISSION, "System account cannot signoff");
    }
    if (!access_has_role(tx, tx->actor, role, &has, e)) {
        return false;
    }
    if (!has) {
        return fail(e, FAIL_PERMISSION, "%s cannot signoff with role '%s'", tx->actor, role);
    }
    if (!find_signoff(tx, r, sc_id, tx->actor, &had, e)) {
        return false;
    }
    if (had != NULL && strcmp(row_text(had, "role"), role) != 0) {
        return fail(e, FAIL_PERMISSION, "Cannot signoff with a second role");
    }
    noted_add_signoff(tx, role);
    return signoff_content(tx, r, c, &content, e) &&
           signoff_content_store(tx, r, sc_id, tx->actor, content, &renewed, e) &&
           ((had != NULL && !renewed) || write_signoff(tx, r, sc_id, role, had, e));
}

/* The change of TYPE to COLUMNS, for functions that use only the new row (for a delete, only the old one). */
static struct change change_of_row(enum change_type type, const cJSON *columns)
{
    struct change c = { .type = type, .dry = true };
    *(type == CHANGE_DELETE ? &c.old : &c.now) = columns;
    c.what = c.now;
    return c;
}

bool sc_auto_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, enum change_type type,
                     const cJSON *columns, struct error *e)
{
    const struct change c = change_of_row(type, columns);
    cJSON *roles, *needs;
    const char *role = NULL;
    unsigned n = 0;
    if (!access_roles(tx, tx->actor, &roles, e)) {
        return false;
    }
    if (roles->child == NULL) {
        return true;
    }
    if (!resource_needs(tx, r, &c, &needs, e)) {
        return false;
    }
    for (const cJSON *one = roles->child; one != NULL; one = one->next) {
        if (json_get(needs, one->valuestring) != NULL) {
            role = one->valuestring;
            n++;
        }
    }
    return n != 1 || put_signoff(tx, r, sc_id, &c, role, e);
}

bool sc_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const char *role,
                int64_t sc_data_version, struct error *e)
{
    struct sc_change sc;
    if (r->leads_to == NULL && sc_data_version == 0) {
        const struct change nothing = { .dry = true };
        return sc_lock_pending(tx, r, sc_id, "sign off", e) && put_signoff(tx, r, sc_id, &nothing, role, e);
    }
    if (!sc_open_pending(tx, r, sc_id, "sign off", &sc, e)) {
        return false;
    }
    if (sc_data_version != 0 && sc_data_version != sc.version) {
        return fail(e, FAIL_OUTDATED,
                    "The scheduled change has been edited: it is at version %lld, not at %lld",
                    (long long)sc.version, (long long)sc_data_version);
    }
    const struct change c = change_of_row(sc.type, sc_base(tx, sc.row));
    return put_signoff(tx, r, sc_id, &c, role, e);
}

/* ---- taking back ---- */

bool sc_is_admin(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username, bool *is,
                 struct error *e)
{
    struct sc_change sc;
    cJSON *old;
    if (!sc_open(tx, r, sc_id, &sc, e)) {
        return false;
    }
    const cJSON *base = sc_base(tx, sc.row);
    if (!row_get(tx, r->table, base, ROW_SHARED, &old, e)) {
        return false;
    }
    return resource_is_admin(tx, r, username, sc.type != CHANGE_INSERT ? old : NULL,
                             sc.type != CHANGE_DELETE || old == NULL ? base : NULL, is, e);
}

bool sc_revoke(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username, bool *had,
               struct error *e)
{
    cJSON *row;
    bool has_role, is_admin;
    *had = false;
    if (!sc_lock_pending(tx, r, sc_id, "revoke a signoff", e)) {
        return failed_as(e, FAIL_NOT_FOUND);
    }
    if (!find_signoff(tx, r, sc_id, username, &row, e)) {
        return false;
    }
    *had = row != NULL;
    if (row == NULL) {
        return true;
    }
    if (access_is_system(tx, tx->actor)) {
        return fail(e, FAIL_PERMISSION, "System accounts cannot revoke a signoff");
    }
    if (!access_has_role(tx, tx->actor, row_text(row, "role"), &has_role, e) ||
        !sc_is_admin(tx, r, sc_id, tx->actor, &is_admin, e)) {
        return false;
    }
    if (!has_role && !is_admin) {
        return fail(e, FAIL_PERMISSION,
                    "Cannot revoke a signoff made by someone in a group you do not belong to");
    }
    return row_delete(tx, r->table->scheduled->signoffs, row, 0, e) &&
           signoff_content_forget(tx, r, sc_id, username, e);
}

bool sc_drop_signoffs(struct tx *tx, const struct resource *r, int64_t sc_id, struct error *e)
{
    cJSON *rows;
    if (!list_signoffs(tx, r, sc_id, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        if (!row_delete(tx, r->table->scheduled->signoffs, row, 0, e)) {
            return false;
        }
    }
    return rows->child == NULL || signoff_content_forget(tx, r, sc_id, NULL, e);
}
