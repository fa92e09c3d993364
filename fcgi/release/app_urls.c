/* The URL that a patch is downloaded from. A patch may have its own; else "fileUrls" has one for the channel:
 * - separated (versions 1 to 3): one URL per channel, with placeholders for names from ftpFilenames and
 *   bouncerProducts;
 * - unified (4 and later): one URL per channel, type of patch and `from`. The first of channel, fallback
 * channel and
 *   "*" that exists decides, even if it lacks the URL. */
#include "core/python.h"
#include "release/app.h"

#include <stdlib.h>

static int compare_froms(const void *a, const void *b)
{
    const struct app_from_text *x = a;
    const struct app_from_text *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* The index that the patches have for NAME; false when none of them starts from it. */
static bool find_from_index(const struct compiler *c, const char *name, uint32_t *from)
{
    const struct interned *known = interner_find(&c->interner, INTERN_FROM, str_of(name));
    *from = known != NULL ? (uint32_t)(uintptr_t)known->payload - 1 : APP_FROM_ANY;
    return known != NULL || strcmp(name, "*") == 0;
}

static struct app_from_text compile_from_text(struct compiler *c, const cJSON *json, uint32_t from)
{
    struct str text = release_keep_string(c, json);
    return (struct app_from_text){ from, str_absent(text), template_of(&c->arena, text) };
}

/* JSON is an object of texts by `from`; TRUE_ONLY leaves empty ones out. */
static struct app_by_from compile_by_from(struct compiler *c, const cJSON *json, bool true_only)
{
    struct app_by_from texts = { .broken = json != NULL && !cJSON_IsObject(json) };
    uint32_t from, n = 0;
    if (json == NULL || texts.broken) {
        return texts;
    }
    for (const cJSON *one = json->child; one != NULL; one = one->next) {
        n += find_from_index(c, one->string, &from);
    }
    struct app_from_text *entry = arena_array(&c->arena, struct app_from_text, n);
    for (const cJSON *one = json->child; one != NULL; one = one->next) {
        if (find_from_index(c, one->string, &from) && (!true_only || python_truth(one))) {
            entry[texts.n++] = compile_from_text(c, one, from);
        }
    }
    qsort(entry, texts.n, sizeof(*entry), compare_froms);
    texts.entry = entry;
    return texts;
}

/* JSON is one text for every `from`. */
static struct app_by_from compile_shared(struct compiler *c, const cJSON *json)
{
    if (json == NULL) {
        return (struct app_by_from){ 0 };
    }
    struct app_from_text *entry = arena_get(&c->arena, sizeof(*entry));
    *entry = compile_from_text(c, json, APP_FROM_ANY);
    return (struct app_by_from){ .entry = entry, .n = 1, .shared = true };
}

/* ftpFilenames, bouncerProducts. */
static void compile_names(struct compiler *c, struct app_body *body, const char *key,
                          struct app_by_from *names)
{
    const cJSON *json = json_get(c->blob, key);
    body->urls.names_broken |= json != NULL && !cJSON_IsObject(json);
    for (unsigned type = 0; type < APP_PATCH_TYPES; type++) {
        names[type] = body->kind->lists ? compile_by_from(c, json_get(json, app_list_key[type]), false)
                                        : compile_shared(c, json_get(json, app_single_key[type]));
    }
}

static void compile_channel(struct compiler *c, const struct app_kind *kind, struct app_channel *channel,
                            const cJSON *json)
{
    channel->key = release_keep_key(c, json->string);
    if (!kind->unified) {
        channel->broken = !cJSON_IsString(json);
        channel->url = template_of(&c->arena, release_keep_string(c, json));
        return;
    }
    channel->broken = !cJSON_IsObject(json);
    for (unsigned type = 0; type < APP_PATCH_TYPES; type++) {
        channel->urls[type] = compile_by_from(c, json_get(json, app_list_key[type]), true);
    }
}

static const struct app_channel *find_channel(const struct app_urls *urls, struct str name)
{
    return name_keys_find(urls->channel, urls->n, sizeof(*urls->channel), name_key_of(name));
}

void app_compile_urls(struct compiler *c, struct app_body *body)
{
    const cJSON *json = json_get(c->blob, "fileUrls");
    bool unified = body->kind->unified;
    body->urls.broken = json == NULL ? !unified : !cJSON_IsObject(json);
    if (!unified) {
        compile_names(c, body, "ftpFilenames", body->urls.filename);
        compile_names(c, body, "bouncerProducts", body->urls.product);
    }
    if (!cJSON_IsObject(json)) {
        return;
    }
    struct app_channel *list = arena_array(&c->arena, struct app_channel, (size_t)cJSON_GetArraySize(json));
    for (const cJSON *one = json->child; one != NULL; one = one->next) {
        if (!unified || python_truth(one)) {
            compile_channel(c, body->kind, &list[body->urls.n++], one);
        }
    }
    name_keys_sort(list, body->urls.n, sizeof(*list));
    body->urls.channel = list;
    body->urls.any = find_channel(&body->urls, STR("*"));
}

/* The query's channel, else its fallback channel (which the channel's name begins with). */
static const struct app_channel *find_channel_of(const struct app_urls *urls, const struct query *q)
{
    const struct app_channel *channel = find_channel(urls, q->channel);
    return channel != NULL || q->fallback_channel.n == q->channel.n ? channel
                                                                    : find_channel(urls, q->fallback_channel);
}

/* The text for FROM, or NULL. */
static const struct app_from_text *find_text(const struct app_by_from *texts, uint32_t from)
{
    if (texts->shared) {
        return texts->entry;
    }
    struct app_from_text key = { .from = from };
    return texts->n > 0 ? bsearch(&key, texts->entry, texts->n, sizeof(key), compare_froms) : NULL;
}

/* Sets the values that every URL may need. Returns false if the platform lacks one. */
static bool fill_platform_values(const struct app_position *position, const struct query *q,
                                 struct placeholders *values, struct error *e)
{
    if (str_absent(position->platform->os_ftp) || str_absent(position->platform->os_bouncer)) {
        return error_set(e, ERROR_INTERNAL, "platform %.*s has no OS_FTP or no OS_BOUNCER that is a string",
                         (int)position->platform->key.n, position->platform->key.p);
    }
    values->value[PH_LOCALE] = q->locale;
    values->value[PH_OS_FTP] = position->platform->os_ftp;
    values->value[PH_OS_BOUNCER] = position->platform->os_bouncer;
    return true;
}

/* *VALUE receives the name for FROM, "" without one. */
static bool fill_name(const struct app_by_from *names, uint32_t from, struct str *value)
{
    const struct app_from_text *text = find_text(names, from);
    *value = text != NULL ? text->text.text : STR("");
    return !names->broken && (text == NULL || !text->broken);
}

static enum app_url print_separated(const struct app_urls *urls, const struct app_position *position,
                                    const struct app_patch *patch, enum app_patch_type type,
                                    const struct query *q, struct buf *out, struct error *e)
{
    struct placeholders values = { 0 };
    if (!fill_platform_values(position, q, &values, e)) {
        return APP_URL_BROKEN;
    }
    if (urls->broken || urls->names_broken ||
        !fill_name(&urls->filename[type], patch->from, &values.value[PH_FILENAME]) ||
        !fill_name(&urls->product[type], patch->from, &values.value[PH_PRODUCT])) {
        error_set(e, ERROR_INTERNAL,
                  "fileUrls, ftpFilenames or bouncerProducts is missing or of the wrong type");
        return APP_URL_BROKEN;
    }
    const struct app_channel *channel = find_channel_of(urls, q);
    if (channel == NULL || channel->broken) {
        error_set(e, ERROR_INTERNAL, "fileUrls has no string for channel %.*s", STR_ARG(q->channel));
        return APP_URL_BROKEN;
    }
    template_print(out, &channel->url, &values);
    return APP_URL;
}

static enum app_url print_unified(const struct app_urls *urls, const struct app_position *position,
                                  const struct app_patch *patch, enum app_patch_type type,
                                  const struct query *q, struct buf *out, struct error *e)
{
    const struct app_channel *channel = find_channel_of(urls, q);
    channel = channel != NULL ? channel : urls->any;
    const struct app_by_from *texts = channel != NULL ? &channel->urls[type] : NULL;
    const struct app_from_text *text = texts != NULL ? find_text(texts, patch->from) : NULL;
    if (urls->broken || (channel != NULL && (channel->broken || texts->broken)) ||
        (text != NULL && text->broken)) {
        error_set(e, ERROR_INTERNAL, "fileUrls or a part of it is of the wrong type");
        return APP_URL_BROKEN;
    }
    if (text == NULL) {
        error_set(e, ERROR_INTERNAL, "fileUrls has no URL for channel %.*s", STR_ARG(q->channel));
        return APP_URL_NONE;
    }
    struct placeholders values = { 0 };
    if (!fill_platform_values(position, q, &values, e)) {
        return APP_URL_BROKEN;
    }
    template_print(out, &text->text, &values);
    return APP_URL;
}

/* Some hosts need to know that the query was forced. */
static void append_force_parameter(const struct release_env *env, size_t from, struct buf *out)
{
    if (env->query->force == FORCE_NONE) {
        return;
    }
    struct str url = { out->p + from, out->n - from };
    for (size_t i = 0; i < env->n_force_hosts; i++) {
        if (str_starts(url, env->force_hosts[i])) {
            buf_char(out, memchr(url.p, '?', url.n) != NULL ? '&' : '?');
            buf_str(out, env->query->force == FORCE_MAIN ? STR("force=1") : STR("force=-1"));
            return;
        }
    }
}

enum app_url app_print_url(const struct app_body *body, const struct app_position *position,
                           const struct app_patch *patch, enum app_patch_type type,
                           const struct release_env *env, struct buf *out, struct error *e)
{
    size_t from = out->n;
    enum app_url result = APP_URL;
    if (patch->problem == APP_PATCH_URL_BROKEN) {
        error_set(e, ERROR_INTERNAL, "a fileUrl is no string");
        result = APP_URL_BROKEN;
    } else if (!str_absent(patch->url)) {
        buf_str(out, patch->url);
    } else if (!body->kind->unified) {
        result = print_separated(&body->urls, position, patch, type, env->query, out, e);
    } else {
        result = print_unified(&body->urls, position, patch, type, env->query, out, e);
    }
    if (result == APP_URL) {
        append_force_parameter(env, from, out);
    }
    return result;
}
