/* A build goes in three steps: the roots (what rules and pins map to), the members of superblobs, the
 * releases that partials start from. Each step notes what it requires, then reads what the cache lacks of it;
 * if that is much, threads compile what has been read while the next release is being read. */
#include "update/snapshot_build.h"

#include "update/cached_release.h"

enum {
    UNTHREADED_MAX = 4, /* releases that are not worth starting threads for */
    ROW_POOL = 1 << 20, /* bytes for what is read of one release; more is allocated as it comes */
};

enum build_step { STEP_ROOTS, STEP_MEMBERS, STEP_FROM };

struct build {
    const struct snapshot_request *request;
    struct error *e;
    enum build_step step;
    struct required_release *unread, **last; /* what this step has to read, in the order in which it was
                                                found to be required */
};

/* ---- reading ---- */

/* Reads the assets of CACHED that have changed; owned by CTX. *FOUND: all are there. */
static bool read_assets(struct build *b, void *ctx, const struct cached_release *cached,
                        struct release_asset *assets, bool *found)
{
    const struct release_source *source = b->request->source;
    *found = true;
    for (size_t i = 0; *found && i < cached->n_changed; i++) {
        if (!source->asset(source->arg, ctx, cached->name, cached->changed[i], &assets[i], found, b->e)) {
            return false;
        }
    }
    return true;
}

/* Amends the cached release, if that is all it takes: r->is_read says whether it was. False when that cannot
 * be found out now. */
static bool amend_release(struct build *b, struct required_release *r)
{
    const struct release_source *source = b->request->source;
    struct cached_release *cached = r->cached;
    struct release_stamps stamps = cached->stamps;
    bool same = true;
    if (source->asset == NULL || cached->release == NULL || cached->expired || cached->use != r->use ||
        cached->kept || !cached->release->amendable) {
        return true;
    }
    if (cached->base_changed) {
        if (!source->base(source->arg, cached->name, &stamps, b->e)) {
            return false;
        }
        same = stamps.base == cached->stamps.base;
    }
    void *tmp = mem_check(talloc_new(NULL));
    struct release_asset *assets = mem_array(tmp, struct release_asset, cached->n_changed);
    bool ok = !same || read_assets(b, tmp, cached, assets, &same);
    if (ok && same) {
        stamps.assets = cached->stamps.assets;
        r->release = release_amend(cached, cached->release, assets, cached->n_changed, &stamps.assets);
        r->stamps = stamps;
        r->is_read = r->release != NULL;
    }
    talloc_free(tmp);
    return ok;
}

/* Reads the row and has it compiled, by POOL unless that is NULL. */
static bool read_release(struct build *b, struct required_release *r, struct compile_pool *pool)
{
    const struct release_source *source = b->request->source;
    struct compile_job *job = mem_new(b->request->cache->build, struct compile_job);
    bool found = false;
    *job = (struct compile_job){ .use = r->use,
                                 .memory = mem_check(talloc_pool(NULL, ROW_POOL)),
                                 .why = { .kind = ERROR_NOT_FOUND, .what = "there is no such release" } };
    r->stamps = (struct release_stamps){ 0 };
    if (!source->release(source->arg, job->memory, r->cached->name, &job->row, &r->stamps, &found, b->e)) {
        talloc_free(job->memory);
        return false;
    }
    if (!found) {
        talloc_free(job->memory);
        r->stamps = (struct release_stamps){ 0 };
    } else if (pool != NULL) {
        compile_pool_add(pool, job);
    } else {
        compile_job_run(job);
    }
    r->job = job;
    r->is_read = true;
    r->found = found;
    return true;
}

/* Takes over what the job compiled. If that is nothing, the cached release may stay. */
static void collect_release(struct build *b, struct required_release *r)
{
    const struct snapshot_request *request = b->request;
    if (r->job == NULL) {
        return; /* it was amended */
    }
    r->release = talloc_steal(r->cached, r->job->release);
    r->kept = request->keep_good && r->found && r->release == NULL && r->cached->release != NULL &&
              r->cached->use == r->use;
    if (r->release == NULL && request->broken != NULL) {
        request->broken(request->broken_arg, r->cached->name, r->job->why.what, r->kept);
    }
}

/* ---- steps ---- */

static void begin_step(struct build *b, enum build_step step)
{
    b->step = step;
    b->unread = NULL;
    b->last = &b->unread;
}

