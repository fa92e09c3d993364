/* Roles that wait for confirmation. Not in the reference.
 *
 * Where permissions need sign-offs, one person must not be able to make signers: a role that is granted then
 * does not count until a second holder of `permission` has confirmed it. Each such grant has a row in
 * balrog_role_grants; a role without one counts. Where nothing needs sign-offs (any more), every role counts.
 */
#ifndef BALROG_STORE_ROLE_GRANTS_H
#define BALROG_STORE_ROLE_GRANTS_H

#include "store/tx.h"

/* The grants that are pending, an array of rows, TX's: of USERNAME and of ROLE, each of which may be NULL for
 * all. They are locked against change where TX writes. */
bool role_grants_pending(struct tx *tx, const char *username, const char *role, cJSON **rows,
                         struct error *e);
/* The grant among ROWS of ROLE to USERNAME, or NULL. */
const cJSON *role_grants_find(const cJSON *rows, const char *username, const char *role);

/* To be called when tx->actor has granted ROLE to USERNAME. */
bool role_grants_add(struct tx *tx, const char *username, const char *role, struct error *e);
/* Confirms the grant as tx->actor, whose permission was asked for. FAIL_PERMISSION for the one who granted
 * it, for USERNAME, and for a system account; FAIL_INVALID when nothing is pending, and when the granter may
 * not grant any more. */
bool role_grants_confirm(struct tx *tx, const char *username, const char *role, struct error *e);
/* To be called when the role was revoked. */
bool role_grants_drop(struct tx *tx, const char *username, const char *role, struct error *e);

#endif
