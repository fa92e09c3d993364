/* An answer lists all add-ons by name. An add-on that cannot be printed (a key is missing, or something has
 * the wrong type) is skipped. Only if no other add-on is left, the whole answer is broken. */
#include "release/addons.h"

#include "core/python.h"
#include "release/markup.h"

struct addon_file {
    struct name_key key;               /* the platform */
    bool no_object;                    /* nothing can be read from it */
    const char *no_alias;              /* why its alias cannot be followed; NULL: it can */
    struct str alias;                  /* as str() prints it; absent: it has none */
    const struct addon_file *resolved; /* where the alias leads, once; NULL: nowhere */
    struct str url;                    /* absent: missing or no string */
    const struct str *mirror;
    size_t n_mirrors;
    const char *problem; /* why it cannot be printed, although it has a URL; NULL: it can */
    struct str rest;     /* ` hashFunction="…" hashValue="…" size="…" version="…"` */
};

struct addon {
    struct name_key key;
    struct str id;       /* the key as it is written into answers: see markup.h */
    const char *problem; /* why none of its files can be found; NULL: they can */
    const struct addon_file *file;
    size_t n;
};

struct addons {
    const struct addons_kind *kind;
    bool missing;   /* the list; a null counts as none */
    bool malformed; /* it is no object */
    bool uninstall;
    const struct addon *addon; /* sorted by name */
    size_t n;
};

static void read_addon_mirrors(struct compiler *c, struct addon_file *file, const cJSON *mirrors)
{
    if (mirrors == NULL) {
        return;
    }
    if (!cJSON_IsArray(mirrors)) {
        file->problem = "mirrorUrls is no list";
        return;
    }
    struct str *list = arena_array(&c->arena, struct str, (size_t)cJSON_GetArraySize(mirrors));
    for (const cJSON *json = mirrors->child; json != NULL; json = json->next) {
        if (!cJSON_IsString(json)) {
            file->problem = "a mirror is no string";
            return;
        }
        list[file->n_mirrors++] = release_keep_string(c, json);
    }
    file->mirror = list;
}

static void read_attributes(struct compiler *c, struct addon_file *file, const cJSON *addon,
                            const cJSON *platform)
{
    const struct {
        const char *name, *missing;
        const cJSON *value;
    } attributes[] = {
        { "hashFunction", "there is no hashFunction", json_get(c->blob, "hashFunction") },
        { "hashValue", "there is no hashValue", json_get(platform, "hashValue") },
        { "size", "there is no filesize", json_get(platform, "filesize") },
        { "version", "there is no version", json_get(addon, "version") },
    };
    for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
        if (attributes[i].value == NULL) {
            file->problem = attributes[i].missing;
            buf_reset(&c->scratch);
            return;
        }
        buf_printf(&c->scratch, " %s=\"", attributes[i].name);
        size_t value = c->scratch.n;
        json_print_str(&c->scratch, attributes[i].value);
        markup_mark(&c->scratch, value);
        buf_char(&c->scratch, '"');
    }
    file->rest = release_keep_scratch(c);
}

static void read_file_alias(struct compiler *c, struct addon_file *file, const cJSON *alias)
{
    if (cJSON_IsObject(alias) || cJSON_IsArray(alias)) {
        file->no_alias = "its alias is no name";
    } else if (alias != NULL) {
        file->alias = release_keep_value(c, alias)->text;
    }
}

static void read_addon_file(struct compiler *c, const struct addons_kind *kind, struct addon_file *file,
                            const cJSON *addon, const cJSON *platform)
{
    file->key = release_keep_key(c, platform->string);
    file->no_object = !cJSON_IsObject(platform);
    if (file->no_object) {
        return;
    }
    read_file_alias(c, file, json_get(platform, "alias"));
    file->url = release_keep_string(c, json_get(platform, "fileUrl"));
    if (!str_absent(file->url)) {
        read_attributes(c, file, addon, platform);
        if (kind->has_mirrors) {
            read_addon_mirrors(c, file, json_get(platform, "mirrorUrls"));
        }
    }
}

