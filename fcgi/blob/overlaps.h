/* Groups of a version 9 release's updateLine that set the same field for the same query. */
#ifndef BALROG_BLOB_OVERLAPS_H
#define BALROG_BLOB_OVERLAPS_H

#include "core/json.h"

/* A release whose updateLine has more groups is not compiled, so it is not accepted either. */
enum { UPDATE_LINE_GROUPS_MAX = 256 };

/* Whether the updateLine of BLOB, which its schema has been checked for, is free of them. False: E says which
 * fields, and each pair of groups is added to CONFLICTS, an array, as [for, for, [field names]] (at most 100
 * pairs, and fewer where they are long); or E says what could not be compared, and nothing is added. */
bool overlaps_check(const cJSON *blob, cJSON *conflicts, struct error *e);

#endif
