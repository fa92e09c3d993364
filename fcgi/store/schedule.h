/* Schedules changes: inserts, edits and deletes them. A scheduled change consists of a row of
 * T_scheduled_changes, a row with its conditions, and its sign-offs. It is identified by its sc_id.
 *
 * See also schedule_signoffs.h, schedule_enact.h and schedule_list.h. All their functions begin with sc_. */
#ifndef BALROG_STORE_SCHEDULE_H
#define BALROG_STORE_SCHEDULE_H

#include "store/resource.h"

/* Schedules CHANGE in the name of tx->actor. CHANGE has change_type, columns of the base table, and
 * conditions. Other members are ignored, but sc_id, complete, scheduled_by and base_… are FAIL_INVALID.
 * Checks the conditions, the key, that the row of the base table exists (or not) at this data_version, that
 * no other change of it is scheduled, and resource.check. If tx->actor holds exactly one of the roles that
 * have to sign off, their sign-off is added. */
bool sc_insert(struct tx *tx, const struct resource *r, const cJSON *change, int64_t *sc_id, struct error *e);
/* Edits a scheduled change. WHAT is like CHANGE above, but its change_type is ignored, and columns that it
 * lacks stay. tx->actor becomes scheduled_by. All sign-offs are dropped; that of tx->actor may be added
 * again, as by sc_insert(). FAIL_OUTDATED unless the scheduled change is at SC_DATA_VERSION; FAIL_NOT_FOUND;
 * FAIL_INVALID if it is complete. */
bool sc_update(struct tx *tx, const struct resource *r, int64_t sc_id, const cJSON *what,
               int64_t sc_data_version, struct error *e);
/* Sets a scheduled change back to CHANGE, an older revision of it (history_change). Its data_version stays;
 * its key stays, too, unless it is an insert. */
bool sc_revert(struct tx *tx, const struct resource *r, int64_t sc_id, const cJSON *change, struct error *e);
/* Deletes a scheduled change. tx->actor must be allowed to make it. */
bool sc_delete(struct tx *tx, const struct resource *r, int64_t sc_id, int64_t sc_data_version,
               struct error *e);

/* Merges a direct write into the changes that are scheduled for the same row: OLD was just updated to NOW by
 * setting the columns in WHAT. FAIL_MERGE if a scheduled change sets one of these columns, too. All sign-offs
 * are dropped, and none is added: a direct write does not show that somebody has looked at what is scheduled.
 * scheduled_by stays, and that user must still be allowed to make the change. resource_update() calls this.
 */
bool sc_merge(struct tx *tx, const struct resource *r, const cJSON *old, const cJSON *what, const cJSON *now,
              struct error *e);

#endif
