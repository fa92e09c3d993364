/* See permissions.h. */
#include "admin/permissions.h"

#include "store/access.h"
#include "store/row.h"

bool permissions_demand_view(struct tx *tx, const char *username, struct error *e)
{
    return (username != NULL && strcmp(username, tx->actor) == 0) ||
           access_demand(tx, "permission", "view", NULL, e,
                         "You are not authorized to view permissions of other users.");
}

bool permissions_list(struct tx *tx, const char *username, cJSON **rows, struct error *e)
{
    struct table_query q = {
        .table = &table_permissions,
        .key = { { "username", DB_S(str_of(username)) } },
        .tail = tx_share(tx),
    };
    return row_list(tx, &q, rows, e);
}
