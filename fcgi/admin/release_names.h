/* A release's name in the two release tables. One name may be in both, in databases that the reference wrote:
 * then the row of releases_json, the v2 release, is served. */
#ifndef BALROG_ADMIN_RELEASE_NAMES_H
#define BALROG_ADMIN_RELEASE_NAMES_H

#include "store/write.h"

/* The rows that a name has, NULL where it has none. */
struct release_rows {
    const cJSON *v1; /* of releases */
    const cJSON *v2; /* of releases_json */
};

/* Reads both rows of NAME, without what is in them unless WITH_DATA. Where TX writes they stay as they are,
 * there or not, until it ends. */
bool release_rows_read(struct tx *tx, const char *name, bool with_data, struct release_rows *rows,
                       struct error *e);
/* The row that is served: v2's, else v1's, else NULL. */
const cJSON *release_rows_served(const struct release_rows *rows);

#endif
