/* A cache of signatures by digest and key, with a maximum number of entries; the least recently used entry is
 * dropped first. It has no lock of its own: the caller holds one. */
#ifndef BALROG_PUBLIC_SIGN_CACHE_H
#define BALROG_PUBLIC_SIGN_CACHE_H

#include "public/signature.h"

struct sign_cache;

struct sign_entry {
    struct digest digest;
    unsigned key;              /* number of the key that signs */
    char *value;               /* malloc'ed header value; NULL while there has never been one */
    int64_t made_ms;           /* when value was made */
    bool pending;              /* being signed; not dropped meanwhile */
    struct sign_entry *queued; /* for the caller's queue */
    struct sign_entry *chain;
    struct sign_entry *newer;
    struct sign_entry *older;
};

/* malloc'ed; MAX is how many entries it holds (more only while that many are pending). */
struct sign_cache *sign_cache_new(size_t max);
void sign_cache_free(struct sign_cache *c);
/* Returns the entry, which becomes the most recently used one; NULL if there is none. */
struct sign_entry *sign_cache_find(struct sign_cache *c, const struct digest *d, unsigned key);
/* Adds an empty, pending entry. The caller has made sure that there is none. */
struct sign_entry *sign_cache_add(struct sign_cache *c, const struct digest *d, unsigned key);
void sign_cache_remove(struct sign_cache *c, struct sign_entry *entry);
size_t sign_cache_count(const struct sign_cache *c);

#endif
