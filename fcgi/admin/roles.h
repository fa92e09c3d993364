/* Roles of users. A user signs off with a role. A role is granted and revoked, never changed, and neither can
 * be scheduled. */
#ifndef BALROG_ADMIN_ROLES_H
#define BALROG_ADMIN_ROLES_H

#include "store/tx.h"

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
