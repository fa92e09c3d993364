/* Reads scheduled changes as the API prints them: the base table's columns under their own names
 * (data_version is that of the row to be changed), sc_id, sc_data_version, change_type, scheduled_by,
 * complete, and the conditions (`when` in ms since 1970; telemetry_… for rules). All objects are owned by TX.
 */
#ifndef BALROG_STORE_SCHEDULE_LIST_H
#define BALROG_STORE_SCHEDULE_LIST_H

#include "store/resource.h"

/* Reads the scheduled change SC_ID, without its sign-offs. *SC is NULL if there is none. */
bool sc_get(struct tx *tx, const struct resource *r, int64_t sc_id, enum row_lock lock, cJSON **sc,
            struct error *e);

/* Which scheduled changes sc_list() reads. */
struct sc_query {
    struct {
        const char *column; /* of the base table */
        struct db_value value;
    } key[3];           /* up to the first without a column */
    int64_t sc_id;      /* unless 0, this one alone, complete or not */
    bool all;           /* the complete ones too */
    bool without_big;   /* without the big column (a release's data) */
    bool without_needs; /* without required_signoffs */
};
/* Reads those that Q asks for: *LIST is an array in the order of their sc_ids. Each has `signoffs`, {user:
 * role}, and `required_signoffs`, {role: count}, which is empty if the change is complete. If some sign-offs
 * of a pending change do not count, it also has `invalid_signoffs`, {user: why} (struct signoff_case).
 *
 * Sends at most seven statements, however many changes there are. If sign-offs cover releases, it sends three
 * more for every 32 releases, and one for each of at most twenty releases that have changed. */
bool sc_list(struct tx *tx, const struct resource *r, const struct sc_query *q, cJSON **list,
             struct error *e);

#endif
