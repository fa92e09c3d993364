/* The difference between two JSON documents, value by value, for programs and for people who need the
 * overview first: changes of the same kind in many locales are one group. diff.h compares the texts. */
#ifndef BALROG_BLOB_COMPARE_H
#define BALROG_BLOB_COMPARE_H

#include "core/json.h"

enum {
    COMPARE_GROUPS_MAX = 200,
    COMPARE_LIMIT_MAX = 1000,
    COMPARE_POINTER_MAX = 1000,   /* bytes; longer pointers are cut, and end with "…" */
    COMPARE_VALUE_MAX = 512,      /* bytes of JSON; of larger values only the size is reported */
    COMPARE_PAGE_BYTES = 1 << 17, /* about as many bytes of changes fit on a page */
};

/* Which changes are listed one by one. */
struct compare_page {
    int64_t skip;  /* so many changes are left out at the start */
    int64_t limit; /* at most so many are listed */
};

/* Compares OLD with NEW (either may be NULL: nothing is there). ROOT is the JSON pointer to both. Returns an
 * object that the caller owns:
 *
 *     {"summary": {"added", "removed", "changed"},
 *      "groups": [{"op", "pattern", "count", "uniform", "example": CHANGE}], "ungrouped",
 *      "changes": [CHANGE], "next"}
 *
 * A CHANGE has op ("added", "removed", "changed"), pointer, and old and new where they exist; of a value that
 * is too large, old_bytes or new_bytes instead. Members are compared by name, elements of arrays by index. A
 * member that only one side has is one change, whatever is in it. In a pattern, "*" stands for any index, any
 * platform, any locale, and any name in partials and completes. `uniform`: each change of the group replaces
 * the same simple value by the same simple value. Groups cover all changes, but for `ungrouped` changes,
 * which have too many different patterns. `next` is the skip of the next page, or null.
 *
 * The time grows with the size of both documents, times the logarithm of the members of one object. */
cJSON *compare_json(const cJSON *old, const cJSON *new, const char *root, const struct compare_page *page);

/* Appends "/NAME" to the JSON pointer in OUT, escaped. */
void compare_print_name(struct buf *out, const char *name);

#endif
