/* One history of everything: rows, scheduled changes, sign-offs, roles and releases, newest first. history.h
 * reads the history of one table. */
#ifndef BALROG_STORE_HISTORY_ALL_H
#define BALROG_STORE_HISTORY_ALL_H

#include "store/history_source.h"

/* *ENTRIES is an array, *NEXT a text or NULL for the last page; both are owned by TX. Each entry has
 * timestamp, changed_by, kind, what ("row", "scheduled_change", "signoff", "content"), key, change_type,
 * data_version, sc_id, and changed, {column: [old, new]}. Sends at most three statements for each subject and
 * one more, each of which reads at most LIMIT + 1 rows. FAIL_INVALID if q->after is not a `next`. */
bool history_all_page(struct tx *tx, const struct history_all_query *q, cJSON **entries, const char **next,
                      struct error *e);

#endif
