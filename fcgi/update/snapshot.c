/* A build goes in three steps: the roots (what rules and pins map to), the members of superblobs, the
 * releases that partials start from. Each step notes what it needs, then reads what the library lacks of it;
 * where that is much, threads compile what has been read while the next is being read. What is read is set
 * aside as `fresh` until library_commit(), since readers of the previous snapshot still use what it replaces.
 */
#include "update/snapshot.h"

#include "update/compile_pool.h"

#include <stdlib.h>
/* Releases' names come from many tenants: uthash's own function has no secret. */
#define HASH_FUNCTION(NAME, LENGTH, HASH) ((HASH) = str_hash((struct str){ (NAME), (LENGTH) }))
#include <uthash.h>

enum {
    FEW = 4,            /* releases that are not worth starting threads for */
    CHANGES_MAX = 32,   /* of a release, before it is read whole */
    ROW_POOL = 1 << 20, /* bytes for what is read of one release; more is allocated as it comes */
};

enum step { NOT_NEEDED, ROOTS, MEMBERS, FROM };

/* A name that some snapshot needed, whether or not there is such a release. */
struct holding {
    UT_hash_handle hh;
    struct str name;
    struct release *release; /* NULL: missing or broken */
    struct release_mark mark;
    enum release_use use;
    bool known;   /* release and mark are what the database said; false before the first commit */
    bool expired; /* the database may say something else now */
    bool base_changed;
    struct str *changed; /* paths of assets */
    size_t n_changed;
    /* The build under way: */
    enum step needed; /* in which step; NOT_NEEDED */
    enum release_use needed_use;
    bool has_fresh;
    struct release *fresh;
    struct release_mark fresh_mark;
    enum release_use fresh_use;
    struct compile_job job;
    struct holding *unread; /* the next one that this step has to read */
};

struct library {
    struct holding *holdings;
    unsigned threads;
};

static int forget_hash(struct library *library)
{
    HASH_CLEAR(hh, library->holdings); /* uthash's own memory; the holdings go with the context */
    return 0;
}

struct library *library_new(void *ctx)
{
    struct library *library = mem_new(ctx, struct library);
    talloc_set_destructor(library, forget_hash);
    return library;
}

void library_set_threads(struct library *library, unsigned threads)
{
    library->threads = threads;
}

static struct holding *find(const struct library *library, struct str name)
{
    struct holding *h;
    HASH_FIND(hh, library->holdings, name.p, (unsigned)name.n, h);
    return h;
}

void library_expire(struct library *library, struct str name)
{
    struct holding *h = find(library, name);
    if (h != NULL) {
        h->expired = true;
    }
}

void library_expire_all(struct library *library)
{
    for (struct holding *h = library->holdings; h != NULL; h = h->hh.next) {
        h->expired = true;
    }
}

/* Whether the database may say something else now than it did. */
static bool is_stale(const struct holding *h)
{
    return h->expired || h->base_changed || h->n_changed > 0;
}

static bool is_noted(const struct holding *h, struct str path)
{
    for (size_t i = 0; i < h->n_changed; i++) {
        if (str_eq(h->changed[i], path)) {
            return true;
        }
    }
    return false;
}

void library_change(struct library *library, struct str name, struct str path)
{
    struct holding *h = find(library, name);
    if (h == NULL || h->expired) {
        return;
    }
    if (str_absent(path)) {
        h->base_changed = true;
    } else if (h->n_changed == CHANGES_MAX) {
        h->expired = true;
    } else if (!is_noted(h, path)) {
        h->changed = mem_resize(h, h->changed, struct str, h->n_changed + 1);
        h->changed[h->n_changed++] = mem_str(h->changed, path);
    }
}

void library_each(const struct library *library, void (*seen)(void *arg, struct str name, uint64_t stamp),
                  void *arg)
{
    for (struct holding *h = library->holdings; h != NULL; h = h->hh.next) {
        if (!is_stale(h)) {
            seen(arg, h->name, release_mark_stamp(&h->mark));
        }
    }
}

