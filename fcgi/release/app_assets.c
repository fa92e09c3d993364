/* Which locale of an app release an asset is: what makes a release amendable. */
#include "release/app.h"

bool app_asset_is_locale(struct str path, struct str *platform, struct str *locale)
{
    struct str rest = path, top, platforms, locales;
    return memchr(path.p, '\0', path.n) == NULL && str_split(&rest, '.', &top) && top.n == 0 &&
           str_split(&rest, '.', &platforms) && str_eq(platforms, STR("platforms")) &&
           str_split(&rest, '.', platform) && str_split(&rest, '.', &locales) &&
           str_eq(locales, STR("locales")) && str_split(&rest, '.', locale) && str_absent(rest);
}

/* The locale of BODY that the asset at PATH is, or NULL. */
static const struct app_locale *find_asset(const struct app_body *body, struct str path)
{
    struct str platform, locale;
    if (!app_asset_is_locale(path, &platform, &locale)) {
        return NULL;
    }
    const struct app_platform *p =
        name_keys_find(body->platform, body->n_platforms, sizeof(*body->platform), name_key_of(platform));
    return p != NULL ? name_keys_find(p->locale, p->n_locales, sizeof(*p->locale), name_key_of(locale))
                     : NULL;
}

void app_note_assets(struct compiler *c, const struct app_body *body)
{
    const struct release_row *row = c->row;
    c->release->amendable = row->n_assets > 0;
    for (size_t i = 0; c->release->amendable && i < row->n_assets; i++) {
        struct app_locale *locale = (struct app_locale *)find_asset(body, row->assets[i].path);
        c->release->amendable = locale != NULL;
        if (locale != NULL) {
            locale->stamp = row->assets[i].stamp;
        }
    }
}
