/* The changes that a transaction makes or schedules, noted as they are made, so that whoever ends the
 * transaction can say what it does: for dry runs and for warnings.
 *
 * resource_write.h and schedule.h note every change of a table that can be scheduled. Everything belongs to
 * TX. */
#ifndef BALROG_STORE_NOTED_H
#define BALROG_STORE_NOTED_H

#include "store/resource.h"

enum noted_how {
    NOTED_MADE,      /* at once */
    NOTED_SCHEDULED, /* it was scheduled, or its schedule edited */
    NOTED_ENACTED,   /* it had been scheduled before */
    NOTED_MERGED,    /* it is scheduled, and a direct write has changed it and dropped its sign-offs */
};

struct noted_change {
    struct noted_change *next;
    enum noted_how how;
    const struct resource *resource;
    struct change change;
    const cJSON *conditions; /* of a scheduled one: `when`, telemetry_…; else NULL */
    int64_t sc_id;           /* of the scheduled change, NOTED_SCHEDULED or NOTED_MERGED; else 0 */
};

/* Notes a copy of N. Its `next` is ignored. */
void noted_add(struct tx *tx, const struct noted_change *n);
/* Sets the sc_id of the change that was noted last. */
void noted_set_sc_id(struct tx *tx, int64_t sc_id);
/* The first change of this attempt, or NULL. */
const struct noted_change *noted_first(const struct tx *tx);

/* Notes that tx->actor signs off with ROLE. */
void noted_add_signoff(struct tx *tx, const char *role);
/* The role that was noted last; NULL: none. */
const char *noted_signoff(const struct tx *tx);

#endif
