/* From the JSON of an app release to its compiled form: platforms, locales and patches; fileUrls and update
 * lines are compiled where they are used. */
#include "core/python.h"
#include "release/app.h"
#include "release/markup.h"

#include <stdlib.h>

const char *const app_single_key[APP_PATCH_TYPES] = { "complete", "partial" };
const char *const app_list_key[APP_PATCH_TYPES] = { "completes", "partials" };

static const struct value none = { .text = { "None", 4 }, .shown = { "None", 4 } };

#define NEW_PARAMS                                                                                           \
    {                                                                                                        \
        "appVersion", "displayVersion", "platformVersion"                                                    \
    }
static const struct app_kind kinds[] = {
    { 1, APP_LINE_EXT, { "extv", "appv" }, false, false, false },
    { 2, APP_LINE_APP, NEW_PARAMS, false, false, false },
    { 3, APP_LINE_APP, NEW_PARAMS, true, false, false },
    { 4, APP_LINE_APP, NEW_PARAMS, true, true, false },
    { 5, APP_LINE_APP, NEW_PARAMS, true, true, false },
    { 6, APP_LINE_APP, NEW_PARAMS, true, true, false },
    { 8, APP_LINE_APP, NEW_PARAMS, true, true, true },
    { 9, APP_LINE_GROUPS, { "appVersion", "displayVersion" }, true, true, true },
};

static const struct app_kind *kind_of(int schema_version)
{
    size_t i = 0;
    while (kinds[i].schema_version != schema_version) {
        i++;
    }
    return &kinds[i];
}

/* The index of a patch's `from`, a new one for a name not seen before. */
static uint32_t from_index(struct compiler *c, const char *name)
{
    if (strcmp(name, "*") == 0) {
        return APP_FROM_ANY;
    }
    struct interned *from = intern(&c->interner, INTERN_FROM, str_of(name));
    if (from->payload == NULL) {
        from->payload = (void *)(uintptr_t)++c->release->n_from;
    }
    return (uint32_t)(uintptr_t)from->payload - 1;
}

/* The names behind the indices. */
static void list_froms(struct compiler *c)
{
    struct str *from = arena_array(&c->arena, struct str, c->release->n_from);
    for (size_t i = 0; i < c->interner.cap; i++) {
        const struct interned *slot = &c->interner.slot[i];
        if (!str_absent(slot->text) && slot->kind == INTERN_FROM) {
            from[(uintptr_t)slot->payload - 1] = slot->text;
        }
    }
    c->release->from = from;
}

/* The texts of PATCH are in the scratch buffer. */
static void compile_rest(struct compiler *c, const struct app_kind *kind, struct app_patch *patch,
                         const cJSON *json)
{
    const cJSON *hash = json_get(json, "hashValue");
    const cJSON *size = json_get(json, "filesize");
    const cJSON *proof = kind->proofs ? json_get(json, "binTransInclusionProof") : NULL;
    size_t start = c->scratch.n;
    if (hash == NULL || size == NULL) {
        return;
    }
    /* Hashes are most of a release: as bytes they take half the memory. */
    patch->packed = cJSON_IsString(hash) && hex_parse(&c->scratch, str_of(hash->valuestring));
    if (!patch->packed) {
        json_print_str(&c->scratch, hash);
        markup_mark(&c->scratch, start);
    }
    size_t n = c->scratch.n;
    json_print_str(&c->scratch, size);
    markup_mark(&c->scratch, n);
    if (proof != NULL) {
        buf_lit(&c->scratch, "\" binTransInclusionProof=\"");
        size_t value = c->scratch.n;
        json_print_str(&c->scratch, proof);
        markup_mark(&c->scratch, value);
    }
    patch->hash = str_slice(buf_view(&c->scratch), 0, n);
    patch->rest = str_slice(buf_view(&c->scratch), n, c->scratch.n);
}

static void compile_patch(struct compiler *c, const struct app_kind *kind, struct app_patch *patch,
                          const cJSON *json)
{
    const cJSON *from = json_get(json, "from");
    const cJSON *url = json_get(json, "fileUrl");
    if (!cJSON_IsString(from)) {
        patch->problem = cJSON_IsObject(json) ? APP_PATCH_NO_FROM : APP_PATCH_NO_OBJECT;
        return;
    }
    patch->from = from_index(c, from->valuestring);
    patch->url = str_of(cJSON_GetStringValue(url));
    patch->problem = url != NULL && str_absent(patch->url) ? APP_PATCH_URL_BROKEN : APP_PATCH_FINE;
    compile_rest(c, kind, patch, json);
}

/* The patches of one type in LOCALE, which are N; those that the reference stumbles over included. */
static const cJSON *patches_of(const struct app_kind *kind, const cJSON *locale, enum app_patch_type type,
                               uint32_t *n)
{
    const cJSON *json = json_get(locale, kind->lists ? app_list_key[type] : app_single_key[type]);
    if (kind->lists && cJSON_IsArray(json)) {
        *n = (uint32_t)cJSON_GetArraySize(json);
    } else if (kind->lists && (cJSON_IsNull(json) || cJSON_IsNumber(json) || cJSON_IsBool(json))) {
        *n = 1;
    } else {
        *n = python_truth(json);
    }
    return json;
}

