/* See roles.h. All that a decision depends on is read with locks, so that a role is not revoked while a new
 * requirement for it is added, and not granted while the user's last permission is deleted. */
#include "admin/roles.h"

#include "admin/permissions.h"
#include "store/access.h"
#include "store/role_grants.h"
#include "store/role_pending.h"
#include "store/row_write.h"

static cJSON *key_of(struct tx *tx, const char *username, const char *role)
{
    cJSON *key = row_key(tx, "username", username);
    mem_check(cJSON_AddStringToObject(key, "role", role));
    return key;
}

bool roles_grant(struct tx *tx, const char *username, const char *role, struct error *e)
{
    cJSON *permissions;
    if (!access_demand(tx, "permission", "create", NULL, e, "%s is not allowed to grant user roles",
                       tx->actor) ||
        !permissions_demand_view(tx, username, e) || !permissions_list(tx, username, &permissions, e)) {
        return false;
    }
    if (permissions->child == NULL) {
        return fail(e, FAIL_INVALID, "Cannot grant a role to a user without any permissions");
    }
    return row_insert(tx, &table_user_roles, key_of(tx, username, role), NULL, e) &&
           role_grants_add(tx, username, role, e);
}

bool roles_confirm(struct tx *tx, const char *username, const char *role, struct error *e)
{
    cJSON *row;
    if (!access_demand(tx, "permission", "create", NULL, e, "%s is not allowed to confirm user roles",
                       tx->actor) ||
        !row_get(tx, &table_user_roles, key_of(tx, username, role), ROW_LOCKED, &row, e)) {
        return false;
    }
    return row != NULL ? role_grants_confirm(tx, username, role, e)
                       : fail(e, FAIL_NOT_FOUND, "%s does not have the role %s", username, role);
}

void roles_show_pending(cJSON *item, const cJSON *pending, const char *username, const char *role)
{
    const cJSON *grant = role_pending_find(pending, username, role);
    if (grant != NULL) {
        cJSON *shown = mem_check(cJSON_AddObjectToObject(item, "pending"));
        mem_check(cJSON_AddStringToObject(shown, "granted_by", row_text(grant, "granted_by")));
        mem_check(cJSON_AddNumberToObject(shown, "granted_at", (double)row_int(grant, "granted_at")));
    }
}

/* Raises *MOST to the number of sign-offs of ROLE that any row of T requires. */
static bool most_required(struct tx *tx, const struct table *t, const char *role, int64_t *most,
                          struct error *e)
{
    cJSON *rows;
    struct table_query q = {
        .table = t,
        .key = { { "role", DB_S(str_of(role)) } },
        .tail = tx_share(tx),
    };
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        int64_t required = row_int(row, "signoffs_required");
        *most = required > *most ? required : *most;
    }
    return true;
}

/* Checks that, without one holder of ROLE, the others can still sign off everything that needs it. */
static bool can_spare(struct tx *tx, const char *role, struct error *e)
{
    int64_t required = 0, holders;
    if (!most_required(tx, &table_permissions_req_signoffs, role, &required, e) ||
        !most_required(tx, &table_product_req_signoffs, role, &required, e) ||
        !access_count_role(tx, role, &holders, e)) {
        return false;
    }
    return required == 0 || required < holders ||
           fail(e, FAIL_INVALID,
                "Revoking %s role would make it impossible for Required Signoffs to be fulfilled", role);
}

bool roles_revoke(struct tx *tx, const char *username, const char *role, int64_t data_version,
                  struct error *e)
{
    cJSON *row, *pending;
    if (!access_demand(tx, "permission", "delete", NULL, e,
                       "('%%s is not allowed to revoke user roles', '%s')", tx->actor) ||
        !role_pending_list(tx, username, role, &pending, e) ||
        (pending->child == NULL &&
         !can_spare(tx, role, e)) || /* a role that was not confirmed is not counted */
        !row_get(tx, &table_user_roles, key_of(tx, username, role), ROW_LOCKED, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return fail(e, FAIL_NOT_FOUND, "%s does not have the role %s", username, role);
    }
    return row_delete(tx, &table_user_roles, row, data_version, e) && role_grants_drop(tx, username, role, e);
}

bool roles_revoke_all(struct tx *tx, const char *username, struct error *e)
{
    cJSON *rows;
    struct table_query q = {
        .table = &table_user_roles,
        .key = { { "username", DB_S(str_of(username)) } },
        .tail = "FOR UPDATE",
    };
    if (!row_list(tx, &q, &rows, e)) {
        return false;
    }
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        if (!roles_revoke(tx, username, row_text(row, "role"), row_int(row, "data_version"), e)) {
            return false;
        }
    }
    return true;
}
