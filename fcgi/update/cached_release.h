/* The contents of the release cache. Only the build that fills it (snapshot_build.c) includes this. */
#ifndef BALROG_UPDATE_CACHED_RELEASE_H
#define BALROG_UPDATE_CACHED_RELEASE_H

#include "update/compile_pool.h"
#include "update/release_cache.h"
#include "update/rows.h"

/* Names of releases come from many people, who must not be able to choose names that collide; uthash's own
 * hash function has no secret. */
#define HASH_FUNCTION(NAME, LENGTH, HASH) ((HASH) = str_hash((struct str){ (NAME), (LENGTH) }))
#include <uthash.h>

/* A name that some snapshot needed, whether or not there is such a release. */
struct cached_release {
    UT_hash_handle hh;
    struct str name;
    struct release *release; /* NULL: missing or broken */
    struct release_stamps stamps;
    enum release_use use;
    bool known;          /* release and stamps were read from the database; false before the first commit */
    bool kept;           /* RELEASE is older than STAMPS: what was read then is broken */
    bool expired;        /* the whole release may have changed since it was read */
    bool base_changed;   /* the part that is not an asset may have changed */
    struct str *changed; /* paths of assets that have changed */
    size_t n_changed;
    struct required_release *required; /* by the last build, until the commit; NULL: it is not required */
};

/* What one build requires of a release, and what it read. */
struct required_release {
    struct cached_release *cached;
    unsigned step; /* in which step of the build it was found to be required */
    enum release_use use;
    bool is_read;            /* the next four replace the cached ones at the commit */
    bool kept;               /* what was read is broken; the cached release stays */
    struct release *release; /* a child of CACHED; NULL: missing or broken */
    struct release_stamps stamps;
    bool found;              /* by the complete reading */
    struct compile_job *job; /* the complete compilation; NULL: none was needed */
    struct required_release *next_unread;
};

struct release_cache {
    struct cached_release *releases; /* a hash by name, in the order in which the names came */
    unsigned threads;
    void *build; /* owns the required_releases of the last build; NULL: it was committed, or rolled back */
};

/* Starts a build, which requires nothing yet. If the last build was not committed, it is rolled back. */
void release_cache_begin(struct release_cache *cache);
/* Undoes a build that failed: restores the cache as it was before the build. */
void release_cache_roll_back(struct release_cache *cache);
/* The entry of NAME, added if it is new. Owned by the cache. */
struct cached_release *release_cache_retain(struct release_cache *cache, struct str name);

/* Whether the release in the database may differ from the cached one. */
bool cached_release_is_stale(const struct cached_release *cached);
/* The release that the last build uses: the one that it read, or else the cached one. NULL: missing or
 * broken. */
const struct release *cached_release_current(const struct cached_release *cached);

#endif
