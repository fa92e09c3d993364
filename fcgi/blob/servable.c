/* See servable.h. */
#include "blob/servable.h"

#include <limits.h>

#include "blob/path.h"
#include "core/tree.h"
#include "query/version.h"

enum { GMP = 1000, SYSTEM_ADDONS = 5000, UNIFIED_FIRST = 4, APP_LAST = 9 };

/* The members that an object has, had, and that the write says. */
struct members {
    struct tree_index is, was, said;
    bool all; /* the write says them all */
};

static void members_open(struct members *m, const struct blob_change *c, const cJSON *is, const cJSON *was,
                         const cJSON *said)
{
    m->all = c->part == NULL;
    tree_index_init(&m->is, cJSON_IsObject(is) ? is : NULL);
    tree_index_init(&m->was, cJSON_IsObject(was) ? was : NULL);
    tree_index_init(&m->said, cJSON_IsObject(said) ? said : NULL);
}

static void members_close(struct members *m)
{
    tree_index_free(&m->is);
    tree_index_free(&m->was);
    tree_index_free(&m->said);
}

/* Whether the write changes, or says, the member KEY of the member NAME. */
static bool is_said(const struct members *m, const char *name, const char *key)
{
    if (!m->all) {
        return json_get(tree_index_get(&m->said, name), key) != NULL;
    }
    return !tree_equal(json_get(tree_index_get(&m->is, name), key),
                       json_get(tree_index_get(&m->was, name), key));
}

/* The same for a member at the top. */
static bool is_said_at_top(const struct blob_change *c, const char *key)
{
    return c->part != NULL ? json_get(c->part, key) != NULL
                           : !tree_equal(json_get(c->blob, key), json_get(c->old, key));
}

/* Fails with the value of NODE, the place and WHY. */
static bool refuse_unservable(const struct blob_change *c, const cJSON *node, const char *why,
                              struct error *e)
{
    struct blob_path path;
    struct buf text;
    buf_init(&text, 256, 2048);
    blob_path_print_value(&text, node);
    if (blob_path_find(&path, c->blob, node)) {
        blob_path_print(&text, &path, c->blob);
    }
    error_set(e, ERROR_BAD_REQUEST, "%.*s can never be served: %s", (int)text.n, text.p, why);
    buf_free(&text);
    return false;
}

static bool is_version(const cJSON *value)
{
    struct version version;
    return !cJSON_IsString(value) || version_parse(&version, str_of(value->valuestring));
}

static const char *const not_a_version =
    "it is not a version such as 128.0, 128.0.1 or 130.0a1; betas and ESRs say theirs in displayVersion";

static bool check_locale_versions(const struct blob_change *c, const struct members *platforms,
                                  const cJSON *platform, const char *key, struct error *e)
{
    struct members m;
    const char *name = platform->string;
    const cJSON *bad = NULL;
    const cJSON *locales = json_get_object(platform, "locales");
    if (locales == NULL) {
        return true;
    }
    members_open(&m, c, locales, json_get(tree_index_get(&platforms->was, name), "locales"),
                 json_get(tree_index_get(&platforms->said, name), "locales"));
    for (const cJSON *locale = locales->child; locale != NULL && bad == NULL; locale = locale->next) {
        const cJSON *version = json_get(locale, key);
        bad = !is_version(version) && is_said(&m, locale->string, key) ? version : NULL;
    }
    members_close(&m);
    return bad == NULL || refuse_unservable(c, bad, not_a_version, e);
}

static bool check_alias(const struct blob_change *c, const struct members *m, const cJSON *platform,
                        struct error *e)
{
    const cJSON *alias = json_get(platform, "alias");
    if (!cJSON_IsString(alias)) {
        return true;
    }
    const cJSON *target = tree_index_get(&m->is, alias->valuestring);
    if (target == NULL) {
        return !m->all || !is_said(m, platform->string, "alias") ||
               refuse_unservable(c, alias, "the alias leads to a platform that is not there", e);
    }
    return json_get(target, "alias") == NULL ||
           !(is_said(m, platform->string, "alias") || is_said(m, target->string, "alias")) ||
           refuse_unservable(c, alias,
                             "the alias leads to another alias; name the platform that has the locales", e);
}

