/* Compiled releases by name, kept from one snapshot to the next: successive snapshots share the releases that
 * have not changed. The cache also remembers which names are missing or broken. Only the thread that builds
 * snapshots may use it; readers of a snapshot see the releases alone. See snapshot_build.h. */
#ifndef BALROG_UPDATE_RELEASE_CACHE_H
#define BALROG_UPDATE_RELEASE_CACHE_H

#include "release/compiled.h"
#include "update/rows.h"

struct release_cache;

/* An empty cache, owned by CTX. */
struct release_cache *release_cache_new(void *ctx);
/* Makes a build that reads many releases compile them on THREADS threads while the caller reads the next
 * ones. The threads end with the build. With 0, the default, the caller's thread compiles. */
void release_cache_set_threads(struct release_cache *cache, unsigned threads);

/* Marks the release NAME, or all releases, as possibly changed: the next build reads them again if it needs
 * them. */
void release_cache_expire(struct release_cache *cache, struct str name);
void release_cache_expire_all(struct release_cache *cache);
/* Marks the asset at PATH of the release NAME as changed, added or deleted; with an absent PATH, the rest of
 * the release. If only a few assets are marked, the next build reads only these. */
void release_cache_change(struct release_cache *cache, struct str name, struct str path);

/* Of one cached name, since the last commit. */
struct cache_entry {
    struct str name;
    enum release_use use;
    struct release_stamps stamps; /* of what was read; all 0: there is no such release */
    bool kept;                    /* what was read last is broken; the version before it is still served */
};
/* How many of them have an older version that is still served. */
size_t release_cache_kept(const struct release_cache *cache);
/* Calls SEEN for every cached name. */
void release_cache_list(const struct release_cache *cache,
                        void (*seen)(void *arg, const struct cache_entry *entry), void *arg);

/* Calls SEEN for every cached name of which no change is known, with the stamp of what was read; the stamp is
 * 0 where there is no such release. SEEN may call release_cache_expire(). */
void release_cache_each(const struct release_cache *cache,
                        void (*seen)(void *arg, struct str name, uint64_t stamp), void *arg);

/* Replaces the cached releases by those that the last build read, and frees those that only the snapshot
 * before it used. So no reader may use that snapshot any more. Does nothing if there was no build since the
 * last commit. */
void release_cache_commit(struct release_cache *cache);
/* The same while readers still use the snapshot before: what only that one needs becomes a child of RETIRED,
 * instead of being freed. Not NULL. */
void release_cache_retire(struct release_cache *cache, void *retired);
/* Ends a build whose releases shall not be kept: those that it has read become children of CTX, and the cache
 * is again what it was at the last commit. What was marked as changed since then counts as unchanged. */
void release_cache_detach(struct release_cache *cache, void *ctx);

#endif
