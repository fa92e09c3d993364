/* Names with their hashes beside them, for tables that are sorted once and searched often. An entry of such a
 * table starts with a struct name_key. */
#ifndef BALROG_CORE_NAME_KEY_H
#define BALROG_CORE_NAME_KEY_H

#include "core/str.h"

struct name_key {
    const char *p; /* the name; borrowed */
    uint32_t n;
    uint32_t hash;
};
static inline struct name_key name_key_of(struct str name)
{
    return (struct name_key){ name.p, (uint32_t)name.n, str_hash(name) };
}
static inline struct str name_key_str(const struct name_key *key)
{
    return (struct str){ key->p, key->n };
}
/* Sorts N ENTRIES of SIZE bytes each for name_keys_find(). */
void name_keys_sort(void *entries, size_t n, size_t size);
/* The entry named KEY, or NULL. */
const void *name_keys_find(const void *entries, size_t n, size_t size, struct name_key key);

#endif
