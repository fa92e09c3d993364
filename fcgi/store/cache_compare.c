/* See cache_compare.h. */
#include "store/cache_compare.h"

#include "core/mem.h"
#include "store/reader.h"

#include <stdlib.h>

struct cache_comparison {
    struct release_cache *cache;
    struct release_stamp *stamps; /* by name */
    size_t n;
    size_t differ;
};

static int stamp_cmp(const void *a, const void *b)
{
    return str_cmp(((const struct release_stamp *)a)->name, ((const struct release_stamp *)b)->name);
}

static void compare_release(void *arg, struct str name, uint64_t stamp)
{
    struct cache_comparison *c = arg;
    struct release_stamp wanted = { name, 0 };
    const struct release_stamp *now =
        c->n > 0 ? bsearch(&wanted, c->stamps, c->n, sizeof(wanted), stamp_cmp) : NULL;
    if ((now != NULL ? now->stamp : 0) != stamp) {
        release_cache_expire(c->cache, name);
        c->differ++;
    }
}

bool cache_compare(struct release_cache *cache, struct db *db, size_t *differ, struct error *e)
{
    struct cache_comparison c = { .cache = cache };
    void *tmp = mem_check(talloc_new(NULL));
    bool ok = reader_release_stamps(db, tmp, &c.stamps, &c.n, e);
    if (ok) {
        if (c.n > 0) {
            qsort(c.stamps, c.n, sizeof(*c.stamps), stamp_cmp);
        }
        release_cache_each(cache, compare_release, &c);
    }
    *differ = c.differ;
    talloc_free(tmp);
    return ok;
}
