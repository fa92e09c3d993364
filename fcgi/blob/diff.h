/* How two versions of a release differ, for people. */
#ifndef BALROG_BLOB_DIFF_H
#define BALROG_BLOB_DIFF_H

#include "core/json.h"

/* Comparisons of lines that take some seconds. */
#define DIFF_STEPS UINT64_C(3000000000)

/* Appends to OUT what Python's difflib.unified_diff(A's lines, B's lines, FROM, TO, lineterm="") gives,
 * joined by newlines; nothing when they are equal. Lines end at '\n' alone.
 *
 * The same bytes, but that the search for common lines gives up after STEPS comparisons (fewer than 2^32):
 * what it has not got to is then shown as removed and added. */
void diff_unified(struct buf *out, struct str a, struct str b, const char *from, const char *to,
                  uint64_t steps);

/* The same for two JSON values, printed sorted and indented by 2. False when they, or the diff, are too large
 * for OUT or for memory (256 MiB). */
bool diff_json(struct buf *out, const cJSON *a, const cJSON *b, const char *from, const char *to,
               struct error *e);

#endif
