/* Amends a release. Its locales change one by one as they are submitted, up to ten per second, so everything
 * that has not changed is shared with the old release. The platforms, which are few, are copied; so is the
 * table of locales of each platform in which a locale changes. */
#include "release/app.h"
#include "release/assets.h"

/* An amendment under way. */
struct amendment {
    struct compiler *c;
    const struct app_body *old;
    struct app_body *body;
    struct app_platform *platform; /* the copies */
    size_t n_assets;
    uint64_t *stamp;
};

/* Gives each `from` of the old release the index that it has there. */
static void register_known_froms(struct compiler *c)
{
    for (size_t i = 0; i < c->release->n_from; i++) {
        interner_get(&c->interner, INTERN_FROM, c->release->from[i])->payload = (void *)(uintptr_t)(i + 1);
    }
}

static bool has_own_table(const struct amendment *a, size_t i)
{
    return a->platform[i].locale != a->old->platform[i].locale;
}

/* Returns the entry for LOCALE in the table of platform I, which is copied first if it is still the old
 * release's. The copy has room for one new locale per asset; new locales stay behind the old ones until the
 * table is sorted. */
static struct app_locale *writable_locale(struct amendment *a, size_t i, struct str locale)
{
    struct app_platform *platform = &a->platform[i];
    uint32_t n_old = a->old->platform[i].n_locales;
    if (!has_own_table(a, i)) {
        struct app_locale *table = arena_array(&a->c->arena, struct app_locale, n_old + a->n_assets);
        if (n_old > 0) {
            memcpy(table, platform->locale, n_old * sizeof(*table));
        }
        platform->locale = table;
    }
    const struct app_locale *known =
        name_keys_find(platform->locale, n_old, sizeof(*known), name_key_of(locale));
    return (struct app_locale *)(known != NULL ? known : &platform->locale[platform->n_locales++]);
}

static bool amend_locale(struct amendment *a, const struct release_asset *asset)
{
    struct str platform_name, locale_name;
    if (!app_asset_is_locale(asset->path, &platform_name, &locale_name)) {
        return false;
    }
    const struct app_platform *platform =
        name_keys_find(a->platform, a->body->n_platforms, sizeof(*platform), name_key_of(platform_name));
    if (platform == NULL || platform->no_object || platform->locales_broken) {
        return false;
    }
    struct app_locale *locale = writable_locale(a, (size_t)(platform - a->platform), locale_name);
    cJSON *json = assets_value(asset);
    char *name = mem_strndup(a->c->temporary, locale_name.p, locale_name.n);
    *a->stamp += asset->stamp - locale->stamp;
    locale->stamp = asset->stamp;
    app_compile_locale(a->c, a->body, platform, locale, name, json);
    cJSON_Delete(json);
    return true;
}

bool app_amend(struct compiler *c, const struct release *old, const struct release_asset *assets, size_t n,
               uint64_t *stamp)
{
    const struct app_body *was = old->body;
    struct app_body *body = arena_get(&c->arena, sizeof(*body));
    struct app_platform *list = arena_array(&c->arena, struct app_platform, was->n_platforms);
    struct amendment a = {
        .c = c, .old = was, .body = body, .platform = list, .n_assets = n, .stamp = stamp
    };
    *body = *was;
    memcpy(list, was->platform, was->n_platforms * sizeof(*list));
    body->platform = list;
    c->release->body = body;
    register_known_froms(c);
    for (size_t i = 0; i < n; i++) {
        if (!amend_locale(&a, &assets[i])) {
            return false;
        }
    }
    if (c->release->n_from != old->n_from) {
        return false; /* fileUrls have been compiled for those that there were */
    }
    for (uint32_t i = 0; i < body->n_platforms; i++) {
        if (has_own_table(&a, i)) {
            name_keys_sort((void *)list[i].locale, list[i].n_locales, sizeof(*list[i].locale));
        }
    }
    app_link_platforms(c, list, body->n_platforms);
    return true;
}
