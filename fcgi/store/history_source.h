/* One of the histories that history_all.h merges: its statement, and its rows as entries. */
#ifndef BALROG_STORE_HISTORY_SOURCE_H
#define BALROG_STORE_HISTORY_SOURCE_H

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

enum history_what {
    HISTORY_ROW,       /* of the table itself */
    HISTORY_SCHEDULED, /* of its scheduled changes */
    HISTORY_SIGNOFF,   /* of their sign-offs */
    HISTORY_CONTENT,   /* what releases of all kinds have been */
};

struct history_source {
    const struct history_subject
        *subject; /* of HISTORY_CONTENT: the one that is asked for, or NULL for all */
    enum history_what what;
};

/* A place in a source, newest first: only what comes after it is read. */
struct history_place {
    int64_t until_ms; /* entries of this time or earlier */
    int64_t below_id; /* and of this time only those with a lower change_id. HISTORY_CONTENT, whose order is
                       * that of the change_ids: only those with a lower one */
};

/* Reads at most LIMIT entries of SOURCE from PLACE on, that Q asks for: *LIST is an array of TX's. Each has,
 * besides what the API shows, a member change_id. A source that has no such column as Q names is empty. */
bool history_source_read(struct tx *tx, const struct history_source *source,
                         const struct history_all_query *q, struct history_place place, int64_t limit,
                         cJSON **list, struct error *e);

#endif
