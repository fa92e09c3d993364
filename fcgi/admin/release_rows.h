/* The rows that a release has in the two tables of releases. Databases that the reference wrote may have one
 * name in both: then the row of releases_json, the v2 release, is served. */
#ifndef BALROG_ADMIN_RELEASE_ROWS_H
#define BALROG_ADMIN_RELEASE_ROWS_H

#include "store/resource.h"

/* The rows of one name; NULL: it has none in that table. */
struct release_rows {
    const cJSON *v1; /* of releases */
    const cJSON *v2; /* of releases_json */
};

/* Reads the name, product and read_only of both rows of NAME. If TX writes, they stay as they are, missing or
 * not, until it ends. */
bool release_rows_read(struct tx *tx, const char *name, struct release_rows *rows, struct error *e);
/* The same for the release that C changes; both NULL where C is scheduled already: then it is checked when it
 * is enacted. */
bool release_rows_beside(struct tx *tx, const struct change *c, struct release_rows *rows, struct error *e);
/* The same with all columns. */
bool release_rows_read_whole(struct tx *tx, const char *name, struct release_rows *rows, struct error *e);
/* The row that is served: that of v2, else that of v1, else NULL. */
const cJSON *release_rows_served(const struct release_rows *rows);

/* Checks that PRODUCT fits OTHER, the row that NAME has in the other table: FAIL_INVALID unless OTHER is NULL
 * or has the same product. For rules a name in both tables is one release, so nobody who may write one of the
 * rows may take it away from another product. */
bool release_rows_agree(const char *name, const char *product, const cJSON *other, struct error *e);

#endif
