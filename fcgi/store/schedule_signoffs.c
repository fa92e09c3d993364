/* Sign-offs of scheduled changes: given and taken back, never changed. (reference: SignoffsTable) */
#include "store/schedule.h"

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

bool sc_put_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const char *role, struct error *e)
{
    bool has;
    cJSON *had;
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
    if (had != NULL) {
        return strcmp(row_text(had, "role"), role) == 0 ||
               fail(e, FAIL_PERMISSION, "Cannot signoff with a second role");
    }
    cJSON *values = row_key_int(tx, "sc_id", sc_id);
    mem_check(cJSON_AddStringToObject(values, "username", tx->actor));
    mem_check(cJSON_AddStringToObject(values, "role", role));
    return row_insert(tx, r->table->scheduled->signoffs, values, NULL, e);
}

/* Locks a scheduled change, so that it is neither edited nor enacted meanwhile. FAIL_NOT_FOUND. */
static bool lock(struct tx *tx, const struct resource *r, int64_t sc_id, struct error *e)
{
    struct table_query q = {
        .table = r->table->scheduled,
        .key = { { "sc_id", DB_I(sc_id) } },
        .tail = "FOR UPDATE",
    };
    cJSON *rows;
    return row_list(tx, &q, &rows, e) &&
           (rows->child != NULL || fail(e, FAIL_NOT_FOUND, "Scheduled change does not exist"));
}

bool sc_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const char *role, struct error *e)
{
    return lock(tx, r, sc_id, e) && sc_put_signoff(tx, r, sc_id, role, e);
}

bool sc_revoke(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username, bool *had,
               struct error *e)
{
    cJSON *row;
    bool has_role, is_admin;
    *had = false;
    if (!lock(tx, r, sc_id, e)) {
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
    return row_delete(tx, r->table->scheduled->signoffs, row, 0, e);
}

bool sc_drop_signoffs(struct tx *tx, const struct resource *r, int64_t sc_id, const char *but,
                      struct error *e)
{
    cJSON *rows;
    if (!list_signoffs(tx, r, sc_id, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        bool stays = but != NULL && strcmp(row_text(row, "username"), but) == 0;
        if (!stays && !row_delete(tx, r->table->scheduled->signoffs, row, 0, e)) {
            return false;
        }
    }
    return true;
}
