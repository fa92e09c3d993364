/* Reads histories: pages of revisions (newest first), one change, or all rows as they were at some time. */
#ifndef BALROG_STORE_HISTORY_H
#define BALROG_STORE_HISTORY_H

#include "store/tx.h"

enum { HISTORY_KEYS_MAX = 16 };

/* Which revisions: those in which the row exists and its columns have these values. */
struct history_query {
    const struct table *table; /* whose history is read; may be a scheduled table (table_rules.scheduled) */
    struct {
        const char *column; /* of the history: a column of the table, change_id or changed_by */
        struct db_value value;
    } key[HISTORY_KEYS_MAX];   /* up to the first without a column */
    const char *present[3];    /* columns of the table that must not be null, up to the first NULL */
    int64_t from_ms, until_ms; /* both inclusive; 0: open */
    int64_t page;              /* from 1 */
    int64_t limit;
};

/* Reads one page: *REVISIONS is an array, owned by TX. Each revision is the row with change_id, changed_by
 * and timestamp (ms since 1970). Revisions of a scheduled change have the columns of the base table under
 * their own names, the conditions, and sc_data_version. *COUNT is the number of revisions on all pages.
 * FAIL_INVALID if the table does not have a column of Q, or if the page is below 1. */
bool history_page(struct tx *tx, const struct history_query *q, cJSON **revisions, int64_t *count,
                  struct error *e);
/* Reads the revision CHANGE_ID of a row of T. *CHANGE is NULL if there is none. */
bool history_change(struct tx *tx, const struct table *t, int64_t change_id, cJSON **change, struct error *e);
/* The rows of T as they were at MS (since 1970): *ROWS is an array, owned by TX. */
bool history_at(struct tx *tx, const struct table *t, int64_t ms, cJSON **rows, struct error *e);

#endif
