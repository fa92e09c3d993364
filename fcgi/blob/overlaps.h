/* Groups of a version 9 release's updateLine that set the same field for the same query. */
#ifndef BALROG_BLOB_OVERLAPS_H
#define BALROG_BLOB_OVERLAPS_H

#include "core/json.h"

/* Whether the updateLine of BLOB has no such groups. BLOB must have passed its schema. If there are
 * conflicts, E names the fields, and each pair of groups is added to CONFLICTS, an array, as [for, for,
 * [field names]], or as a text with their places if that is shorter. All take some 1500 bytes at most; a last
 * text says that there are more. If something cannot be compared, E says what, and CONFLICTS is unchanged. */
bool overlaps_check(const cJSON *blob, cJSON *conflicts, struct error *e);

#endif
