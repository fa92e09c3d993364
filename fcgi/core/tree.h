/* Compares JSON values as Python compares dicts and lists, and finds members of large objects. Merging and
 * validation use it. */
#ifndef BALROG_CORE_TREE_H
#define BALROG_CORE_TREE_H

#include "core/json.h"

/* Python's a == b: members in any order, true equals 1 and false equals 0. NULL equals only NULL. */
bool tree_equal(const cJSON *a, const cJSON *b);
/* Equal values have equal hashes. */
uint32_t tree_hash(const cJSON *value);

/* The members of an object by name. A lookup in a large object costs little more than in a small one. */
struct tree_index {
    const cJSON *object;
    const cJSON **item; /* sorted by name; NULL: so few that a linear search is faster */
    size_t n;
};
/* OBJECT is borrowed; NULL counts as empty. tree_index_free() when done. */
void tree_index_init(struct tree_index *ix, const cJSON *object);
void tree_index_free(struct tree_index *ix);
const cJSON *tree_index_get(const struct tree_index *ix, const char *name);

#endif
