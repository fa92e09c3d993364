/* Putting changes to a release together: three ways, for v1 (reference: merge_dicts, merge_lists), and over
 * one another, for v2 (reference: release_merger). */
#ifndef BALROG_BLOB_MERGE_H
#define BALROG_BLOB_MERGE_H

#include "core/json.h"

/* LEFT and RIGHT are both made from ANCESTOR; the result has the changes of both. Objects are merged member
 * by member, lists as if they were sets (all that is in any of the three, ANCESTOR's first), other values
 * where one side alone has changed them. What a side has deleted comes back. Members come as in LEFT, then
 * RIGHT's new ones, then those that are in ANCESTOR alone.
 *
 * NULL when both sides have changed a value (be it to the same), or its types differ (null goes with any
 * scalar, true and 1 differ): E says of which key. The caller owns the result: cJSON_Delete(). */
cJSON *merge_three(const cJSON *ancestor, const cJSON *left, const cJSON *right, struct error *e);

/* Puts NEXT, an object, over BASE, an object: objects are merged, whatever else NEXT has replaces what BASE
 * has, null and lists too. Nothing is taken away. */
void merge_over(cJSON *base, const cJSON *next);

#endif