/* The patches of the locale JSON as a record. */
static const char *compile_patches(struct compiler *c, const struct app_kind *kind, const cJSON *json)
{
    const cJSON *source[APP_PATCH_TYPES];
    uint32_t n[APP_PATCH_TYPES];
    for (unsigned type = 0; type < APP_PATCH_TYPES; type++) {
        source[type] = patches_of(kind, json, type, &n[type]);
    }
    buf_reset(&c->record);
    app_patches_write(&c->record, n);
    for (unsigned type = 0; type < APP_PATCH_TYPES; type++) {
        const cJSON *one = kind->lists && cJSON_IsArray(source[type]) ? source[type]->child : source[type];
        for (uint32_t i = 0; i < n[type]; i++, one = one->next) {
            struct app_patch patch = { 0 };
            compile_patch(c, kind, &patch, one);
            if (kind->lists && !cJSON_IsArray(source[type])) {
                patch.problem = APP_PATCH_NO_LIST;
            }
            app_patch_write(&c->record, &patch);
            buf_reset(&c->scratch);
        }
    }
    if (c->record.full) { /* more than anybody can be told */
        buf_reset(&c->record);
        app_patches_write(&c->record, (uint32_t[APP_PATCH_TYPES]){ 0 });
    }
    return arena_copy(&c->arena, buf_view(&c->record)).p;
}

static void compile_params(struct compiler *c, const struct app_kind *kind, const struct value **param,
                           const cJSON *json, const struct value *const *fallback)
{
    for (unsigned i = 0; i < APP_PARAMS && kind->param[i] != NULL; i++) {
        const struct value *value = release_keep_value(c, json_get(json, kind->param[i]));
        param[i] = value != NULL ? value : fallback != NULL ? fallback[i] : &none;
    }
}

static const struct app_facts *keep_facts(struct compiler *c, const struct app_facts *facts)
{
    struct interned *known =
        intern(&c->interner, INTERN_FACTS, (struct str){ (const char *)facts, sizeof(*facts) });
    if (known->payload == NULL) {
        struct app_facts *kept = arena_get(&c->arena, sizeof(*kept));
        *kept = *facts;
        known->payload = kept;
    }
    return known->payload;
}

void app_compile_locale(struct compiler *c, const struct app_body *body, const struct app_platform *platform,
                        struct app_locale *locale, const char *name, const cJSON *json)
{
    struct app_facts facts;
    memset(&facts, 0, sizeof facts); /* what is between its members counts when it is looked for */
    facts.no_object = !cJSON_IsObject(json);
    const struct value *build_id = release_keep_value(c, json_get(json, "buildID"));
    facts.build_id = build_id != NULL ? build_id : platform->build_id;
    if (c->release->use == RELEASE_SERVED) {
        compile_params(c, body->kind, facts.param, json, body->param);
        facts.os_update = python_truth(json_get(json, "isOSUpdate"));
        locale->patches = compile_patches(c, body->kind, json);
    }
    locale->key = release_keep_key(c, name);
    locale->facts = keep_facts(c, &facts);
}

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
    keys_sort(list, platform->n_locales, sizeof(*list));
    platform->locale = list;
}

static void compile_platform(struct compiler *c, const struct app_body *body, struct app_platform *platform,
                             const cJSON *json)
{
    platform->target = platform->key = release_keep_key(c, json->string);
    platform->no_object = !cJSON_IsObject(json);
    const cJSON *alias = json_get(json, "alias");
    if (cJSON_IsArray(alias) || cJSON_IsObject(alias)) {
        platform->alias = APP_ALIAS_BROKEN;
    } else if (alias != NULL) {
        platform->alias = cJSON_IsString(alias) ? APP_ALIAS_NAME : APP_ALIAS_LOST;
        platform->target = key_of(release_keep_value(c, alias)->text);
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

static int by_target(const void *a, const void *b)
{
    const struct app_platform *x = *(const struct app_platform *const *)a;
    const struct app_platform *y = *(const struct app_platform *const *)b;
    return str_cmp(key_str(&x->target), key_str(&y->target));
}

void app_link_platforms(struct compiler *c, struct app_platform *list, uint32_t n)
{
    struct app_platform **sorted = arena_array(&c->arena, struct app_platform *, n);
    uint32_t n_sorted = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (has_target(&list[i])) {
            list[i].resolved = keys_find(list, n, sizeof(*list), list[i].target);
            sorted[n_sorted++] = &list[i];
        }
    }
    qsort(sorted, n_sorted, sizeof(*sorted), by_target);
    for (uint32_t first = 0, end; first < n_sorted; first = end) {
        for (end = first; end < n_sorted && by_target(&sorted[first], &sorted[end]) == 0;) {
            end++;
        }
        for (uint32_t i = first; i < end; i++) {
            sorted[i]->group = (const struct app_platform *const *)sorted + first;
            sorted[i]->n_group = end - first;
        }
    }
}

static void compile_platforms(struct compiler *c, struct app_body *body)
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
        compile_platform(c, body, &list[body->n_platforms++], json);
    }
    keys_sort(list, body->n_platforms, sizeof(*list));
    app_link_platforms(c, list, body->n_platforms);
    body->platform = list;
}

static struct str hash_function(struct compiler *c)
{
    const cJSON *json = json_get(c->blob, "hashFunction");
    if (json == NULL) {
        return STR_NONE;
    }
    buf_lit(&c->scratch, "\" hashFunction=\"");
    size_t value = c->scratch.n;
    json_print_str(&c->scratch, json);
    markup_mark(&c->scratch, value);
    buf_lit(&c->scratch, "\" hashValue=\"");
    return release_keep_scratch(c);
}

void app_compile(struct compiler *c)
{
    struct app_body *body = arena_get(&c->arena, sizeof(*body));
    body->kind = kind_of(c->release->format->schema_version);
    c->release->body = body;
    bool served = c->release->use == RELEASE_SERVED;
    if (served) {
        compile_params(c, body->kind, body->param, c->blob, NULL);
    }
    compile_platforms(c, body);
    app_note_assets(c, body);
    if (served) {
        list_froms(c);
        body->hash = hash_function(c);
        app_compile_urls(c, body);
        app_compile_line(c, body);
    }
}
