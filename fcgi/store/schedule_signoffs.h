/* Sign-offs of scheduled changes. They are given and taken back, but never edited. */
#ifndef BALROG_STORE_SCHEDULE_SIGNOFFS_H
#define BALROG_STORE_SCHEDULE_SIGNOFFS_H

#include "store/resource.h"

/* Signs off as tx->actor, with ROLE. If they have signed off already, only what the sign-off covers is
 * renewed (signoff_content.h). SC_DATA_VERSION is the version of the scheduled change that the user saw; 0:
 * any. FAIL_PERMISSION for a system account, for a role that tx->actor does not hold, and for a second role.
 * FAIL_OUTDATED if the change is at another version; FAIL_INVALID if it is complete; FAIL_NOT_FOUND. */
bool sc_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, const char *role,
                int64_t sc_data_version, struct error *e);
/* Signs off as tx->actor for the change SC_ID, of TYPE and with COLUMNS, which the caller has locked, if
 * tx->actor holds exactly one of the roles that it needs. */
bool sc_auto_signoff(struct tx *tx, const struct resource *r, int64_t sc_id, enum change_type type,
                     const cJSON *columns, struct error *e);
/* Takes back the sign-off of USERNAME. tx->actor must hold the role of that sign-off, or be an admin for the
 * change's products. *HAD: whether there was one. FAIL_INVALID if the change is complete. */
bool sc_revoke(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username, bool *had,
               struct error *e);
/* Drops all sign-offs. */
bool sc_drop_signoffs(struct tx *tx, const struct resource *r, int64_t sc_id, struct error *e);
/* Reads the sign-offs: *SIGNOFFS is an object {user: role}, owned by TX. If TX writes, they are locked. */
bool sc_signoffs(struct tx *tx, const struct resource *r, int64_t sc_id, cJSON **signoffs, struct error *e);
/* Whether USERNAME is an admin for all products that the row belongs to, before and after the change. */
bool sc_is_admin(struct tx *tx, const struct resource *r, int64_t sc_id, const char *username, bool *is,
                 struct error *e);

#endif