static void drop(struct library *library, struct holding *h)
{
    HASH_DEL(library->holdings, h);
    talloc_free(h); /* with its releases */
}

/* What was read takes the place of what was there before, unless it goes on using that. */
static void settle(struct holding *h)
{
    if (h->fresh != NULL && h->fresh->amends != NULL) {
        talloc_steal(h->fresh, h->release);
    } else {
        talloc_free(h->release);
    }
    talloc_free(h->changed);
    h->release = h->fresh;
    h->mark = h->fresh_mark;
    h->use = h->fresh_use;
    h->known = true;
    h->expired = false;
    h->base_changed = false;
    h->changed = NULL;
    h->n_changed = 0;
    h->fresh = NULL;
    h->has_fresh = false;
}

void library_commit(struct library *library)
{
    struct holding *h, *next;
    HASH_ITER(hh, library->holdings, h, next)
    {
        if (h->needed == NOT_NEEDED) {
            drop(library, h);
        } else if (h->has_fresh) {
            settle(h);
        }
    }
}

/* ---- building ---- */

struct build {
    struct library *library;
    const struct release_source *source;
    void (*broken)(void *arg, struct str name, const char *why);
    void *arg;
    struct error *e;
    enum step step;
    struct holding *first, **last; /* what this step has to read, in the order in which it was needed */
};

static void give_up(struct library *library)
{
    struct holding *h, *next;
    HASH_ITER(hh, library->holdings, h, next)
    {
        talloc_free(h->fresh);
        h->fresh = NULL;
        h->has_fresh = false;
        if (!h->known) {
            drop(library, h);
        }
    }
}

static void begin(struct library *library)
{
    for (struct holding *h = library->holdings; h != NULL; h = h->hh.next) {
        h->needed = NOT_NEEDED;
    }
}

static struct holding *hold(struct library *library, struct str name)
{
    struct holding *h = find(library, name);
    if (h == NULL) {
        h = mem_new(library, struct holding);
        h->name = mem_str(h, name);
        HASH_ADD_KEYPTR(hh, library->holdings, h->name.p, (unsigned)h->name.n, h);
    }
    return h;
}

static const struct release *effective(const struct holding *h)
{
    return h->has_fresh ? h->fresh : h->release;
}

/* Notes that the build needs the release NAME for USE. */
static void need(struct build *b, struct str name, enum release_use use)
{
    if (name.n == 0) {
        return;
    }
    struct holding *h = hold(b->library, name);
    if (h->needed != NOT_NEEDED) {
        return; /* what is needed to be served is noted before what is needed for its build ids */
    }
    h->needed = b->step;
    h->needed_use = use;
    if (!h->known || is_stale(h) || h->use != use) {
        h->unread = NULL;
        *b->last = h;
        b->last = &h->unread;
    }
}

/* Reads the assets of H that have changed; owned by CTX. *FOUND: all are there. */
static bool read_assets(struct build *b, void *ctx, const struct holding *h, struct release_asset *assets,
                        bool *found)
{
    *found = true;
    for (size_t i = 0; *found && i < h->n_changed; i++) {
        if (!b->source->asset(b->source->arg, ctx, h->name, h->changed[i], &assets[i], found, b->e)) {
            return false;
        }
    }
    return true;
}

/* Amends H's release, if that is all it takes: h->has_fresh says whether it was. False when that cannot be
 * told now. */
