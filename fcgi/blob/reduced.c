/* One walk through the text, which skips what is left out. Its form is checked strictly, since the text may
 * be one that another program has written: then the caller parses it. */
#include "blob/reduced.h"

#include "blob/merge.h"
#include "core/json_scan.h"
#include "core/mem.h"
#include "core/tree.h"

enum {
    SET_MAX = 32,
    SMALL = 32 << 10, /* bytes of two values that may be merged to see what comes of it */
};

/* ---- members of an object in a text ---- */

/* A walk through the members of the object that opens at TEXT[at]. */
struct member_walk {
    struct str text;
    size_t at;
    bool first, broken;
};

struct walked_member {
    struct str key; /* as it is written, without its quotes */
    size_t value;   /* where the value begins */
};

static struct member_walk walk_at(struct str text, size_t at)
{
    return (struct member_walk){ text, at + 1, .first = true, .broken = at >= text.n || text.p[at] != '{' };
}

static bool walk_has(struct member_walk *w, const char *expected)
{
    size_t n = strlen(expected);
    if (w->text.n - w->at < n || memcmp(w->text.p + w->at, expected, n) != 0) {
        return false;
    }
    w->at += n;
    return true;
}

/* Goes to the next member. The caller then moves w->at behind its value. False at the end, with w->at behind
 * the object, and if the form is another one: then w->broken is set. */
static bool walk_next(struct member_walk *w, struct walked_member *m)
{
    if (w->broken || walk_has(w, "}")) {
        return false;
    }
    size_t key = w->at;
    if ((w->first || walk_has(w, ", ")) && w->at < w->text.n && w->text.p[w->at] == '"') {
        key = w->at;
        w->at = json_scan_string(w->text, key);
        m->key = str_slice(w->text, key + 1, w->at - 1);
        if (w->at - key >= 2 && walk_has(w, ": ")) {
            m->value = w->at;
            w->first = false;
            return true;
        }
    }
    w->broken = true;
    return false;
}

static void walk_skip(struct member_walk *w)
{
    w->at = json_scan_value(w->text, w->at);
}

static bool opens_object(struct str text, size_t at)
{
    return at < text.n && text.p[at] == '{';
}

/* ---- reducing ---- */

enum level { LEVEL_ROOT, LEVEL_PLATFORMS, LEVEL_PLATFORM, LEVEL_LOCALES };

/* The names of struct reduced_to as they are written in a text. */
struct written_names {
    struct str platform[REDUCED_PLATFORMS];
    struct str locale;
};

struct reducer {
    struct written_names name;
    struct str text;
    struct buf out;
    struct reduced *reduced;
    unsigned platform; /* the index of the one that the walk is in */
};

static struct str write_name(void *ctx, const char *name)
{
    struct buf text;
    if (name == NULL) {
        return STR_NONE;
    }
    buf_init(&text, 64, SIZE_MAX);
    json_print_string(&text, str_of(name));
    struct str written = buf_keep(ctx, &text);
    return str_slice(written, 1, written.n - 1);
}

static struct written_names write_names(void *ctx, const struct reduced_to *to)
{
    return (struct written_names){ .platform = { write_name(ctx, to->platform[0]),
                                                 write_name(ctx, to->platform[1]) },
                                   .locale = write_name(ctx, to->locale) };
}

/* The index of the platform KEY among those that stay; REDUCED_PLATFORMS: it does not. */
static unsigned find_platform(const struct written_names *name, struct str key)
{
    unsigned i = 0;
    while (i < REDUCED_PLATFORMS && !str_eq(name->platform[i], key)) {
        i++;
    }
    return i;
}

/* Whether the member M of an object at LEVEL is an object of which only parts stay. */
static bool is_taken_apart(struct reducer *r, enum level level, const struct walked_member *m)
{
    if (!opens_object(r->text, m->value)) {
        return false;
    }
    if (level == LEVEL_PLATFORMS) {
        r->platform = find_platform(&r->name, m->key);
        return r->platform < REDUCED_PLATFORMS;
    }
    return (level == LEVEL_ROOT && str_eq(m->key, STR("platforms"))) ||
           (level == LEVEL_PLATFORM && str_eq(m->key, STR("locales")));
}

static bool stays(const struct reducer *r, enum level level, const struct walked_member *m)
{
    return level == LEVEL_PLATFORMS ? find_platform(&r->name, m->key) < REDUCED_PLATFORMS
                                    : level != LEVEL_LOCALES || str_eq(m->key, r->name.locale);
}

static void begin_member(struct reducer *r, const struct walked_member *m, bool *any)
{
    buf_str(&r->out, *any ? STR(", \"") : STR("\""));
    buf_str(&r->out, m->key);
    buf_lit(&r->out, "\": ");
    *any = true;
}

static void set_place(struct reduced_place *place, size_t from, size_t to, bool there)
{
    *place = (struct reduced_place){ .found = true, .from = from, .to = to, .there = there };
}

