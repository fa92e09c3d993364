/* Merges changes to a release: a three-way merge for v1 (reference: merge_dicts, merge_lists), and one over
 * the other for v2 (reference: release_merger). */
#ifndef BALROG_BLOB_MERGE_H
#define BALROG_BLOB_MERGE_H

#include "core/json.h"

/* LEFT and RIGHT are both made from ANCESTOR; the result has the changes of both. Objects are merged member
 * by member, lists as if they were sets (all that is in any of the three, ANCESTOR's first), other values
 * where one side alone has changed them. What one side has deleted is restored. Members come as in LEFT, then
 * RIGHT's new ones, then those that are in ANCESTOR alone.
 *
 * Returns NULL, with the key in E, if both sides have changed a value (even to the same), or if its types
 * differ (null matches any scalar; true and 1 differ). The caller owns the result: cJSON_Delete(). */
cJSON *merge_three(const cJSON *ancestor, const cJSON *left, const cJSON *right, struct error *e);

/* Merges NEXT, an object, into BASE, an object. Objects are merged; every other value of NEXT replaces that
 * of BASE, also null and lists. Nothing is removed. */
void merge_over(cJSON *base, const cJSON *next);

#endif
