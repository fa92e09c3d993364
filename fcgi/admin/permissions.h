/* What users are permitted to do. (reference: Permissions in db.py) */
#ifndef BALROG_ADMIN_PERMISSIONS_H
#define BALROG_ADMIN_PERMISSIONS_H

#include "store/tx.h"

/* The names of all permissions, separated by spaces, for the tables of bodies and paths. */
#define PERMISSIONS_KNOWN                                                                                    \
    "admin emergency_shutoff rule release release_read_only release_locale required_signoff permission "     \
    "scheduled_change pinnable_release"

/* Checks that tx->actor may see the permissions of USERNAME (NULL: of all users). Everybody may see their
 * own. FAIL_PERMISSION. */
bool permissions_demand_view(struct tx *tx, const char *username, struct error *e);
/* *ROWS becomes the rows of table_permissions of USERNAME, owned by TX. If TX writes, nobody else can change
 * them before it ends. */
bool permissions_list(struct tx *tx, const char *username, cJSON **rows, struct error *e);

#endif
