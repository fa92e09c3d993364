/* One history of everything: rows, scheduled changes, sign-offs, roles and releases, newest first. history.h
 * reads the history of one table. */
#ifndef BALROG_STORE_HISTORY_ALL_H
#define BALROG_STORE_HISTORY_ALL_H

#include "store/tx.h"

enum { HISTORY_ALL_PAGE_MAX = 200 };

/* A table whose history is wanted, with that of its scheduled changes and their sign-offs. */
struct history_subject {
    const char *kind; /* as in the paths of the API: "rules" */
    const struct table
        *table;         /* without history and scheduled changes: not read. TABLE_RELEASES: its contents are
                         * in release_history.h, and are read with those of all releases */
    const char *object; /* the column that `object` is compared with: "rule_id", "name" */
};

struct history_all_query {
    const struct history_subject *subject;
    size_t n_subjects;
    struct str kind;        /* absent: any */
    struct str object;      /* absent: any. Needs a kind */
    struct str product;     /* of the row, before or after the change; absent: any */
    struct str channel;     /* the same */
    struct str changed_by;  /* absent: anybody */
    int64_t from_ms, to_ms; /* both inclusive; 0: open */
    int64_t limit;          /* 1 to HISTORY_ALL_PAGE_MAX */
    struct str after;       /* `next` of the page before; absent: the first page */
};

/* *ENTRIES is an array, *NEXT a text or NULL for the last page; both are owned by TX. Each entry has
 * timestamp, changed_by, kind, what ("row", "scheduled_change", "signoff", "content"), key, change_type,
 * data_version, sc_id, and changed, {column: [old, new]}. Sends at most three statements for each subject and
 * one more, each of which reads at most LIMIT + 1 rows. FAIL_INVALID if q->after is not a `next`. */
bool history_all_page(struct tx *tx, const struct history_all_query *q, cJSON **entries, const char **next,
                      struct error *e);

#endif
