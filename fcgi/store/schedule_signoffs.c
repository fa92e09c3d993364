/* Sign-offs of scheduled changes: given and taken back, never changed. (reference: SignoffsTable) */
#include "store/schedule.h"

#include "store/signoff_content.h"

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

static bool find(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username, cJSON **row,
                 struct error *e)
{
    cJSON *key = row_key_int(tx, "sc_id", sc_id);
    cJSON_AddItemToObject(key, "username", json_text(str_of(username)));
    return row_get(tx, r->table->scheduled->signoffs, key, ROW_LOCKED, row, e);
}

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

bool sc_put_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const struct change *c,
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
    if (!find(tx, r, sc_id, tx->actor, &had, e)) {
        return false;
    }
    if (had != NULL && strcmp(row_text(had, "role"), role) != 0) {
        return fail(e, FAIL_PERMISSION, "Cannot signoff with a second role");
    }
    return signoff_content(tx, r, c, &content, e) &&
           signoff_content_store(tx, r, sc_id, tx->actor, content, &renewed, e) &&
           ((had != NULL && !renewed) || write_signoff(tx, r, sc_id, role, had, e));
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
    if (!find(tx, r, sc_id, username, &row, e)) {
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
