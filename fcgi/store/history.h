/* Reading histories: pages of revisions, one change, the rows of a moment. Newest first. */
#ifndef BALROG_STORE_HISTORY_H
#define BALROG_STORE_HISTORY_H

#include "store/tx.h"

enum { HISTORY_KEYS_MAX = 16 };

/* Which revisions: those in which the row exists and whose columns equal the values. */
struct history_query {
    const struct table *table; /* the one whose history it is; a scheduled one too (table_rules.scheduled) */
    struct {
        const char *column; /* of the history: a column of the table, change_id or changed_by */
        struct db_value value;
    } key[HISTORY_KEYS_MAX];   /* up to the first without a column */
    const char *present[3];    /* columns of the table that are not null, up to NULL */
    int64_t from_ms, until_ms; /* both inclusive; 0: open */
    int64_t page;              /* from 1 */
    int64_t limit;
};

/* *REVISIONS: an array of TX's, each the row with change_id, changed_by and timestamp; of a scheduled change:
 * the columns of its base under their own names, its conditions, sc_data_version. *COUNT: how many there are
 * on all pages. A column that the table lacks, or a page below 1, is FAIL_INVALID. */
bool history_page(struct tx *tx, const struct history_query *q, cJSON **revisions, int64_t *count,
                  struct error *e);
/* The change CHANGE_ID to a row of T, *CHANGE as above; NULL when there is none. */
bool history_change(struct tx *tx, const struct table *t, int64_t change_id, cJSON **change, struct error *e);
/* The rows of T as they were at MS: an array of TX's. */
bool history_at(struct tx *tx, const struct table *t, int64_t ms, cJSON **rows, struct error *e);

#endif
