/* Grants of roles, and their confirmation by a second person: see role_pending.h. */
#ifndef BALROG_STORE_ROLE_GRANTS_H
#define BALROG_STORE_ROLE_GRANTS_H

#include "store/tx.h"

/* To be called after tx->actor has granted ROLE to USERNAME. */
bool role_grants_add(struct tx *tx, const char *username, const char *role, struct error *e);
/* Confirms the grant as tx->actor, whose permission the caller has checked. FAIL_PERMISSION for the user who
 * granted it, for USERNAME, and for a system account. FAIL_INVALID if nothing waits, or if the granter may
 * not grant roles any more. */
bool role_grants_confirm(struct tx *tx, const char *username, const char *role, struct error *e);
/* To be called after the role was revoked. */
bool role_grants_drop(struct tx *tx, const char *username, const char *role, struct error *e);

#endif
