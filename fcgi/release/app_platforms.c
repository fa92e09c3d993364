/* Compiles the platforms of an app release, and follows their aliases. */
#include "release/app.h"

#include <stdlib.h>

static void compile_locales(struct compiler *c, const struct app_body *body, struct app_platform *platform,
                            const cJSON *json)
{
    const cJSON *locales = json_get(json, "locales");
    platform->locales_broken = locales != NULL && !cJSON_IsObject(locales);
    if (locales == NULL || platform->locales_broken) {
        return;
    }
    struct app_locale *list = arena_array(&c->arena, struct app_locale, (size_t)cJSON_GetArraySize(locales));
    for (const cJSON *locale = locales->child; locale != NULL; locale = locale->next) {
        app_compile_locale(c, body, platform, &list[platform->n_locales++], locale->string, locale);
    }
    name_keys_sort(list, platform->n_locales, sizeof(*list));
    platform->locale = list;
}

static void compile_app_platform(struct compiler *c, const struct app_body *body,
                                 struct app_platform *platform, const cJSON *json)
{
    platform->target = platform->key = release_keep_key(c, json->string);
    platform->no_object = !cJSON_IsObject(json);
    const cJSON *alias = json_get(json, "alias");
    if (cJSON_IsArray(alias) || cJSON_IsObject(alias)) {
        platform->alias = APP_ALIAS_BROKEN;
    } else if (alias != NULL) {
        platform->alias = cJSON_IsString(alias) ? APP_ALIAS_NAME : APP_ALIAS_LOST;
        platform->target = name_key_of(release_keep_value(c, alias)->text);
    }
    platform->os_ftp = release_keep_string(c, json_get(json, "OS_FTP"));
    platform->os_bouncer = release_keep_string(c, json_get(json, "OS_BOUNCER"));
    platform->build_id = release_keep_value(c, json_get(json, "buildID"));
    compile_locales(c, body, platform, json);
}

static bool has_target(const struct app_platform *platform)
{
    return platform->alias == APP_ALIAS_NONE || platform->alias == APP_ALIAS_NAME;
}

static int compare_targets(const void *a, const void *b)
{
    const struct app_platform *x = *(const struct app_platform *const *)a;
    const struct app_platform *y = *(const struct app_platform *const *)b;
    return str_cmp(name_key_str(&x->target), name_key_str(&y->target));
}

void app_link_platforms(struct compiler *c, struct app_platform *list, uint32_t n)
{
    struct app_platform **sorted = arena_array(&c->arena, struct app_platform *, n);
    uint32_t n_sorted = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (has_target(&list[i])) {
            list[i].resolved = name_keys_find(list, n, sizeof(*list), list[i].target);
            sorted[n_sorted++] = &list[i];
        }
    }
    qsort(sorted, n_sorted, sizeof(*sorted), compare_targets);
    for (uint32_t first = 0, end; first < n_sorted; first = end) {
        for (end = first; end < n_sorted && compare_targets(&sorted[first], &sorted[end]) == 0;) {
            end++;
        }
        for (uint32_t i = first; i < end; i++) {
            sorted[i]->group = (const struct app_platform *const *)sorted + first;
            sorted[i]->n_group = end - first;
        }
    }
}

void app_compile_platforms(struct compiler *c, struct app_body *body)
{
    const cJSON *platforms = json_get(c->blob, "platforms");
    body->no_platforms = platforms == NULL;
    body->platforms_broken = platforms != NULL && !cJSON_IsObject(platforms);
    if (body->no_platforms || body->platforms_broken) {
        return;
    }
    struct app_platform *list =
        arena_array(&c->arena, struct app_platform, (size_t)cJSON_GetArraySize(platforms));
    for (const cJSON *json = platforms->child; json != NULL; json = json->next) {
        compile_app_platform(c, body, &list[body->n_platforms++], json);
    }
    name_keys_sort(list, body->n_platforms, sizeof(*list));
    app_link_platforms(c, list, body->n_platforms);
    body->platform = list;
}
