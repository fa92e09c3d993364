/* See sign_cache.h. A hash table whose entries also form a list from the most to the least recently used. The
 * digests are as good as random, so that their first bytes serve as the hash. */
#include "public/sign_cache.h"

#include "core/mem.h"

#include <stdlib.h>

struct sign_cache {
    struct sign_entry **buckets;
    size_t mask; /* the number of buckets, a power of two, less one */
    size_t n;
    size_t max;
    struct sign_entry *newest;
    struct sign_entry *oldest;
};

struct sign_cache *sign_cache_new(size_t max)
{
    struct sign_cache *c = mem_check(calloc(1, sizeof *c));
    size_t n = 16;
    while (n < max) {
        n *= 2;
    }
    c->buckets = mem_check(calloc(n, sizeof *c->buckets));
    c->mask = n - 1;
    c->max = max;
    return c;
}

void sign_cache_free(struct sign_cache *c)
{
    while (c->newest != NULL) {
        sign_cache_remove(c, c->newest);
    }
    free(c->buckets);
    free(c);
}

size_t sign_cache_count(const struct sign_cache *c)
{
    return c->n;
}

static struct sign_entry **bucket_of(struct sign_cache *c, const struct digest *d)
{
    uint32_t hash;
    memcpy(&hash, d->bytes, sizeof hash);
    return &c->buckets[hash & c->mask];
}

static void unlink_entry(struct sign_cache *c, struct sign_entry *entry)
{
    *(entry->newer != NULL ? &entry->newer->older : &c->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &c->oldest) = entry->newer;
}

static void link_newest(struct sign_cache *c, struct sign_entry *entry)
{
    entry->newer = NULL;
    entry->older = c->newest;
    *(c->newest != NULL ? &c->newest->newer : &c->oldest) = entry;
    c->newest = entry;
}

struct sign_entry *sign_cache_find(struct sign_cache *c, const struct digest *d, unsigned key)
{
    for (struct sign_entry *entry = *bucket_of(c, d); entry != NULL; entry = entry->chain) {
        if (entry->key == key && memcmp(&entry->digest, d, sizeof *d) == 0) {
            unlink_entry(c, entry);
            link_newest(c, entry);
            return entry;
        }
    }
    return NULL;
}

static void make_room(struct sign_cache *c)
{
    struct sign_entry *next;
    for (struct sign_entry *entry = c->oldest; entry != NULL && c->n >= c->max; entry = next) {
        next = entry->newer;
        if (!entry->pending) {
            sign_cache_remove(c, entry);
        }
    }
}

struct sign_entry *sign_cache_add(struct sign_cache *c, const struct digest *d, unsigned key)
{
    make_room(c);
    struct sign_entry *entry = mem_check(calloc(1, sizeof *entry));
    struct sign_entry **head = bucket_of(c, d);
    entry->digest = *d;
    entry->key = key;
    entry->pending = true;
    entry->chain = *head;
    *head = entry;
    link_newest(c, entry);
    c->n++;
    return entry;
}

void sign_cache_remove(struct sign_cache *c, struct sign_entry *entry)
{
    struct sign_entry **at = bucket_of(c, &entry->digest);
    while (*at != entry) {
        at = &(*at)->chain;
    }
    *at = entry->chain;
    unlink_entry(c, entry);
    c->n--;
    free(entry->value);
    free(entry);
}
