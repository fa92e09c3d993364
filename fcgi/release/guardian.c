/* Schema version 10000: a JSON answer for a product with one file per platform. The answers are made when the
 * release is compiled. */
#include "core/python.h"
#include "release/format.h"

struct guardian_platform {
    struct name_key key;
    const char *problem; /* NULL: none */
    struct str url;      /* "": an empty answer */
    struct str answer;   /* absent: the release lacks a key that every answer has */
};

struct guardian_body {
    bool malformed;     /* platforms is no object */
    struct str version; /* absent: missing, empty or no string */
    const struct guardian_platform *platform;
    size_t n;
};

/* {"version": …, "url": …, …}; absent when the blob lacks a key. */
static struct str print_guardian_answer(struct compiler *c, struct str url, const cJSON *hash_value)
{
    static const char *const keys[] = { "version", "required", "hashFunction" };
    const cJSON *value[3];
    for (unsigned i = 0; i < 3; i++) {
        value[i] = json_get(c->blob, keys[i]);
        if (value[i] == NULL) {
            return STR_NONE;
        }
    }
    struct buf *out = &c->scratch;
    buf_lit(out, "{\"version\": ");
    json_print(out, value[0], JSON_DUMPS);
    buf_lit(out, ", \"url\": ");
    json_print_string(out, url);
    buf_lit(out, ", \"required\": ");
    json_print(out, value[1], JSON_DUMPS);
    buf_lit(out, ", \"hashFunction\": ");
    json_print(out, value[2], JSON_DUMPS);
    buf_lit(out, ", \"hashValue\": ");
    json_print(out, hash_value, JSON_DUMPS);
    buf_lit(out, "}");
    return release_keep_scratch(c);
}

static void compile_guardian_platform(struct compiler *c, struct guardian_platform *p, const cJSON *json)
{
    p->key = release_keep_key(c, json->string);
    p->url = STR("");
    const cJSON *url = json_get(json, "fileUrl");
    if (!cJSON_IsObject(json)) {
        p->problem = "is no object";
    } else if (cJSON_IsString(url)) {
        p->url = release_keep_string(c, url);
        p->answer = print_guardian_answer(c, p->url, json_get(json, "hashValue"));
    } else if (python_truth(url)) {
        p->problem = "has a fileUrl that is no string";
    }
}

void guardian_compile(struct compiler *c)
{
    struct guardian_body *body = arena_get(&c->arena, sizeof(*body));
    const cJSON *platforms = json_get(c->blob, "platforms");
    body->malformed = platforms != NULL && !cJSON_IsObject(platforms);
    struct str version = release_keep_string(c, json_get(c->blob, "version"));
    body->version = version.n > 0 ? version : STR_NONE;
    if (cJSON_IsObject(platforms)) {
        struct guardian_platform *list =
            arena_array(&c->arena, struct guardian_platform, (size_t)cJSON_GetArraySize(platforms));
        for (const cJSON *json = platforms->child; json != NULL; json = json->next) {
            compile_guardian_platform(c, &list[body->n++], json);
        }
        name_keys_sort(list, body->n, sizeof(*list));
        body->platform = list;
    }
    c->release->body = body;
}

static const struct guardian_platform *find_guardian_platform(const struct guardian_body *body,
                                                              struct str name)
{
    return name_keys_find(body->platform, body->n, sizeof(*body->platform), name_key_of(name));
}

/* *NO is set with VERDICT_NO. */
static enum verdict judge_version(const struct release *r, const struct query *q, enum release_no *no,
                                  struct error *e)
{
    const struct guardian_body *body = r->body;
    if (body->malformed) {
        return release_broken(e, "release %.*s: platforms is no object", STR_ARG(r->name));
    }
    if (find_guardian_platform(body, q->build_target) == NULL) {
        *no = RELEASE_NO_PLATFORM;
        return VERDICT_NO;
    }
    int cmp;
    if (str_absent(body->version)) {
        return release_broken(e, "release %.*s has no version", STR_ARG(r->name));
    }
    if (q->version.n == 0 || !version_cmp_loose(q->version, body->version, &cmp)) {
        return release_broken(e, "version %.*s cannot be compared with %.*s of release %.*s",
                              STR_ARG(q->version), STR_ARG(body->version), STR_ARG(r->name));
    }
    *no = RELEASE_NO_NEWER;
    return cmp >= 0 ? VERDICT_NO : VERDICT_YES;
}

enum verdict guardian_should_serve(const struct release *r, const struct query *q, struct error *e)
{
    enum release_no ignored;
    return judge_version(r, q, &ignored, e);
}

void guardian_find_place(const struct release *r, const struct query *q, struct release_place *place)
{
    const struct guardian_body *body = r->body;
    if (judge_version(r, q, &place->no, NULL) != VERDICT_NO) {
        place->no = RELEASE_NO_REASON;
    }
    const struct guardian_platform *platform =
        body->malformed ? NULL : find_guardian_platform(body, q->build_target);
    place->platform = platform != NULL ? name_key_str(&platform->key) : STR_NONE;
    place->has_target = platform != NULL;
    place->version = body->version;
}

enum verdict guardian_json(const struct release *r, const struct release_env *env, struct buf *out,
                           struct error *e)
{
    const struct guardian_body *body = r->body;
    if (body->malformed) {
        return release_broken(e, "release %.*s: platforms is no object", STR_ARG(r->name));
    }
    const struct guardian_platform *p = find_guardian_platform(body, env->query->build_target);
    if (p != NULL && p->problem != NULL) {
        return release_broken(e, "release %.*s: platform %.*s %s", STR_ARG(r->name), (int)p->key.n, p->key.p,
                              p->problem);
    }
    if (p == NULL || p->url.n == 0 || !allowlist_permits(env->allowlist, p->url, env->query->product)) {
        buf_lit(out, "{}");
    } else if (str_absent(p->answer)) {
        return release_broken(e, "release %.*s lacks version, required or hashFunction", STR_ARG(r->name));
    } else {
        buf_str(out, p->answer);
    }
    return VERDICT_YES;
}
