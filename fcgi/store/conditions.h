/* The conditions of a scheduled change: a time or, for rules only, an uptake. */
#ifndef BALROG_STORE_CONDITIONS_H
#define BALROG_STORE_CONDITIONS_H

#include "store/tx.h"

/* Checks that CONDITIONS is exactly one complete condition, and not a time in the past. Its members are the
 * columns of T, a table of conditions, without sc_id and data_version; null, 0 and "" count as not given.
 * TX supplies the current time. Fails with FAIL_INVALID if the conditions are wrong. */
bool conditions_check(struct tx *tx, const struct table *t, const cJSON *conditions, struct error *e);
/* Whether COLUMN is the name of a condition in any table. */
bool conditions_has(const char *column);

#endif
