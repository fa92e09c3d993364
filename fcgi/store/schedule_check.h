/* Whether a change may be scheduled. For the files schedule*.c. */
#ifndef BALROG_STORE_SCHEDULE_CHECK_H
#define BALROG_STORE_SCHEDULE_CHECK_H

#include "store/schedule_row.h"

/* A change that is to be scheduled, or to stay scheduled. */
struct sc_plan {
    enum change_type type;
    const cJSON *columns;    /* of the base table, with the key and, unless it is an insert, data_version */
    const cJSON *conditions; /* for sc_validate() */
    int64_t sc_id;           /* 0: a new one */
    bool scheduled;          /* see struct change */
};

/* Whether tx->actor could make the change to OLD (the row of the base table; ignored for an insert) now, if
 * it had all sign-offs. Fails as resource.check does. */
bool sc_check(struct tx *tx, const struct resource *r, const struct sc_plan *plan, const cJSON *old,
              struct error *e);
/* Checks everything that the reference checks before it schedules: the key; that the row of the base table
 * exists, or does not, at this data_version; that no other change of it is scheduled; the conditions;
 * sc_check(); resource.plan. Locks that row. Notes the change (noted.h). */
bool sc_validate(struct tx *tx, const struct resource *r, const struct sc_plan *plan, struct error *e);
/* FAIL_INVALID if CHANGE, which a client sent, has members that only the server sets. */
bool sc_reject_own_columns(const cJSON *change, struct error *e);

#endif