static bool amend_release(struct build *b, struct holding *h)
{
    const struct release_source *source = b->source;
    struct release_mark mark = h->mark;
    bool same = true;
    if (source->asset == NULL || h->release == NULL || h->expired || h->use != h->needed_use ||
        !h->release->amendable) {
        return true;
    }
    if (h->base_changed) {
        if (!source->base(source->arg, h->name, &mark, b->e)) {
            return false;
        }
        same = mark.base == h->mark.base;
    }
    void *tmp = mem_check(talloc_new(NULL));
    struct release_asset *assets = mem_array(tmp, struct release_asset, h->n_changed);
    bool ok = !same || read_assets(b, tmp, h, assets, &same);
    if (ok && same) {
        mark.assets = h->mark.assets;
        h->fresh = release_amend(h, h->release, assets, h->n_changed, &mark.assets);
        h->fresh_mark = mark;
        h->fresh_use = h->use;
        h->has_fresh = h->fresh != NULL;
    }
    talloc_free(tmp);
    return ok;
}

/* Reads H's row and has it compiled, by POOL unless that is NULL. */
static bool read_release(struct build *b, struct holding *h, struct compile_pool *pool)
{
    bool found = false;
    struct compile_job *job = &h->job;
    *job = (struct compile_job){ .use = h->needed_use,
                                 .memory = mem_check(talloc_pool(NULL, ROW_POOL)),
                                 .why = { .status = 404, .what = "there is no such release" } };
    h->fresh_mark = (struct release_mark){ 0 };
    if (!b->source->release(b->source->arg, job->memory, h->name, &job->row, &h->fresh_mark, &found, b->e)) {
        talloc_free(job->memory);
        return false;
    }
    if (!found) {
        talloc_free(job->memory);
        h->fresh_mark = (struct release_mark){ 0 };
    } else if (pool != NULL) {
        compile_pool_add(pool, job);
    } else {
        compile_job_run(job);
    }
    h->has_fresh = true;
    return true;
}

/* What came of read_release(). */
static void take_release(struct build *b, struct holding *h)
{
    if (h->fresh != NULL) {
        return; /* it was amended */
    }
    h->fresh = talloc_steal(h, h->job.release);
    h->fresh_use = h->job.use;
    if (h->fresh == NULL && b->broken != NULL) {
        b->broken(b->arg, h->name, h->job.why.what);
    }
}

/* Begins a step. */
static void begin_step(struct build *b, enum step step)
{
    b->step = step;
    b->first = NULL;
    b->last = &b->first;
}

/* Ends it: of what was noted, amends what it can and reads the rest whole. */
static bool end_step(struct build *b)
{
    struct compile_pool *pool = NULL;
    size_t n_whole = 0;
    bool ok = true;
    for (struct holding *h = b->first; ok && h != NULL; h = h->unread) {
        ok = amend_release(b, h);
        n_whole += !h->has_fresh;
    }
    if (ok && b->library->threads > 0 && n_whole > FEW) {
        pool = compile_pool_new(NULL, b->library->threads);
    }
    for (struct holding *h = b->first; ok && h != NULL; h = h->unread) {
        ok = h->has_fresh || read_release(b, h, pool);
    }
    if (pool != NULL) {
        compile_pool_wait(pool);
        talloc_free(pool);
    }
    for (struct holding *h = b->first; h != NULL && h->has_fresh; h = h->unread) {
        take_release(b, h);
    }
    return ok;
}

static bool need_roots(struct build *b, const struct snapshot_input *input)
{
    begin_step(b, ROOTS);
    for (size_t i = 0; i < input->rules->n; i++) {
        const struct rule_row *row = &input->rules->rules[i].row;
        need(b, row->mapping, RELEASE_SERVED);
        need(b, row->fallback_mapping, RELEASE_SERVED);
    }
    for (size_t i = 0; i < input->n_pins; i++) {
        need(b, input->pins[i].mapping, RELEASE_SERVED);
    }
    return end_step(b);
}

/* In these two, names are added to the list while we go along it; they lead no further. */
static bool need_members(struct build *b)
{
    begin_step(b, MEMBERS);
    for (struct holding *h = b->library->holdings; h != NULL; h = h->hh.next) {
        const struct release *r = h->needed == ROOTS ? effective(h) : NULL;
        for (size_t i = 0; r != NULL && i < r->n_members; i++) {
            need(b, r->members[i], RELEASE_SERVED);
        }
    }
    return end_step(b);
}

