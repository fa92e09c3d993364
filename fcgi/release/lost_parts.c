/* See lost_parts.h. */
#include "release/lost_parts.h"

#include "release/app.h"

#include <stdlib.h>

static const struct app_locale *find_locale(const struct release *r, struct name_key platform,
                                            struct name_key locale)
{
    struct app_position position;
    struct error ignored;
    return app_find(r->body, platform, locale, &position, &ignored) ? position.locale : NULL;
}

static bool has_platform(const struct release *r, struct name_key platform)
{
    struct app_position position;
    struct error ignored;
    return app_find(r->body, platform, name_key_of(STR("")), &position, &ignored) &&
           position.platform != NULL;
}

static int compare_parts(const void *a, const void *b)
{
    const struct lost_part *x = a, *y = b;
    int c = str_cmp(x->platform, y->platform);
    return c != 0 ? c
                  : str_cmp(str_absent(x->locale) ? STR("") : x->locale,
                            str_absent(y->locale) ? STR("") : y->locale);
}

static void add_part(struct lost_parts *lost, struct name_key platform, const struct name_key *locale)
{
    lost->part = mem_grow(lost, lost->part, struct lost_part, lost->n);
    lost->part[lost->n++] =
        (struct lost_part){ name_key_str(&platform), locale != NULL ? name_key_str(locale) : STR_NONE };
}

/* ---- versions ---- */

static struct str text_of(const struct release_value *value)
{
    return value != NULL ? value->text : STR_NONE;
}

/* Whether NOW is older than OLD. Build ids are dates, all of one length. */
static bool is_older(const struct app_locale *old, const struct app_locale *now)
{
    const struct release_value *a = old->defaults->param[0], *b = now->defaults->param[0];
    if (a == NULL || b == NULL || !a->has_version || !b->has_version) {
        return false;
    }
    int c = version_cmp(&b->version, &a->version);
    struct str was = text_of(old->defaults->build_id), is = text_of(now->defaults->build_id);
    return c < 0 || (c == 0 && !str_absent(was) && was.n == is.n && str_cmp(is, was) < 0);
}

static void note_older(struct lost_parts *lost, const struct app_platform *platform,
                       const struct app_locale *old, const struct app_locale *now)
{
    struct str name = name_key_str(&platform->key), locale = name_key_str(&old->key);
    if (!str_absent(lost->older_platform)) {
        int c = str_cmp(name, lost->older_platform);
        if (c > 0 || (c == 0 && str_cmp(locale, lost->older_locale) > 0)) {
            return;
        }
    }
    lost->older_platform = name;
    lost->older_locale = locale;
    lost->old_version = text_of(old->defaults->param[0]);
    lost->new_version = text_of(now->defaults->param[0]);
    lost->old_build_id = text_of(old->defaults->build_id);
    lost->new_build_id = text_of(now->defaults->build_id);
}

/* ---- both releases ---- */

static void compare_platform(struct lost_parts *lost, const struct app_platform *platform,
                             const struct release *now)
{
    if (!has_platform(now, platform->key)) {
        add_part(lost, platform->key, NULL);
        return;
    }
    for (uint32_t i = 0; platform->alias == APP_ALIAS_NONE && i < platform->n_locales; i++) {
        const struct app_locale *old = &platform->locale[i];
        const struct app_locale *there = find_locale(now, platform->key, old->key);
        if (there == NULL) {
            add_part(lost, platform->key, &old->key);
        } else if (is_older(old, there)) {
            note_older(lost, platform, old, there);
        }
    }
}

struct lost_parts *release_lost_parts(void *ctx, const struct release *old, const struct release *now)
{
    struct lost_parts *lost = mem_new(ctx, struct lost_parts);
    if (!release_has_versions(old) || !release_has_versions(now)) {
        return lost;
    }
    const struct app_body *body = old->body;
    for (uint32_t i = 0; i < body->n_platforms; i++) {
        compare_platform(lost, &body->platform[i], now);
    }
    if (lost->n > 1) {
        qsort(lost->part, lost->n, sizeof *lost->part, compare_parts);
    }
    return lost;
}

bool release_loses(const struct release *old, const struct release *now, struct str platform,
                   struct str locale)
{
    struct name_key p = name_key_of(platform), l = name_key_of(locale);
    return release_has_versions(old) && release_has_versions(now) && find_locale(old, p, l) != NULL &&
           find_locale(now, p, l) == NULL;
}