static const struct addon_file *find_addon_file(const struct addon *addon, struct str platform)
{
    return name_keys_find(addon->file, addon->n, sizeof(*addon->file), name_key_of(platform));
}

static void read_addon_files(struct compiler *c, const struct addons_kind *kind, struct addon *addon,
                             const cJSON *json)
{
    const cJSON *platforms = json_get(json, "platforms");
    struct addon_file *file =
        arena_array(&c->arena, struct addon_file, (size_t)cJSON_GetArraySize(platforms));
    for (const cJSON *platform = platforms->child; platform != NULL; platform = platform->next) {
        read_addon_file(c, kind, &file[addon->n++], json, platform);
    }
    name_keys_sort(file, addon->n, sizeof(*file));
    addon->file = file;
    for (size_t i = 0; i < addon->n; i++) {
        file[i].resolved = str_absent(file[i].alias) ? &file[i] : find_addon_file(addon, file[i].alias);
    }
}

static void read_addon(struct compiler *c, const struct addons_kind *kind, struct addon *addon,
                       const cJSON *json)
{
    addon->key = release_keep_key(c, json->string);
    addon->id = release_keep_shown(c, name_key_str(&addon->key));
    const cJSON *platforms = json_get(json, "platforms");
    if (cJSON_IsObject(platforms)) {
        read_addon_files(c, kind, addon, json);
    } else if (!cJSON_IsObject(json)) {
        addon->problem = "it is no object";
    } else if (platforms != NULL || kind->needs_platforms) {
        addon->problem = "platforms is no object";
    }
}

static int compare_addon_names(const void *a, const void *b)
{
    return str_cmp(name_key_str(a), name_key_str(b));
}

void addons_compile(struct compiler *c, const struct addons_kind *kind)
{
    struct addons *addons = arena_get(&c->arena, sizeof(*addons));
    const cJSON *list = json_get(c->blob, kind->list);
    addons->kind = kind;
    addons->missing = list == NULL || cJSON_IsNull(list);
    addons->uninstall = python_truth(json_get(c->blob, "uninstall"));
    addons->malformed = list != NULL && !cJSON_IsObject(list);
    if (cJSON_IsObject(list)) {
        struct addon *addon = arena_array(&c->arena, struct addon, (size_t)cJSON_GetArraySize(list));
        for (const cJSON *json = list->child; json != NULL; json = json->next) {
            read_addon(c, kind, &addon[addons->n++], json);
        }
        qsort(addon, addons->n, sizeof(*addon), compare_addon_names);
        addons->addon = addon;
    }
    c->release->body = addons;
}

bool addons_has_list(const struct release *r)
{
    const struct addons *addons = r->body;
    return !addons->missing;
}

bool addons_uninstalls(const struct release *r)
{
    const struct addons *addons = r->body;
    return addons->uninstall;
}

static enum verdict fail_addon(const struct release *r, const struct addon *addon, const char *why,
                               struct error *e)
{
    return release_broken(e, "release %.*s, add-on %.*s: %s", STR_ARG(r->name), (int)addon->key.n,
                          addon->key.p, why);
}

/* The file of ADDON for PLATFORM, or its default one. NO: it has neither. */
static enum verdict pick_file(const struct release *r, const struct addon *addon, struct str platform,
                              const struct addon_file **file, struct error *e)
{
    const struct addons *addons = r->body;
    if (addon->problem != NULL) {
        return fail_addon(r, addon, addon->problem, e);
    }
    const struct addon_file *asked = find_addon_file(addon, platform);
    *file = asked != NULL ? asked->resolved : find_addon_file(addon, STR("default"));
    if (asked != NULL && asked->no_alias != NULL) {
        return fail_addon(r, addon, asked->no_alias, e);
    }
    if (asked != NULL && *file == NULL) {
        return addons->kind->lost_alias_is_client
                   ? release_bad(e, "No platform '%%s' in vendor '%%s' %.*s %.*s", STR_ARG(asked->alias),
                                 (int)addon->key.n, addon->key.p)
                   : fail_addon(r, addon, "an alias leads nowhere", e);
    }
    if (*file == NULL) {
        return VERDICT_NO;
    }
    if ((*file)->no_object || str_absent((*file)->url)) {
        return fail_addon(r, addon, (*file)->no_object ? "a platform is no object" : "there is no fileUrl",
                          e);
    }
    return VERDICT_YES;
}