/* Copies what stays of the object at *AT, which is moved behind it. */
static bool reduce_object(struct reducer *r, size_t *at, enum level level)
{
    struct member_walk w = walk_at(r->text, *at);
    struct walked_member m;
    struct reduced_place *whole = &r->reduced->whole[r->platform], *part = &r->reduced->part[r->platform];
    bool any = false, members = false;
    buf_char(&r->out, '{');
    while (walk_next(&w, &m)) {
        members = true;
        if (is_taken_apart(r, level, &m)) {
            begin_member(r, &m, &any);
            if (!reduce_object(r, &w.at, level + 1)) {
                return false;
            }
            continue;
        }
        walk_skip(&w);
        if (!stays(r, level, &m)) {
            continue;
        }
        begin_member(r, &m, &any);
        if (level == LEVEL_LOCALES) {
            set_place(whole, m.value, w.at, true);
            set_place(part, r->out.n, r->out.n + w.at - m.value, true);
        }
        buf_str(&r->out, str_slice(r->text, m.value, w.at));
    }
    *at = w.at;
    if (level == LEVEL_LOCALES && !w.broken && !whole->found) {
        set_place(whole, w.at - 1, w.at - 1, false);
        set_place(part, r->out.n, r->out.n, false);
        whole->has_members = members;
    }
    buf_char(&r->out, '}');
    return !w.broken;
}

/* Whether the parser takes a text with as many values as TEXT has. A value takes at least three bytes; in a
 * large text, what may begin one is counted, also within strings. */
static bool has_room(struct str text)
{
    size_t n = 1;
    if (text.n / 3 < JSON_VALUES_MAX) {
        return true;
    }
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == ',' || text.p[i] == '{' || text.p[i] == '[';
    }
    return n <= JSON_VALUES_MAX;
}

bool reduced_make(void *ctx, struct str text, const struct reduced_to *to, struct reduced *out)
{
    size_t at = 0;
    struct reducer r = { .name = write_names(ctx, to), .text = text, .reduced = out };
    *out = (struct reduced){ 0 };
    buf_init(&r.out, 4096, SIZE_MAX);
    bool ok = reduce_object(&r, &at, LEVEL_ROOT) && at == text.n;
    if (!ok) {
        buf_free(&r.out);
        return false;
    }
    out->text = buf_keep(ctx, &r.out);
    return true;
}

/* TEXT with the locale at PLACE set to VALUE, printed; owned by CTX. */
static struct str put_locale(void *ctx, struct str text, const struct reduced_place *place,
                             const char *locale, struct str value)
{
    struct buf out;
    buf_init(&out, text.n + value.n + 256, SIZE_MAX);
    buf_str(&out, str_slice(text, 0, place->from));
    if (!place->there) {
        buf_str(&out, place->has_members ? STR(", ") : STR(""));
        json_print_string(&out, str_of(locale));
        buf_lit(&out, ": ");
    }
    buf_str(&out, value);
    buf_str(&out, str_slice(text, place->to, text.n));
    return buf_keep(ctx, &out);
}

static struct str print_value(void *ctx, const cJSON *value)
{
    struct buf text;
    buf_init(&text, 1024, SIZE_MAX);
    json_print(&text, value, JSON_DUMPS);
    return buf_keep(ctx, &text);
}

bool reduced_apply(void *ctx, struct str text, const struct reduced *reduced, const struct reduced_at *at,
                   const cJSON *now, struct str *result)
{
    const struct reduced_place *part = &reduced->part[at->index];
    const cJSON *platform = json_get(json_get(now, "platforms"), at->platform);
    const cJSON *locale = json_get(json_get(platform, "locales"), at->locale);
    if (!part->found || locale == NULL || !reduced_has_sets(locale)) {
        return false;
    }
    struct str value = print_value(ctx, locale);
    if (!str_eq(put_locale(ctx, reduced->text, part, at->locale, value), print_value(ctx, now))) {
        return false; /* something else has changed, too */
    }
    *result = put_locale(ctx, text, &reduced->whole[at->index], at->locale, value);
    return has_room(*result);
}

/* ---- what is left out, in two texts ---- */

/* Two texts, and how far the walks through them have come. */
struct text_pair {
    struct written_names name;
    struct member_walk ancestor, tip;
};

/* {"v": VALUE}, or NULL if that is not JSON. */
static cJSON *wrap_value(struct str value)
{
    cJSON *parsed = json_parse(value, NULL), *object = mem_check(cJSON_CreateObject());
    if (parsed == NULL) {
        cJSON_Delete(object);
        return NULL;
    }
    cJSON_AddItemToObject(object, "v", parsed);
    return object;
}

/* Whether ANCESTOR merged with TIP and with itself is TIP. */
static bool merges_to_tip(struct str ancestor, struct str tip)
{
    cJSON *a = wrap_value(ancestor), *t = wrap_value(tip);
    cJSON *merged = a != NULL && t != NULL ? merge_three(a, t, a, NULL) : NULL;
    struct buf text;
    buf_init(&text, 256, SIZE_MAX);
    if (merged != NULL) {
        json_print(&text, merged->child, JSON_DUMPS);
    }
    bool same = merged != NULL && str_eq(buf_view(&text), tip);
    buf_free(&text);
    cJSON_Delete(a);
    cJSON_Delete(t);
    cJSON_Delete(merged);
    return same;
}