/* The platforms of OBJECT, which was WAS, and of which the write says SAID. KEY: of versions; NULL: none. */
static bool check_platforms(const struct blob_change *c, const cJSON *object, const cJSON *was,
                            const cJSON *said, const char *key, struct error *e)
{
    struct members m;
    bool ok = true;
    const cJSON *platforms = json_get_object(object, "platforms");
    if (platforms == NULL) {
        return true;
    }
    members_open(&m, c, platforms, json_get(was, "platforms"), json_get(said, "platforms"));
    for (const cJSON *p = platforms->child; ok && p != NULL; p = p->next) {
        ok = check_alias(c, &m, p, e) && (key == NULL || check_locale_versions(c, &m, p, key, e));
    }
    members_close(&m);
    return ok;
}

static bool has_group(const cJSON *groups, const cJSON *group)
{
    for (const cJSON *one = groups != NULL ? groups->child : NULL; one != NULL; one = one->next) {
        if (tree_equal(one, group)) {
            return true;
        }
    }
    return false;
}

static bool check_line_groups(const struct blob_change *c, struct error *e)
{
    const cJSON *groups = json_get_array(c->blob, "updateLine"), *old = json_get_array(c->old, "updateLine");
    for (const cJSON *group = groups != NULL ? groups->child : NULL; group != NULL; group = group->next) {
        bool whole = json_get(group, "for") != NULL && json_get(group, "fields") != NULL;
        if (!whole && !has_group(old, group)) {
            return refuse_unservable(c, group, "a group needs both `for`, which may be {}, and `fields`", e);
        }
    }
    return true;
}

static bool has_urls(const cJSON *channel)
{
    for (const cJSON *type = channel->child; type != NULL; type = type->next) {
        if (type->child != NULL) {
            return true;
        }
    }
    return false;
}

static bool check_file_urls(const struct blob_change *c, struct error *e)
{
    const cJSON *urls = json_get_object(c->blob, "fileUrls");
    bool any = false;
    if (urls == NULL || urls->child == NULL || !is_said_at_top(c, "fileUrls")) {
        return true;
    }
    for (const cJSON *channel = urls->child; channel != NULL; channel = channel->next) {
        any |= has_urls(channel);
    }
    if (!any) {
        return refuse_unservable(c, urls, "there is no URL for any channel", e);
    }
    return json_get(urls, "*") != NULL ||
           refuse_unservable(c, urls,
                             "no \"*\" says what channels get that are not named (it may be {}: nothing)", e);
}

static bool check_app(const struct blob_change *c, int format, struct error *e)
{
    const char *key = format == 1 ? "extv" : "appVersion";
    const cJSON *version = json_get(c->blob, key);
    if (!is_version(version) && is_said_at_top(c, key)) {
        return refuse_unservable(c, version, not_a_version, e);
    }
    return check_platforms(c, c->blob, c->old, c->part, key, e) && check_line_groups(c, e) &&
           (format < UNIFIED_FIRST || check_file_urls(c, e));
}

static bool check_addons(const struct blob_change *c, const char *key, struct error *e)
{
    struct members m;
    bool ok = true;
    const cJSON *addons = json_get_object(c->blob, key);
    members_open(&m, c, addons, json_get(c->old, key), json_get(c->part, key));
    for (const cJSON *addon = addons != NULL ? addons->child : NULL; ok && addon != NULL;
         addon = addon->next) {
        ok = check_platforms(c, addon, tree_index_get(&m.was, addon->string),
                             tree_index_get(&m.said, addon->string), NULL, e);
    }
    members_close(&m);
    return ok;
}

bool blob_check_servable(const struct blob_change *c, struct error *e)
{
    const cJSON *format = json_get(c->blob, "schema_version");
    int64_t version;
    json_int(format, 0, INT_MAX, &version);
    if (version == GMP || version == SYSTEM_ADDONS) {
        return check_addons(c, version == GMP ? "vendors" : "addons", e);
    }
    return version < 1 || version > APP_LAST || check_app(c, version, e);
}
