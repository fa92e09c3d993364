/* Everything that is scheduled and not enacted yet, of all tables, as one list: what changes, what it waits
 * for, and who can sign it off. No blob is read. The reference has seven lists instead. */
#ifndef BALROG_STORE_WAITING_H
#define BALROG_STORE_WAITING_H

#include "store/waiting_read.h"

/* Which entries are wanted. */
struct waiting_query {
    const struct waiting_source *source; /* sources of one kind stand together */
    size_t n_sources;
    struct str kind;    /* absent: any */
    struct str product; /* of the row as it is, or as it becomes; absent: any */
    struct str
        channel;   /* the same. A row without a channel counts for all, one with a glob for what it covers */
    bool mine;     /* those that tx->actor can sign off, and no others */
    int64_t limit; /* entries on the page, 1 to WAITING_PAGE_MAX */
    struct str after; /* `next` of the page before; absent: the first page */
    int64_t now_ms;
    const cJSON *failing; /* {"KIND ID": {"at", "what", "next"}}: what could not be enacted; or NULL */
};

struct waiting_answer {
    cJSON *entries;   /* an array, TX's; soonest first, those without a time last */
    int64_t count;    /* entries on all pages */
    int64_t mine;     /* of the entries of this kind, product and channel: those tx->actor can sign off */
    const char *next; /* TX's; NULL: this is the last page */
};

/* Reads one page. Sends at most four statements for each source and some ten more, however many changes wait;
 * judging sign-offs that cover releases (signoff_invalid.h) takes three more for every 32 of them, of at most
 * 256 changes of a source and those on the page. FAIL_INVALID if q->after is not a `next`. */
bool waiting_page(struct tx *tx, const struct waiting_query *q, struct waiting_answer *answer,
                  struct error *e);

#endif