/* As pick_file(); NO also for a URL that is not permitted. */
static enum verdict pick_permitted(const struct release *r, const struct addon *addon,
                                   const struct release_env *env, const struct addon_file **file,
                                   struct error *e)
{
    enum verdict v = pick_file(r, addon, env->query->build_target, file, e);
    if (v != VERDICT_YES || allowlist_permits(env->allowlist, (*file)->url, env->query->product)) {
        return v;
    }
    if (!allowlist_is_url((*file)->url)) {
        return fail_addon(r, addon, "its URL is not of http or https, or has characters that are not allowed",
                          e);
    }
    return VERDICT_NO;
}

static enum verdict check_addon_list(const struct release *r, struct error *e)
{
    const struct addons *addons = r->body;
    if (addons->malformed || (addons->missing && addons->kind->needs_platforms)) {
        return release_broken(e, "release %.*s: %s is missing or no object", STR_ARG(r->name),
                              addons->kind->list);
    }
    return VERDICT_YES;
}

enum verdict addons_any(const struct release *r, const struct release_env *env, struct error *e)
{
    const struct addons *addons = r->body;
    enum verdict v = check_addon_list(r, e);
    for (size_t i = 0; v == VERDICT_YES && i < addons->n; i++) {
        const struct addon_file *file;
        enum verdict one = pick_permitted(r, &addons->addon[i], env, &file, e);
        if (one == VERDICT_YES || one == VERDICT_BAD) {
            return one;
        }
    }
    return v == VERDICT_YES ? VERDICT_NO : v;
}

static void print_addon(const struct addon *addon, const struct addon_file *file,
                        const struct release_env *env, struct buf *out)
{
    buf_lit(out, "        <addon id=\"");
    buf_str(out, addon->id);
    buf_lit(out, "\" URL=\"");
    buf_str(out, file->url);
    buf_lit(out, "\"");
    buf_str(out, file->rest);
    bool open = false;
    for (size_t i = 0; i < file->n_mirrors; i++) {
        if (allowlist_permits(env->allowlist, file->mirror[i], env->query->product)) {
            buf_str(out, open ? STR("") : STR(">\n"));
            open = true;
            buf_lit(out, "            <mirror URL=\"");
            buf_str(out, file->mirror[i]);
            buf_lit(out, "\"/>\n");
        }
    }
    buf_str(out, open ? STR("        </addon>\n") : STR("/>\n"));
}

enum verdict addons_inner(const struct release *r, const struct release_env *env, struct buf *out,
                          struct error *e, struct error *skipped)
{
    const struct addons *addons = r->body;
    struct error first;
    size_t n_printed = 0;
    error_clear(&first);
    if (check_addon_list(r, e) != VERDICT_YES) {
        return VERDICT_BROKEN;
    }
    for (size_t i = 0; i < addons->n; i++) {
        const struct addon *addon = &addons->addon[i];
        const struct addon_file *file;
        struct error why;
        enum verdict v = pick_permitted(r, addon, env, &file, &why);
        if (v == VERDICT_YES && file->problem != NULL) {
            v = fail_addon(r, addon, file->problem, &why);
        }
        if (v == VERDICT_BAD) {
            return release_pass_on(e, &why, v);
        }
        if (v == VERDICT_BROKEN) {
            release_note_skipped(&first, &why);
        } else if (v == VERDICT_YES) {
            print_addon(addon, file, env, out);
            n_printed++;
        }
    }
    if (first.what[0] != '\0' && n_printed == 0) {
        return release_pass_on(e, &first, VERDICT_BROKEN);
    }
    if (first.what[0] != '\0') {
        release_note_skipped(skipped, &first);
    }
    return VERDICT_YES;
}
