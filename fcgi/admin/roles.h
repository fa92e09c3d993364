/* Roles of users. A user signs off with a role. A role is granted and revoked, never changed, and neither can
 * be scheduled. */
#ifndef BALROG_ADMIN_ROLES_H
#define BALROG_ADMIN_ROLES_H

#include "store/tx.h"

/* Grants ROLE to USERNAME, who does not have it. FAIL_PERMISSION; FAIL_INVALID for a user without
 * permissions. */
bool roles_grant(struct tx *tx, const char *username, const char *role, struct error *e);
/* Confirms ROLE, which somebody else has granted and which waits for that (store/role_pending.h).
 * FAIL_PERMISSION; FAIL_NOT_FOUND; FAIL_INVALID. */
bool roles_confirm(struct tx *tx, const char *username, const char *role, struct error *e);
/* Adds to ITEM, which describes ROLE of USERNAME, who has granted it and when, if it is one of the PENDING
 * grants. */
void roles_show_pending(cJSON *item, const cJSON *pending, const char *username, const char *role);
/* Revokes ROLE from USERNAME. FAIL_PERMISSION; FAIL_NOT_FOUND; FAIL_OUTDATED; FAIL_INVALID if too few users
 * would be left to sign off what needs it. */
bool roles_revoke(struct tx *tx, const char *username, const char *role, int64_t data_version,
                  struct error *e);
/* Revokes all roles of USERNAME, likewise. */
bool roles_revoke_all(struct tx *tx, const char *username, struct error *e);

#endif
