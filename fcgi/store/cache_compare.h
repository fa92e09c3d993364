/* Compares the releases of a cache with the database, in case the change feed has missed a change. */
#ifndef BALROG_STORE_CACHE_COMPARE_H
#define BALROG_STORE_CACHE_COMPARE_H

#include "store/db.h"
#include "update/release_cache.h"

/* Marks every release of CACHE whose stamp is not that of the database as changed; *DIFFER is their number.
 * Releases of which a change is known already do not count. To be called inside a consistent read in which
 * the feed was polled. Fails as the database does. */
bool cache_compare(struct release_cache *cache, struct db *db, size_t *differ, struct error *e);

#endif
