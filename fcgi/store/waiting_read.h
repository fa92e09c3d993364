/* Reads the rows behind the list of pending changes (waiting.h): of all changes what decides about sign-offs,
 * of those on the page everything but blobs. */
#ifndef BALROG_STORE_WAITING_READ_H
#define BALROG_STORE_WAITING_READ_H

#include "store/resource.h"

enum { WAITING_PAGE_MAX = 60 };

/* A table whose scheduled changes are listed. */
struct waiting_source {
    const char *kind; /* as in the paths of the API: "rules", "v2/releases" */
    const struct resource *resource;
    bool by_release; /* the changes of one release, of all tables of this kind, are one entry */
};

/* A scheduled change, or a part of one entry. Rows are objects, TX's. */
struct waiting_part {
    const struct waiting_source *source;
    int64_t sc_id;
    cJSON *row; /* sc_id, change_type, scheduled_by, sc_data_version, conditions, and columns of the table;
                 * signoffs, {user: role}; invalid_signoffs once they are judged */
    const cJSON *old; /* the same columns of the row to be changed; NULL: there is none */
    bool judged;
};

struct waiting_parts {
    struct waiting_part *item;
    size_t n;
};

/* Adds all pending changes of SOURCE to PARTS, by sc_id. */
bool waiting_read(struct tx *tx, const struct waiting_source *source, struct waiting_parts *parts,
                  struct error *e);
/* Reads all columns but blobs into `row` and `old` of N parts of SOURCE, by sc_id; N <= WAITING_PAGE_MAX.
 * What `row` had besides stays. */
bool waiting_read_whole(struct tx *tx, const struct waiting_source *source, struct waiting_part **part,
                        size_t n, struct error *e);

#endif
