/* Does the database's schema fit this version of the code? What it needs must have been added, and nothing
 * may have been taken away that it uses. (docs/schema.md) */
#ifndef BALROG_STORE_SCHEMA_RANGE_H
#define BALROG_STORE_SCHEMA_RANGE_H

#include "store/db.h"

/* Asks the table balrog_schema. False with FAIL_SCHEMA when the schema does not fit: E says what to do. Any
 * other failure: it could not be told. */
bool schema_range_check(struct db *db, struct error *e);

/* The same for a code version VERSION ("0.2") that needs NEEDS additive steps. */
bool schema_range_check_for(struct db *db, const char *version, int needs, struct error *e);

/* Two-part versions: below, at or above 0 as A is older than, the same as, or newer than B. What is no
 * version is the oldest. */
int schema_version_cmp(struct str a, struct str b);

#endif
