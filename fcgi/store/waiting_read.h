/* Reads the rows behind the list of pending changes (waiting.h): of all changes what decides about sign-offs,
 * of those on the page everything but blobs. There may be many thousands, so a row is kept as text, and
 * becomes JSON when it is needed. */
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

/* A sign-off of a scheduled change. */
struct waiting_signoff {
    const char *username, *role;
    struct waiting_signoff *next;
};

/* A scheduled change, or a part of one entry. Everything is TX's. */
struct waiting_part {
    const struct waiting_source *source;
    int64_t sc_id;
    int64_t when;     /* ms since 1970; 0: it has no time, or an uptake that counts instead */
    const char *name; /* of the release, if source->by_release */
    const struct waiting_columns *columns;
    const char *const *cell; /* the columns as text; NULL: SQL's NULL */
    struct waiting_signoff *signoffs;
    bool judged;
    const cJSON *invalid; /* {user: why}: the sign-offs that do not count, once they are judged */
    /* From waiting_part_load() on: columns of the change, and of the row to be changed or NULL. */
    cJSON *row;
    const cJSON *old;
};

struct waiting_parts {
    struct waiting_part *item;
    size_t n;
};

/* Adds all pending changes of SOURCE to PARTS, by sc_id. */
bool waiting_read(struct tx *tx, const struct waiting_source *source, struct waiting_parts *parts,
                  struct error *e);
/* Makes `row` and `old` of PART: what decides about sign-offs, change_type and data_version. They live as
 * long as TX's step. */
void waiting_part_load(struct tx *tx, struct waiting_part *part);
/* Reads all columns but blobs into `row` and `old` of N parts of SOURCE, by sc_id; N <= WAITING_PAGE_MAX:
 * also sc_id, scheduled_by, sc_data_version and conditions. */
bool waiting_read_whole(struct tx *tx, const struct waiting_source *source, struct waiting_part **part,
                        size_t n, struct error *e);

#endif
