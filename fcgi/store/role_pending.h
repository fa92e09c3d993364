/* Roles that wait for confirmation. The reference does not have this.
 *
 * If permissions need sign-offs, one person alone must not be able to appoint signers. So a role that is
 * granted does not count until a second holder of the permission `permission` has confirmed it. Each such
 * grant has a row in balrog_role_grants. A role without a row there counts. If permissions need no sign-offs
 * (any more), every role counts. role_grants.h writes these rows. */
#ifndef BALROG_STORE_ROLE_PENDING_H
#define BALROG_STORE_ROLE_PENDING_H

#include "store/tx.h"

/* Whether roles have to be confirmed: permissions, of any product, need sign-offs. */
bool role_pending_required(struct tx *tx, bool *required, struct error *e);
/* Reads the grants that wait: *ROWS is an array of rows, owned by TX. Only those of USERNAME and of ROLE,
 * each of which may be NULL for all. If TX writes, they are locked against change. */
bool role_pending_list(struct tx *tx, const char *username, const char *role, cJSON **rows, struct error *e);
/* The grant of ROLE to USERNAME among ROWS, or NULL. */
const cJSON *role_pending_find(const cJSON *rows, const char *username, const char *role);

#endif
