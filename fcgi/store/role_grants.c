/* See role_grants.h. The callers have locked or inserted the row of user_roles, so that two of them never
 * write the same grant at the same time. */
#include "store/role_grants.h"

#include "store/access.h"
#include "store/role_pending.h"
#include "store/row_write.h"

static cJSON *grant_key(struct tx *tx, const char *username, const char *role)
{
    cJSON *key = row_key(tx, "username", username);
    mem_check(cJSON_AddStringToObject(key, "role", role));
    return key;
}

bool role_grants_drop(struct tx *tx, const char *username, const char *role, struct error *e)
{
    cJSON *row;
    return row_get(tx, &table_role_grants, grant_key(tx, username, role), ROW_LOCKED, &row, e) &&
           (row == NULL || row_delete(tx, &table_role_grants, row, 0, e));
}

/* If the role was revoked by the reference's admin, its old grant is still there: it is deleted first. */
bool role_grants_add(struct tx *tx, const char *username, const char *role, struct error *e)
{
    bool required;
    if (!role_grants_drop(tx, username, role, e) || !role_pending_required(tx, &required, e)) {
        return false;
    }
    cJSON *values = grant_key(tx, username, role);
    mem_check(cJSON_AddStringToObject(values, "granted_by", tx->actor));
    mem_check(cJSON_AddNumberToObject(values, "granted_at", (double)tx_now_ms(tx)));
    return !required || row_insert(tx, &table_role_grants, values, NULL, e);
}

/* Whether tx->actor may confirm GRANT: they are not one of its two users, and the granter still may grant
 * roles. */
static bool check_confirmer(struct tx *tx, const cJSON *grant, struct error *e)
{
    bool may;
    const char *granter = row_text(grant, "granted_by");
    if (access_is_system(tx, tx->actor)) {
        return fail(e, FAIL_PERMISSION, "System account cannot confirm a role");
    }
    if (strcmp(tx->actor, granter) == 0 || strcmp(tx->actor, row_text(grant, "username")) == 0) {
        return fail(e, FAIL_PERMISSION,
                    "%s cannot confirm this role: somebody has to who neither granted it nor gets it",
                    tx->actor);
    }
    return access_has(tx, granter, "permission", "create", NULL, &may, e) &&
           (may ||
            fail(e, FAIL_INVALID,
                 "%s, who granted the role, may not grant roles any more: revoke it and grant it again",
                 granter));
}

bool role_grants_confirm(struct tx *tx, const char *username, const char *role, struct error *e)
{
    cJSON *row;
    if (!row_get(tx, &table_role_grants, grant_key(tx, username, role), ROW_LOCKED, &row, e)) {
        return false;
    }
    if (row == NULL || row_text(row, "confirmed_by") != NULL) {
        return fail(e, FAIL_INVALID, "The role %s of %s does not wait for confirmation", role, username);
    }
    if (!check_confirmer(tx, row, e)) {
        return false;
    }
    cJSON *what = tx_keep(tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddStringToObject(what, "confirmed_by", tx->actor));
    mem_check(cJSON_AddNumberToObject(what, "confirmed_at", (double)tx_now_ms(tx)));
    return row_update(tx, &table_role_grants, row, what, 0, NULL, e);
}
