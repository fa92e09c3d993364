/* Compiled releases by name, kept from one snapshot to the next: successive snapshots share the releases that
 * have not changed. Also remembers which names are known to be missing or broken. All of it belongs to the
 * thread that builds snapshots; readers of a snapshot see the releases alone. See snapshot_build.h. */
#ifndef BALROG_UPDATE_RELEASE_CACHE_H
#define BALROG_UPDATE_RELEASE_CACHE_H

#include "core/str.h"

struct release_cache;

/* An empty cache, owned by CTX. */
struct release_cache *release_cache_new(void *ctx);
/* Lets a build that reads many releases compile them on THREADS threads while the caller reads; they end with
 * the build. 0, the default: the caller's thread compiles. */
void release_cache_set_threads(struct release_cache *cache, unsigned threads);

/* The release NAME may have changed, or all may: the next build reads them again if it needs them. */
void release_cache_expire(struct release_cache *cache, struct str name);
void release_cache_expire_all(struct release_cache *cache);
/* The asset at PATH of the release NAME was changed, added or deleted; if PATH is absent, something else than
 * an asset was. After only a few such changes the next build reads the changed assets alone. */
void release_cache_change(struct release_cache *cache, struct str name, struct str path);

/* Calls SEEN for every cached name of which no change is known, with the stamp of what was read; the stamp is
 * 0 where there is no such release. SEEN may call release_cache_expire(). */
void release_cache_each(const struct release_cache *cache,
                        void (*seen)(void *arg, struct str name, uint64_t stamp), void *arg);

/* Makes what the last build read the cache's content, and frees what the snapshot before it used and the new
 * one does not: nobody may read that one any more. Does nothing if there was no build since the last commit.
 */
void release_cache_commit(struct release_cache *cache);

#endif
