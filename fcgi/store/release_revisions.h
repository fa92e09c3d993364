/* Lists what the history of releases (release_history.h) has of one release, and finds single entries of it.
 */
#ifndef BALROG_STORE_RELEASE_REVISIONS_H
#define BALROG_STORE_RELEASE_REVISIONS_H

#include "store/tx.h"

/* Which entries: those of the release NAME, either of the v1 table or of the v2 tables. */
struct revision_query {
    const char *name;
    bool v2;
    const char *path; /* of v2: "." for the base, the path of an asset, or NULL for all of the release */
    int64_t page;     /* from 1 */
    int64_t limit;
};

/* Reads one page, newest first: *LIST is an array of objects, owned by TX, with change_id, path ("." for a
 * base, null for v1), data_version, deleted, changed_by, timestamp (ms since 1970) and size (bytes of the
 * JSON). changed_by and timestamp are null if another program wrote the version. *COUNT is the number of
 * entries on all pages. */
bool release_revisions(struct tx *tx, const struct revision_query *q, cJSON **list, int64_t *count,
                       struct error *e);

/* One entry; its texts are owned by TX. */
struct release_revision {
    int64_t change_id;
    struct str table; /* "releases", "releases_json" or "release_assets" */
    struct str name;
    struct str path; /* of an asset; else empty */
    int64_t data_version;
    bool deleted; /* it has no JSON */
};

/* Reads the entry CHANGE_ID. *FOUND is false if there is none. */
bool release_revision_find(struct tx *tx, int64_t change_id, struct release_revision *revision, bool *found,
                           struct error *e);

#endif
