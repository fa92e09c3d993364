/* Builds snapshots. One thread builds, publishes and retires them:
 *
 *     release_cache_expire(…), release_cache_change(…);   what has changed since the last build
 *     next = snapshot_build(…);                           beside the published one; NULL: nothing has changed
 *     (publish next, wait until nobody reads the previous one)
 *     release_cache_commit(cache);                        frees the releases that only the previous one had
 *     talloc_free(previous); */
#ifndef BALROG_UPDATE_SNAPSHOT_BUILD_H
#define BALROG_UPDATE_SNAPSHOT_BUILD_H

#include "update/release_cache.h"
#include "update/snapshot.h"

/* Reads releases, from the database or wherever they are. Each function returns false, with the reason in E,
 * when it cannot read now: the build then fails. *FOUND is false when there is no such thing. What they fill
 * in is owned by CTX or lives until the build returns. The thread that builds calls them, and no other. */
struct release_source {
    bool (*release)(void *arg, void *ctx, struct str name, struct release_row *row,
                    struct release_stamps *stamps, bool *found, struct error *e);
    /* STAMPS of the release NAME, without its assets. If this and the next are NULL, releases are always read
     * whole. */
    bool (*base)(void *arg, struct str name, struct release_stamps *stamps, struct error *e);
    /* The asset at PATH of the release NAME. */
    bool (*asset)(void *arg, void *ctx, struct str name, struct str path, struct release_asset *asset,
                  bool *found, struct error *e);
    void *arg;
};

struct snapshot_request {
    struct release_cache *cache;
    const struct snapshot_input *input;
    const struct release_source *source;
    /* Whether a release that was read and cannot be compiled is replaced by the one that the cache has of
     * that name and use. */
    bool keep_good;
    /* Called for each release that was read by this build and is missing or cannot be compiled. KEPT: an
     * older version stays in its place. NULL: nobody wants to know. */
    void (*broken)(void *arg, struct str name, const char *why, bool kept);
    void *broken_arg;
    /* Unless NULL: build from these N_ROOTS releases, instead of all that rules and pins map to. For a
     * snapshot that answers only queries of which the caller knows where they lead. */
    const struct str *roots;
    size_t n_roots;
};

/* Compiles the releases that rules, pins and superblobs lead to, as far as they are not cached, and returns
 * the snapshot, owned by CTX. NULL when the source failed: E has its reason, and the cache is what it was. */
struct snapshot *snapshot_build(void *ctx, const struct snapshot_request *request, struct error *e);

#endif
