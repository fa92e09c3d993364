/* Groups of a version 9 release's updateLine that set the same field for the same query. */
#ifndef BALROG_BLOB_OVERLAPS_H
#define BALROG_BLOB_OVERLAPS_H

#include "core/json.h"

/* Whether the updateLine of BLOB, which its schema has been checked for, is free of them. False: E says which
 * fields, and pairs of groups are added to CONFLICTS, an array, as [for, for, [field names]], or as a text
 * with their places where that would be long. They take some 1500 bytes at most; a text says if there are
 * more. Or E says what could not be compared, and nothing is added. */
bool overlaps_check(const cJSON *blob, cJSON *conflicts, struct error *e);

#endif
