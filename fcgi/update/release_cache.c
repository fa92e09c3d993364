/* See release_cache.h. What a build reads is set aside in the required_release until the commit, since
 * readers of the previous snapshot still use what it replaces. */
#include "update/release_cache.h"

#include "update/cached_release.h"

enum { CHANGED_ASSETS_MAX = 32 }; /* of a release; with more it is read whole */

static int free_hash(struct release_cache *cache)
{
    HASH_CLEAR(hh, cache->releases); /* uthash's own memory; the entries go with the context */
    return 0;
}

struct release_cache *release_cache_new(void *ctx)
{
    struct release_cache *cache = mem_new(ctx, struct release_cache);
    talloc_set_destructor(cache, free_hash);
    return cache;
}

void release_cache_set_threads(struct release_cache *cache, unsigned threads)
{
    cache->threads = threads;
}

static struct cached_release *find_cached(const struct release_cache *cache, struct str name)
{
    struct cached_release *cached;
    HASH_FIND(hh, cache->releases, name.p, (unsigned)name.n, cached);
    return cached;
}

struct cached_release *release_cache_retain(struct release_cache *cache, struct str name)
{
    struct cached_release *cached = find_cached(cache, name);
    if (cached == NULL) {
        cached = mem_new(cache, struct cached_release);
        cached->name = mem_str(cached, name);
        HASH_ADD_KEYPTR(hh, cache->releases, cached->name.p, (unsigned)cached->name.n, cached);
    }
    return cached;
}

static void drop_cached(struct release_cache *cache, struct cached_release *cached)
{
    HASH_DEL(cache->releases, cached);
    talloc_free(cached); /* with its releases */
}

/* ---- changes ---- */

void release_cache_expire(struct release_cache *cache, struct str name)
{
    struct cached_release *cached = find_cached(cache, name);
    if (cached != NULL) {
        cached->expired = true;
    }
}

void release_cache_expire_all(struct release_cache *cache)
{
    for (struct cached_release *c = cache->releases; c != NULL; c = c->hh.next) {
        c->expired = true;
    }
}

bool cached_release_is_stale(const struct cached_release *cached)
{
    return cached->expired || cached->base_changed || cached->n_changed > 0;
}

static bool is_noted(const struct cached_release *cached, struct str path)
{
    for (size_t i = 0; i < cached->n_changed; i++) {
        if (str_eq(cached->changed[i], path)) {
            return true;
        }
    }
    return false;
}

void release_cache_change(struct release_cache *cache, struct str name, struct str path)
{
    struct cached_release *cached = find_cached(cache, name);
    if (cached == NULL || cached->expired) {
        return;
    }
    if (str_absent(path)) {
        cached->base_changed = true;
    } else if (cached->n_changed == CHANGED_ASSETS_MAX) {
        cached->expired = true;
    } else if (!is_noted(cached, path)) {
        cached->changed = mem_resize(cached, cached->changed, struct str, cached->n_changed + 1);
        cached->changed[cached->n_changed++] = mem_str(cached->changed, path);
    }
}

void release_cache_each(const struct release_cache *cache,
                        void (*seen)(void *arg, struct str name, uint64_t stamp), void *arg)
{
    for (struct cached_release *c = cache->releases; c != NULL; c = c->hh.next) {
        if (!cached_release_is_stale(c)) {
            seen(arg, c->name, release_stamps_sum(&c->stamps));
        }
    }
}

void release_cache_list(const struct release_cache *cache,
                        void (*seen)(void *arg, const struct cache_entry *entry), void *arg)
{
    for (struct cached_release *c = cache->releases; c != NULL; c = c->hh.next) {
        seen(arg, &(struct cache_entry){ c->name, c->use, c->stamps, c->kept });
    }
}

size_t release_cache_kept(const struct release_cache *cache)
{
    size_t n = 0;
    for (struct cached_release *c = cache->releases; c != NULL; c = c->hh.next) {
        n += c->kept;
    }
    return n;
}

/* ---- builds ---- */

const struct release *cached_release_current(const struct cached_release *cached)
{
    const struct required_release *required = cached->required;
    return required != NULL && required->is_read && !required->kept ? required->release : cached->release;
}

/* Ends the build: nothing that it noted is needed any more. */
static void end_build(struct release_cache *cache)
{
    for (struct cached_release *c = cache->releases; c != NULL; c = c->hh.next) {
        c->required = NULL;
    }
    talloc_free(cache->build);
    cache->build = NULL;
}

void release_cache_roll_back(struct release_cache *cache)
{
    struct cached_release *c, *next;
    HASH_ITER(hh, cache->releases, c, next)
    {
        if (c->required != NULL) {
            talloc_free(c->required->release);
        }
        if (!c->known) {
            drop_cached(cache, c);
        }
    }
    end_build(cache);
}

void release_cache_begin(struct release_cache *cache)
{
    if (cache->build != NULL) {
        release_cache_roll_back(cache);
    }
    cache->build = mem_check(talloc_new(cache));
}

static void mark_unchanged(struct cached_release *cached)
{
    talloc_free(cached->changed);
    cached->expired = false;
    cached->base_changed = false;
    cached->changed = NULL;
    cached->n_changed = 0;
}

/* What was read takes the place of what was there before, unless it goes on using that one's memory. */
static void commit_release(struct cached_release *cached, void *retired)
{
    const struct required_release *required = cached->required;
    bool amends = required->release != NULL && required->release->amends != NULL;
    mark_unchanged(cached);
    if (!required->kept) {
        talloc_steal(amends ? (void *)required->release : retired, cached->release);
        cached->release = required->release;
    }
    cached->kept = required->kept;
    cached->stamps = required->stamps;
    cached->use = required->use;
    cached->known = true;
}

void release_cache_retire(struct release_cache *cache, void *retired)
{
    struct cached_release *c, *next;
    if (cache->build == NULL) {
        return;
    }
    HASH_ITER(hh, cache->releases, c, next)
    {
        if (c->required == NULL) {
            talloc_steal(retired, c->release);
            drop_cached(cache, c);
        } else if (c->required->is_read) {
            commit_release(c, retired);
        }
    }
    end_build(cache);
}

void release_cache_commit(struct release_cache *cache)
{
    void *retired = mem_check(talloc_new(NULL));
    release_cache_retire(cache, retired);
    talloc_free(retired);
}

void release_cache_detach(struct release_cache *cache, void *ctx)
{
    for (struct cached_release *c = cache->releases; c != NULL; c = c->hh.next) {
        if (c->required != NULL) {
            talloc_steal(ctx, c->required->release);
            c->required->release = NULL;
        }
        mark_unchanged(c);
    }
    release_cache_roll_back(cache);
}
