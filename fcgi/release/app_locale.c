/* Compiles one locale of an app release: its patches become a record of bytes, its other values are shared.
 */
#include "core/python.h"
#include "release/app.h"
#include "release/markup.h"

static const struct release_value none = { .text = { "None", 4 }, .shown = { "None", 4 } };

/* The index of a patch's `from`, a new one for a name not seen before. */
static uint32_t from_index(struct compiler *c, const char *name)
{
    if (strcmp(name, "*") == 0) {
        return APP_FROM_ANY;
    }
    struct interned *from = interner_get(&c->interner, INTERN_FROM, str_of(name));
    if (from->payload == NULL) {
        from->payload = (void *)(uintptr_t)++c->release->n_from;
    }
    return (uint32_t)(uintptr_t)from->payload - 1;
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

void app_compile_params(struct compiler *c, const struct app_kind *kind, const struct release_value **param,
                        const cJSON *json, const struct release_value *const *fallback)
{
    for (unsigned i = 0; i < APP_PARAMS && kind->param[i] != NULL; i++) {
        const struct release_value *value = release_keep_value(c, json_get(json, kind->param[i]));
        param[i] = value != NULL ? value : fallback != NULL ? fallback[i] : &none;
    }
}

static const struct app_locale_defaults *keep_locale_defaults(struct compiler *c,
                                                              const struct app_locale_defaults *defaults)
{
    struct interned *known = interner_get(&c->interner, INTERN_LOCALE_DEFAULTS,
                                          (struct str){ (const char *)defaults, sizeof(*defaults) });
    if (known->payload == NULL) {
        struct app_locale_defaults *kept = arena_get(&c->arena, sizeof(*kept));
        *kept = *defaults;
        known->payload = kept;
    }
    return known->payload;
}

void app_compile_locale(struct compiler *c, const struct app_body *body, const struct app_platform *platform,
                        struct app_locale *locale, const char *name, const cJSON *json)
{
    struct app_locale_defaults defaults;
    memset(&defaults, 0, sizeof defaults); /* what is between its members counts when it is looked for */
    defaults.no_object = !cJSON_IsObject(json);
    const struct release_value *build_id = release_keep_value(c, json_get(json, "buildID"));
    defaults.build_id = build_id != NULL ? build_id : platform->build_id;
    if (c->release->use == RELEASE_SERVED) {
        app_compile_params(c, body->kind, defaults.param, json, body->param);
        defaults.os_update = python_truth(json_get(json, "isOSUpdate"));
        locale->patches = compile_patches(c, body->kind, json);
    }
    locale->key = release_keep_key(c, name);
    locale->defaults = keep_locale_defaults(c, &defaults);
}
