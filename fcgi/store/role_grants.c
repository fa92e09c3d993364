/* See role_grants.h. Whoever writes a grant has locked, or inserted, its row of user_roles before. */
#include "store/role_grants.h"

#include "store/access.h"
#include "store/signoff.h"
#include "store/write.h"

/* Whether permissions, of any product, need sign-offs. */
static bool is_required(struct tx *tx, bool *required, struct error *e)
{
    cJSON *needs = needs_new(tx);
    bool ok = signoff_need_permission(tx, NULL, needs, e);
    *required = ok && needs_any(needs);
    return ok;
}

static struct db_value text_value(const char *text)
{
    return DB_S(text != NULL ? str_of(text) : STR_NONE);
}

bool role_grants_pending(struct tx *tx, const char *username, const char *role, cJSON **rows, struct error *e)
{
    bool required;
    struct table_query q = {
        .table = &table_role_grants,
        .key = { { "username", text_value(username) }, { "role", text_value(role) } },
        .more = "confirmed_by IS NULL",
        .tail = tx_share(tx),
    };
    if (!row_list(tx, &q, rows, e)) {
        return false;
    }
    if ((*rows)->child == NULL) {
        return true; /* as nearly always: no need to ask */
    }
    if (!is_required(tx, &required, e)) {
        return false;
    }
    if (!required) {
        *rows = tx_keep(tx, mem_check(cJSON_CreateArray()));
    }
    return true;
}

const cJSON *role_grants_find(const cJSON *rows, const char *username, const char *role)
{
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        if (strcmp(row_text(row, "username"), username) == 0 && strcmp(row_text(row, "role"), role) == 0) {
            return row;
        }
    }
    return NULL;
}

static cJSON *key_of(struct tx *tx, const char *username, const char *role)
{
    cJSON *key = row_key(tx, "username", username);
    mem_check(cJSON_AddStringToObject(key, "role", role));
    return key;
}

bool role_grants_drop(struct tx *tx, const char *username, const char *role, struct error *e)
{
    cJSON *row;
    return row_get(tx, &table_role_grants, key_of(tx, username, role), ROW_LOCKED, &row, e) &&
           (row == NULL || row_delete(tx, &table_role_grants, row, 0, e));
}

/* What is left of a grant whose role was revoked by somebody else's program goes first. */
bool role_grants_add(struct tx *tx, const char *username, const char *role, struct error *e)
{
    bool required;
    if (!role_grants_drop(tx, username, role, e) || !is_required(tx, &required, e)) {
        return false;
    }
    cJSON *values = key_of(tx, username, role);
    mem_check(cJSON_AddStringToObject(values, "granted_by", tx->actor));
    mem_check(cJSON_AddNumberToObject(values, "granted_at", (double)tx_now_ms(tx)));
    return !required || row_insert(tx, &table_role_grants, values, NULL, e);
}

/* Whether tx->actor is a second person, and the first one's word still counts. */
static bool is_second(struct tx *tx, const cJSON *grant, struct error *e)
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
    if (!row_get(tx, &table_role_grants, key_of(tx, username, role), ROW_LOCKED, &row, e)) {
        return false;
    }
    if (row == NULL || row_text(row, "confirmed_by") != NULL) {
        return fail(e, FAIL_INVALID, "The role %s of %s does not wait for confirmation", role, username);
    }
    if (!is_second(tx, row, e)) {
        return false;
    }
    cJSON *what = tx_keep(tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddStringToObject(what, "confirmed_by", tx->actor));
    mem_check(cJSON_AddNumberToObject(what, "confirmed_at", (double)tx_now_ms(tx)));
    return row_update(tx, &table_role_grants, row, what, 0, NULL, e);
}
