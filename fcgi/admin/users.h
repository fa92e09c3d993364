/* Users, as far as their permissions and roles go: what the files about them share. (reference: Permissions
 * in db.py)
 *
 * A role is what a user signs off with. It is granted and revoked, never changed, and that cannot be
 * scheduled. */
#ifndef BALROG_ADMIN_USERS_H
#define BALROG_ADMIN_USERS_H

#include "store/resource.h"

/* What there is to be permitted, as bodies and paths may name it. */
#define USERS_PERMISSIONS                                                                                    \
    "admin emergency_shutoff rule release release_read_only release_locale required_signoff permission "     \
    "scheduled_change pinnable_release"

/* Whether tx->actor may see what USERNAME (NULL: anybody) is permitted: of himself he may. FAIL_PERMISSION.
 */
bool users_demand_view(struct tx *tx, const char *username, struct error *e);
/* The rows of table_permissions that USERNAME has; nobody changes that before TX ends, if it writes. */
bool users_permissions(struct tx *tx, const char *username, cJSON **rows, struct error *e);

/* Grants a role that USERNAME does not have. FAIL_PERMISSION; FAIL_INVALID for a user without permissions. */
bool roles_grant(struct tx *tx, const char *username, const char *role, struct error *e);
/* Confirms a role that somebody else has granted and that waits for it (store/role_pending.h).
 * FAIL_PERMISSION; FAIL_NOT_FOUND; FAIL_INVALID. */
bool roles_confirm(struct tx *tx, const char *username, const char *role, struct error *e);
/* Adds to ITEM, what is shown of ROLE of USERNAME, who has granted it and when, if it is among those PENDING.
 */
void roles_show_pending(cJSON *item, const cJSON *pending, const char *username, const char *role);
/* Revokes one. FAIL_PERMISSION; FAIL_NOT_FOUND; FAIL_INVALID when too few would be left to sign off what
 * needs it; FAIL_OUTDATED. */
bool roles_revoke(struct tx *tx, const char *username, const char *role, int64_t data_version,
                  struct error *e);
/* Revokes them all, as above. */
bool roles_revoke_all(struct tx *tx, const char *username, struct error *e);

#endif