static bool need_from(struct build *b)
{
    begin_step(b, FROM);
    for (struct holding *h = b->library->holdings; h != NULL; h = h->hh.next) {
        const struct release *r = h->needed == ROOTS || h->needed == MEMBERS ? effective(h) : NULL;
        for (size_t i = 0; r != NULL && i < r->n_from; i++) {
            need(b, r->from[i], RELEASE_BUILD_IDS);
        }
    }
    return end_step(b);
}

static void fill_table(struct snapshot *s, const struct library *library)
{
    size_t size = 16;
    while (size < 2 * (size_t)HASH_COUNT(library->holdings)) {
        size *= 2;
    }
    s->mask = size - 1;
    s->table = mem_array(s, const struct release *, size);
    for (struct holding *h = library->holdings; h != NULL; h = h->hh.next) {
        const struct release *r = effective(h);
        if (h->needed == NOT_NEEDED || r == NULL) {
            s->n_missing += h->needed != NOT_NEEDED;
            continue;
        }
        size_t i = str_hash(h->name) & s->mask;
        while (s->table[i] != NULL) {
            i = (i + 1) & s->mask;
        }
        s->table[i] = r;
        s->n_releases++;
    }
}

static int pin_cmp(const struct pin_row *a, const struct pin_row *b)
{
    int c = str_cmp(a->product, b->product);
    c = c != 0 ? c : str_cmp(a->channel, b->channel);
    return c != 0 ? c : str_cmp(a->version, b->version);
}

static int by_pin(const void *a, const void *b)
{
    return pin_cmp(*(const struct pin_row *const *)a, *(const struct pin_row *const *)b);
}

static void sort_pins(struct snapshot *s)
{
    s->pins = mem_array(s, const struct pin_row *, s->input.n_pins);
    for (size_t i = 0; i < s->input.n_pins; i++) {
        s->pins[i] = &s->input.pins[i];
    }
    if (s->input.n_pins > 0) {
        qsort(s->pins, s->input.n_pins, sizeof(*s->pins), by_pin);
    }
}

struct snapshot *snapshot_build(void *ctx, struct library *library, const struct snapshot_input *input,
                                const struct release_source *source,
                                void (*broken)(void *arg, struct str name, const char *why), void *arg,
                                struct error *e)
{
    struct build b = { .library = library, .source = source, .broken = broken, .arg = arg, .e = e };
    begin(library);
    if (!need_roots(&b, input) || !need_members(&b) || !need_from(&b)) {
        give_up(library);
        return NULL;
    }
    struct snapshot *s = mem_new(ctx, struct snapshot);
    s->input = *input;
    fill_table(s, library);
    sort_pins(s);
    return s;
}

/* ---- reading ---- */

const struct release *snapshot_release(const struct snapshot *s, struct str name)
{
    for (size_t i = str_hash(name) & s->mask; s->table[i] != NULL; i = (i + 1) & s->mask) {
        if (str_eq(s->table[i]->name, name)) {
            return s->table[i];
        }
    }
    return NULL;
}

struct str snapshot_pin(const struct snapshot *s, struct str product, struct str channel, struct str version)
{
    struct pin_row wanted = { product, version, channel, STR_NONE };
    const struct pin_row *key = &wanted;
    if (s->input.n_pins == 0) {
        return STR_NONE;
    }
    const struct pin_row *const *found = bsearch(&key, s->pins, s->input.n_pins, sizeof(*s->pins), by_pin);
    return found != NULL ? (*found)->mapping : STR_NONE;
}

bool snapshot_is_shut_off(const struct snapshot *s, struct str product, struct str channel)
{
    for (size_t i = 0; i < s->input.n_shutoffs; i++) {
        const struct shutoff_row *row = &s->input.shutoffs[i];
        if (str_eq(row->product, product) && str_eq(row->channel, channel)) {
            return true;
        }
    }
    return false;
}
