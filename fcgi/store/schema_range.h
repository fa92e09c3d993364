/* Whether the database's schema fits this version of the code: everything that it needs was added, and
 * nothing that it uses was removed. (docs/schema.md) */
#ifndef BALROG_STORE_SCHEMA_RANGE_H
#define BALROG_STORE_SCHEMA_RANGE_H

#include "store/db.h"

/* Reads the table balrog_schema. FAIL_SCHEMA if the schema does not fit: E says what to do. After any other
 * failure it is not known whether it fits. */
bool schema_range_check(struct db *db, struct error *e);

/* The same for a code version VERSION ("0.2") that needs NEEDS additive steps. */
bool schema_range_check_for(struct db *db, const char *version, int needs, struct error *e);

/* Compares two versions of two parts ("0.2"): less than, equal to or greater than 0 if A is older than, equal
 * to or newer than B. A text that is not a version counts as older than any version. */
int schema_version_cmp(struct str a, struct str b);

#endif