/* Amends what can be amended of what the step requires, and reads the rest whole. */
static bool end_step(struct build *b)
{
    unsigned threads = b->request->cache->threads;
    struct compile_pool *pool = NULL;
    size_t n_whole = 0;
    bool ok = true;
    for (struct required_release *r = b->unread; ok && r != NULL; r = r->next_unread) {
        ok = amend_release(b, r);
        n_whole += !r->is_read;
    }
    if (ok && threads > 0 && n_whole > UNTHREADED_MAX) {
        pool = compile_pool_new(NULL, threads);
    }
    for (struct required_release *r = b->unread; ok && r != NULL; r = r->next_unread) {
        ok = r->is_read || read_release(b, r, pool);
    }
    if (pool != NULL) {
        compile_pool_wait(pool);
        talloc_free(pool);
    }
    for (struct required_release *r = b->unread; r != NULL && r->is_read; r = r->next_unread) {
        collect_release(b, r);
    }
    return ok;
}

/* Notes that the build requires the release NAME for USE. */
static void require_release(struct build *b, struct str name, enum release_use use)
{
    struct release_cache *cache = b->request->cache;
    if (name.n == 0) {
        return;
    }
    struct cached_release *cached = release_cache_retain(cache, name);
    if (cached->required != NULL) {
        return; /* what is required to be served is noted before what is required for its build ids */
    }
    struct required_release *r = mem_new(cache->build, struct required_release);
    *r = (struct required_release){ .cached = cached, .step = b->step, .use = use };
    cached->required = r;
    if (!cached->known || cached_release_is_stale(cached) || cached->use != use) {
        *b->last = r;
        b->last = &r->next_unread;
    }
}

/* The release of CACHED if it was required before the current step; NULL if not, or if it cannot be served.
 */
static const struct release *required_before(const struct build *b, const struct cached_release *cached)
{
    bool before = cached->required != NULL && cached->required->step < b->step;
    return before ? cached_release_current(cached) : NULL;
}

static void require_mappings(struct build *b, const struct snapshot_input *input)
{
    for (size_t i = 0; i < input->rules->n; i++) {
        const struct rule_row *row = &input->rules->rules[i].row;
        require_release(b, row->mapping, RELEASE_SERVED);
        require_release(b, row->fallback_mapping, RELEASE_SERVED);
    }
    for (size_t i = 0; i < input->n_pins; i++) {
        require_release(b, input->pins[i].mapping, RELEASE_SERVED);
    }
}

static bool require_roots(struct build *b)
{
    const struct snapshot_request *request = b->request;
    begin_step(b, STEP_ROOTS);
    if (request->roots == NULL) {
        require_mappings(b, request->input);
    }
    for (size_t i = 0; request->roots != NULL && i < request->n_roots; i++) {
        require_release(b, request->roots[i], RELEASE_SERVED);
    }
    return end_step(b);
}

/* In the next two steps names are added at the end of the list that is walked; they lead no further. */
static bool require_members(struct build *b)
{
    begin_step(b, STEP_MEMBERS);
    for (struct cached_release *c = b->request->cache->releases; c != NULL; c = c->hh.next) {
        const struct release *release = required_before(b, c);
        for (size_t i = 0; release != NULL && i < release->n_members; i++) {
            require_release(b, release->members[i], RELEASE_SERVED);
        }
    }
    return end_step(b);
}

static bool require_from(struct build *b)
{
    begin_step(b, STEP_FROM);
    for (struct cached_release *c = b->request->cache->releases; c != NULL; c = c->hh.next) {
        const struct release *release = required_before(b, c);
        for (size_t i = 0; release != NULL && i < release->n_from; i++) {
            /* What will be served is compiled once, completely. */
            bool serves_later = snapshot_awaits(b->request->input, release->from[i]);
            require_release(b, release->from[i], serves_later ? RELEASE_SERVED : RELEASE_BUILD_IDS);
        }
    }
    return end_step(b);
}

struct snapshot *snapshot_build(void *ctx, const struct snapshot_request *request, struct error *e)
{
    struct release_cache *cache = request->cache;
    struct build b = { .request = request, .e = e };
    release_cache_begin(cache);
    if (!require_roots(&b) || !require_members(&b) || !require_from(&b)) {
        release_cache_roll_back(cache);
        return NULL;
    }
    struct snapshot *s = snapshot_new(ctx, request->input, HASH_COUNT(cache->releases));
    for (struct cached_release *c = cache->releases; c != NULL; c = c->hh.next) {
        if (c->required != NULL) {
            snapshot_add(s, c->name, cached_release_current(c));
        }
    }
    return s;
}
