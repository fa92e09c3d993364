/* A build walks from the roots (what rules and pins map to) to the members of superblobs to the releases that
 * partials start from, and reads on the way what the library lacks. What it reads is set aside as `fresh`
 * until library_commit(), since readers of the previous snapshot still use what it replaces. */
#include "update/snapshot.h"

#include <stdlib.h>
#include <uthash.h>

/* A name that some snapshot needed, whether or not there is such a release. */
struct holding {
    UT_hash_handle hh;
    struct str name;
    struct release *release; /* NULL: missing or broken */
    uint64_t stamp;          /* 0: missing */
    enum release_use use;
    bool known;   /* release and stamp are what the database said; false before the first commit */
    bool expired; /* the database may say something else now */
    /* The build under way: */
    bool needed;
    enum release_use needed_use;
    bool has_fresh;
    struct release *fresh;
    uint64_t fresh_stamp;
    enum release_use fresh_use;
};

struct library {
    struct holding *holdings;
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

void library_each(const struct library *library, void (*seen)(void *arg, struct str name, uint64_t stamp),
                  void *arg)
{
    for (struct holding *h = library->holdings; h != NULL; h = h->hh.next) {
        if (!h->expired) {
            seen(arg, h->name, h->stamp);
        }
    }
}

static void drop(struct library *library, struct holding *h)
{
    HASH_DEL(library->holdings, h);
    talloc_free(h); /* with its releases */
}

void library_commit(struct library *library)
{
    struct holding *h, *next;
    HASH_ITER(hh, library->holdings, h, next)
    {
        if (!h->needed) {
            drop(library, h);
        } else if (h->has_fresh) {
            talloc_free(h->release);
            h->release = h->fresh;
            h->stamp = h->fresh_stamp;
            h->use = h->fresh_use;
            h->known = true;
            h->expired = false;
            h->fresh = NULL;
            h->has_fresh = false;
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
        h->needed = false;
    }
}

static struct holding *hold(struct library *library, struct str name)
{
    struct holding *h = find(library, name);
    if (h == NULL) {
        h = mem_new(library, struct holding);
        h->name = (struct str){ mem_strndup(h, name.p, name.n), name.n };
        HASH_ADD_KEYPTR(hh, library->holdings, h->name.p, (unsigned)h->name.n, h);
    }
    return h;
}

static bool read_release(struct build *b, struct holding *h, enum release_use use)
{
    struct release_row row;
    bool found = false;
    uint64_t stamp = 0;
    if (!b->source->release(b->source->arg, h->name, &row, &stamp, &found, b->e)) {
        return false;
    }
    struct error why = { .status = 404, .what = "there is no such release" };
    talloc_free(h->fresh);
    h->fresh = found ? release_compile(h, &row, use, &why) : NULL;
    h->fresh_stamp = found ? stamp : 0;
    h->fresh_use = use;
    h->has_fresh = true;
    if (h->fresh == NULL && b->broken != NULL) {
        b->broken(b->arg, h->name, why.what);
    }
    return true;
}

static const struct release *effective(const struct holding *h)
{
    return h->has_fresh ? h->fresh : h->release;
}

/* Sees to it that the build has the release NAME for USE. *RELEASE is NULL when there is none. */
static bool need(struct build *b, struct str name, enum release_use use, const struct release **release)
{
    struct holding *h = hold(b->library, name);
    if (!h->needed || h->needed_use < use) {
        h->needed = true;
        h->needed_use = use;
        bool current = h->has_fresh ? h->fresh_use == use : h->known && !h->expired && h->use == use;
        if (!current && !read_release(b, h, use)) {
            return false;
        }
    }
    *release = effective(h);
    return true;
}

static bool need_served(struct build *b, struct str name)
{
    const struct release *r, *member;
    if (name.n == 0) {
        return true;
    }
    if (!need(b, name, RELEASE_SERVED, &r)) {
        return false;
    }
    for (size_t i = 0; r != NULL && i < r->n_members; i++) {
        if (!need(b, r->members[i], RELEASE_SERVED, &member)) {
            return false;
        }
    }
    return true;
}

static bool need_from(struct build *b)
{
    const struct release *ignored;
    /* Holdings that are added on the way are for build ids only: they need nothing more. */
    for (struct holding *h = b->library->holdings; h != NULL; h = h->hh.next) {
        const struct release *r = effective(h);
        if (!h->needed || h->needed_use != RELEASE_SERVED || r == NULL) {
            continue;
        }
        for (size_t i = 0; i < r->n_from; i++) {
            if (!need(b, r->from[i], RELEASE_BUILD_IDS, &ignored)) {
                return false;
            }
        }
    }
    return true;
}

static bool need_all(struct build *b, const struct snapshot_input *input)
{
    for (size_t i = 0; i < input->rules->n; i++) {
        const struct rule_row *row = &input->rules->rules[i].row;
        if (!need_served(b, row->mapping) || !need_served(b, row->fallback_mapping)) {
            return false;
        }
    }
    for (size_t i = 0; i < input->n_pins; i++) {
        if (!need_served(b, input->pins[i].mapping)) {
            return false;
        }
    }
    return need_from(b);
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
        if (!h->needed || r == NULL) {
            s->n_missing += h->needed;
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
    struct build b = { library, source, broken, arg, e };
    begin(library);
    if (!need_all(&b, input)) {
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
