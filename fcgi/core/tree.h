/* JSON values compared and printed as Python compares and prints dicts and lists: what merging, splitting and
 * the wording of errors rest on. */
#ifndef BALROG_CORE_TREE_H
#define BALROG_CORE_TREE_H

#include "core/json.h"

/* Python's a == b: members in any order, true equals 1 and false equals 0. NULL equals only NULL. */
bool tree_equal(const cJSON *a, const cJSON *b);
/* Equal values have equal hashes. */
uint32_t tree_hash(const cJSON *value);

/* The members of an object by name; looking one up costs the same however many there are, nearly. */
struct tree_index {
    const cJSON *object;
    const cJSON **item; /* sorted by name; NULL: they are so few that they are tried in turn */
    size_t n;
};
/* OBJECT is borrowed; NULL counts as empty. tree_index_free() when done. */
void tree_index_init(struct tree_index *ix, const cJSON *object);
void tree_index_free(struct tree_index *ix);
const cJSON *tree_index_get(const struct tree_index *ix, const char *name);

#endif
