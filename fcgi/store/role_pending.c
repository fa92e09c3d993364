/* See role_pending.h. */
#include "store/role_pending.h"

#include "store/row.h"
#include "store/signoff.h"

bool role_pending_required(struct tx *tx, bool *required, struct error *e)
{
    cJSON *needs = signoff_needs_new(tx);
    bool ok = signoff_need_permission(tx, NULL, needs, e);
    *required = ok && signoff_needs_any(needs);
    return ok;
}

static struct db_value text_value(const char *text)
{
    return DB_S(text != NULL ? str_of(text) : STR_NONE);
}

bool role_pending_list(struct tx *tx, const char *username, const char *role, cJSON **rows, struct error *e)
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
        return true; /* almost always: then nothing more has to be read */
    }
    if (!role_pending_required(tx, &required, e)) {
        return false;
    }
    if (!required) {
        *rows = tx_keep(tx, mem_check(cJSON_CreateArray()));
    }
    return true;
}

const cJSON *role_pending_find(const cJSON *rows, const char *username, const char *role)
{
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        if (strcmp(row_text(row, "username"), username) == 0 && strcmp(row_text(row, "role"), role) == 0) {
            return row;
        }
    }
    return NULL;
}
