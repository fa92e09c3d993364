/* When a scheduled change is to be made: at a time, or (rules only) at an uptake. */
#ifndef BALROG_STORE_CONDITIONS_H
#define BALROG_STORE_CONDITIONS_H

#include "store/tx.h"

/* Whether CONDITIONS, the columns of T but sc_id and data_version, are one whole condition, and a time not
 * past. FAIL_INVALID otherwise. Null, 0 and "" count as not given. */
bool conditions_check(struct tx *tx, const struct table *t, const cJSON *conditions, struct error *e);
/* Whether COLUMN is a condition: of any table, also one that does not have it. */
bool conditions_has(const char *column);

#endif
