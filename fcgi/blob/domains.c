/* Walks along the keys that hold URLs. A value on the way that is not an object counts as one without
 * members, so no step needs to check types. */
#include "blob/domains.h"

struct domains {
    struct str product;
    const struct allowlist *allowlist;
    const cJSON *found; /* the first URL that is not permitted */
};

static bool url_forbidden(struct domains *d, const cJSON *url)
{
    if (url == NULL ||
        (cJSON_IsString(url) && allowlist_permits(d->allowlist, str_of(url->valuestring), d->product))) {
        return false;
    }
    d->found = url;
    return true;
}

/* The first member of the object that OBJECT has under KEY. */
static const cJSON *first_in(const cJSON *object, const char *key)
{
    const cJSON *value = json_get_object(object, key);
    return value != NULL ? value->child : NULL;
}

/* URLs, or URLs by patch key and release, below CHANNEL. */
static bool find_in_channel(struct domains *d, const cJSON *channel)
{
    if (!cJSON_IsObject(channel)) {
        return url_forbidden(d, channel);
    }
    for (const cJSON *type = channel->child; type != NULL; type = type->next) {
        for (const cJSON *url = type->child; url != NULL; url = url->next) {
            if (url_forbidden(d, url)) {
                return true;
            }
        }
    }
    return false;
}

static bool find_in_locale(struct domains *d, const cJSON *locale)
{
    static const char *const single[] = { "partial", "complete" };
    static const char *const lists[] = { "partials", "completes" };
    for (size_t i = 0; i < ARRAY_LEN(single); i++) {
        if (url_forbidden(d, json_get(json_get(locale, single[i]), "fileUrl"))) {
            return true;
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const cJSON *list = json_get(locale, lists[i]);
        for (const cJSON *patch = list != NULL ? list->child : NULL; patch != NULL; patch = patch->next) {
            if (url_forbidden(d, json_get(patch, "fileUrl"))) {
                return true;
            }
        }
    }
    return false;
}

static bool find_in_app(struct domains *d, const cJSON *blob)
{
    for (const cJSON *channel = first_in(blob, "fileUrls"); channel != NULL; channel = channel->next) {
        if (find_in_channel(d, channel)) {
            return true;
        }
    }
    for (const cJSON *platform = first_in(blob, "platforms"); platform != NULL; platform = platform->next) {
        for (const cJSON *locale = first_in(platform, "locales"); locale != NULL; locale = locale->next) {
            if (find_in_locale(d, locale)) {
                return true;
            }
        }
    }
    return false;
}

/* For an add-on; also for a whole Guardian blob, which has platforms at its top. */
static bool find_in_platforms(struct domains *d, const cJSON *addon)
{
    for (const cJSON *platform = first_in(addon, "platforms"); platform != NULL; platform = platform->next) {
        if (url_forbidden(d, json_get(platform, "fileUrl"))) {
            return true;
        }
        const cJSON *mirrors = json_get(platform, "mirrorUrls");
        for (const cJSON *url = mirrors != NULL ? mirrors->child : NULL; url != NULL; url = url->next) {
            if (url_forbidden(d, url)) {
                return true;
            }
        }
    }
    return false;
}

static bool find_in_addons(struct domains *d, const cJSON *blob, const char *key)
{
    for (const cJSON *addon = first_in(blob, key); addon != NULL; addon = addon->next) {
        if (find_in_platforms(d, addon)) {
            return true;
        }
    }
    return false;
}

static bool find_in_blob(struct domains *d, const cJSON *blob, int schema_version)
{
    switch (schema_version) {
    case 50:
    case 4000:
        return false;
    case 1000:
        return find_in_addons(d, blob, "vendors");
    case 5000:
        return find_in_addons(d, blob, "addons");
    case 10000:
        return find_in_platforms(d, blob);
    default:
        return find_in_app(d, blob);
    }
}

const cJSON *blob_forbidden_url(const cJSON *blob, int schema_version, struct str product,
                                const struct allowlist *allowlist)
{
    struct domains d = { product, allowlist, NULL };
    return find_in_blob(&d, blob, schema_version) ? d.found : NULL;
}