/* Moves WALK to the value of KEY, which must be one of the next members. */
static bool walk_to(struct member_walk *walk, struct str key)
{
    struct walked_member m;
    while (walk_next(walk, &m)) {
        if (str_eq(m.key, key)) {
            return true;
        }
        walk_skip(walk);
    }
    return false;
}

/* A walk through the value of KEY, the only member of that name of the object that opens at TEXT[AT]; *HAS:
 * whether there is one. False if the form is another one or the name is there twice. */
static bool walk_into(struct str text, size_t at, struct str key, struct member_walk *inside, bool *has)
{
    struct member_walk w = walk_at(text, at);
    *has = walk_to(&w, key);
    if (*has) {
        *inside = walk_at(text, w.at);
        walk_skip(&w);
    }
    return !(*has && walk_to(&w, key)) && !w.broken;
}

static bool members_stay(struct member_walk *ancestor, struct member_walk *tip);

/* The same for the values at which both walks are; they are moved behind them. */
static bool value_stays(struct member_walk *ancestor, struct member_walk *tip)
{
    size_t a = ancestor->at, t = tip->at;
    walk_skip(ancestor);
    struct str was = str_slice(ancestor->text, a, ancestor->at);
    if (tip->text.n - t > was.n && memcmp(tip->text.p + t, was.p, was.n) == 0 &&
        (tip->text.p[t + was.n] == ',' || tip->text.p[t + was.n] == '}')) {
        tip->at = t + was.n;
        return true;
    }
    walk_skip(tip);
    struct str is = str_slice(tip->text, t, tip->at);
    struct member_walk x = walk_at(ancestor->text, a), y = walk_at(tip->text, t);
    return (opens_object(is, 0) && members_stay(&x, &y)) || (was.n + is.n <= SMALL && merges_to_tip(was, is));
}

/* Each member of ANCESTOR must be in TIP, in the same order, and stay as it is there. */
static bool members_stay(struct member_walk *ancestor, struct member_walk *tip)
{
    struct walked_member m;
    while (walk_next(ancestor, &m)) {
        if (!walk_to(tip, m.key) || !value_stays(ancestor, tip)) {
            return false;
        }
    }
    return !ancestor->broken;
}

/* The same for the locales of a platform that stays, except the one that stays. */
static bool locales_stay(const struct written_names *name, struct member_walk *ancestor,
                         struct member_walk *tip)
{
    struct walked_member m;
    while (walk_next(ancestor, &m)) {
        if (!walk_to(tip, m.key)) {
            return false;
        }
        if (str_eq(m.key, name->locale)) {
            walk_skip(ancestor);
            walk_skip(tip);
        } else if (!value_stays(ancestor, tip)) {
            return false;
        }
    }
    return !ancestor->broken;
}

/* Moves both walks behind the platforms at which they are. */
static bool platform_stays(const struct written_names *name, struct member_walk *ancestor,
                           struct member_walk *tip)
{
    struct member_walk was, is;
    bool had, has;
    bool ok = walk_into(ancestor->text, ancestor->at, STR("locales"), &was, &had) &&
              walk_into(tip->text, tip->at, STR("locales"), &is, &has);
    walk_skip(ancestor);
    walk_skip(tip);
    return ok && (!had || (has && locales_stay(name, &was, &is)));
}

static bool platforms_stay(const struct written_names *name, struct member_walk *ancestor,
                           struct member_walk *tip)
{
    struct walked_member m;
    while (walk_next(ancestor, &m)) {
        bool apart = find_platform(name, m.key) < REDUCED_PLATFORMS;
        if (!walk_to(tip, m.key) ||
            !(apart ? platform_stays(name, ancestor, tip) : value_stays(ancestor, tip))) {
            return false;
        }
    }
    return !ancestor->broken;
}

bool reduced_rest_stays(struct str ancestor, struct str tip, const struct reduced_to *to)
{
    struct member_walk was, is;
    bool had, has;
    void *ctx = mem_check(talloc_new(NULL));
    const struct written_names name = write_names(ctx, to);
    bool ok = walk_into(ancestor, 0, STR("platforms"), &was, &had) &&
              walk_into(tip, 0, STR("platforms"), &is, &has) &&
              (!had || (has && platforms_stay(&name, &was, &is)));
    talloc_free(ctx);
    return ok;
}

/* ---- lists ---- */

static bool is_set(const cJSON *list)
{
    if (cJSON_GetArraySize(list) > SET_MAX) {
        return false;
    }
    for (const cJSON *a = list->child; a != NULL; a = a->next) {
        for (const cJSON *b = a->next; b != NULL; b = b->next) {
            if (tree_equal(a, b)) {
                return false;
            }
        }
    }
    return true;
}

bool reduced_has_sets(const cJSON *value)
{
    if (cJSON_IsArray(value) && !is_set(value)) {
        return false;
    }
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        if (!reduced_has_sets(child)) {
            return false;
        }
    }
    return true;
}
