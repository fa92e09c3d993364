/* See simulate_build.h. Both builds use one release cache. The second one is never committed, so that what
 * the first one has read lives on. */
#include "explain/simulate_build.h"

#include "explain/world.h"

static const struct snapshot *build(void *ctx, struct tx *tx, struct world *world,
                                    struct release_cache *cache, const struct engine_settings *settings,
                                    struct error *e)
{
    struct world_reader reader = { tx, world };
    struct release_source source = world_source(&reader);
    struct snapshot_input input = world_input(ctx, world, settings);
    struct snapshot_request request = { .cache = cache, .input = &input, .source = &source };
    return snapshot_build(ctx, &request, e);
}

/* The releases that CHANGES touch are to be read again. */
static void expire_changed(struct release_cache *cache, const struct row_changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        const struct row_change *c = &changes->list[i];
        const char *name = row_text(c->now != NULL ? c->now : c->old, "name");
        if (name != NULL) {
            release_cache_expire(cache, str_of(name));
        }
    }
}

bool simulate_build(void *ctx, struct tx *tx, const struct row_changes *changes,
                    const struct engine_settings *settings, const struct snapshot **before,
                    const struct snapshot **after, struct error *e)
{
    struct release_cache *cache = release_cache_new(ctx);
    struct world *now = mem_new(ctx, struct world);
    struct world *changed = mem_new(ctx, struct world);
    if (!world_read(tx, ctx, now, e) || !world_read(tx, ctx, changed, e)) {
        return false;
    }
    world_apply(changed, changes);
    *before = build(ctx, tx, now, cache, settings, e);
    if (*before == NULL) {
        return false;
    }
    release_cache_commit(cache);
    expire_changed(cache, changes);
    *after = build(ctx, tx, changed, cache, settings, e);
    return *after != NULL;
}
