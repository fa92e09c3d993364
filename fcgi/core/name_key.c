/* See name_key.h. */
#include "core/name_key.h"

#include <stdlib.h>

static int compare_keys(const void *a, const void *b)
{
    const struct name_key *x = a;
    const struct name_key *y = b;
    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    return str_cmp(name_key_str(x), name_key_str(y));
}

void name_keys_sort(void *entries, size_t n, size_t size)
{
    if (n > 1) {
        qsort(entries, n, size, compare_keys);
    }
}

/* Hashes are spread evenly, so a key stands near the position that its hash has in the range of all hashes.
 */
const void *name_keys_find(const void *entries, size_t n, size_t size, struct name_key key)
{
    if (n == 0) {
        return NULL;
    }
    const char *first = entries;
    const char *end = first + n * size;
    const char *at = first + (key.hash * (uint64_t)n >> 32) * size;
    while (at > first && ((const struct name_key *)(at - size))->hash >= key.hash) {
        at -= size;
    }
    while (at < end && ((const struct name_key *)at)->hash < key.hash) {
        at += size;
    }
    for (; at < end && ((const struct name_key *)at)->hash == key.hash; at += size) {
        if (str_eq(name_key_str((const struct name_key *)at), name_key_str(&key))) {
            return at;
        }
    }
    return NULL;
}
