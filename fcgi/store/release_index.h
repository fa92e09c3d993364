/* Pages of the list of all releases, v1 and v2: filtered, sorted, and each release with what uses it and what
 * is scheduled for it. Blobs are read of the page's releases alone, and only up to a size; the number of
 * statements does not depend on the number of releases. */
#ifndef BALROG_STORE_RELEASE_INDEX_H
#define BALROG_STORE_RELEASE_INDEX_H

#include "store/tx.h"

enum {
    RELEASE_INDEX_PAGE_MAX = 50,
    RELEASE_INDEX_RULES_MAX = 20,      /* rules that are listed for one release */
    RELEASE_INDEX_CHANGES_MAX = 50000, /* newest entries of the history that BY_CHANGE looks at */
    RELEASE_INDEX_READ_MAX = 1 << 20,  /* bytes of a blob; of larger ones, the versions are not known */
};

enum release_state_filter {
    STATE_ANY,
    STATE_PENDING,  /* something is scheduled for it */
    STATE_MAPPED,   /* a rule or a pin leads to it */
    STATE_WRITABLE, /* it is not read-only */
};

struct release_index_query {
    struct str words;   /* separated by spaces; each must be in the name, in upper or lower case; or absent */
    struct str name;    /* exactly this one; absent: any */
    struct str product; /* absent: any */
    struct str kind;    /* "v1" or "v2"; absent: both */
    enum release_state_filter state;
    bool by_change;  /* last changed first; those that have not been changed lately follow by name */
    bool names_only; /* only name, product and kind */
    bool changes;    /* show when and by whom each was changed last */
    int64_t skip, limit;
};

/* Reads one page: *RELEASES is an array, owned by TX. *COUNT is how many releases there are on all pages. */
bool release_index(struct tx *tx, const struct release_index_query *q, cJSON **releases, int64_t *count,
                   struct error *e);

#endif
