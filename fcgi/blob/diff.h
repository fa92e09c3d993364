/* Shows people how two versions of a release differ. */
#ifndef BALROG_BLOB_DIFF_H
#define BALROG_BLOB_DIFF_H

#include "core/json.h"

/* So many comparisons of lines take some seconds. */
#define DIFF_STEPS UINT64_C(3000000000)

/* Appends the result of Python's difflib.unified_diff(A's lines, B's lines, FROM, TO, lineterm="") to OUT,
 * joined by newlines; nothing if A and B are equal. Lines end at '\n' alone.
 *
 * There is one difference: the search for common lines stops after STEPS comparisons (fewer than 2^32). Lines
 * that it did not reach are shown as removed and added. */
void diff_unified(struct buf *out, struct str a, struct str b, const char *from, const char *to,
                  uint64_t steps);

/* The same for two JSON values, printed with sorted keys and indented by 2. Returns false if they are too
 * large for memory (256 MiB), or the diff for OUT: E says so. */
bool diff_json(struct buf *out, const cJSON *a, const cJSON *b, const char *from, const char *to,
               struct error *e);

#endif
