/* A release's name in the two release tables. One name may be in both, in databases that the reference wrote:
 * then the row of releases_json, the v2 release, is served. */
#ifndef BALROG_ADMIN_RELEASE_ROWS_H
#define BALROG_ADMIN_RELEASE_ROWS_H

#include "store/resource.h"

/* The rows that a name has, NULL where it has none. */
struct release_rows {
    const cJSON *v1; /* of releases */
    const cJSON *v2; /* of releases_json */
};

/* Reads both rows of NAME: name, product, read_only. Where TX writes they stay as they are, there or not,
 * until it ends. */
bool release_rows_read(struct tx *tx, const char *name, struct release_rows *rows, struct error *e);
/* The same for the release that C changes; both NULL where C is scheduled already: then it is checked when it
 * is enacted. */
bool release_rows_beside(struct tx *tx, const struct change *c, struct release_rows *rows, struct error *e);
/* The same with all columns. */
bool release_rows_read_whole(struct tx *tx, const char *name, struct release_rows *rows, struct error *e);
/* The row that is served: v2's, else v1's, else NULL. */
const cJSON *release_rows_served(const struct release_rows *rows);

/* Whether two rows of one name may have these products: FAIL_INVALID unless they are the same, or OTHER, the
 * row in the other table, is NULL. A name in both tables is one release to rules, so that whoever may write
 * the one must not take it from another product. */
bool release_rows_agree(const char *name, const char *product, const cJSON *other, struct error *e);

#endif
