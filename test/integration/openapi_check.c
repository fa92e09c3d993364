/* Does a response look as docs/openapi.json says? For the tests; see usage(). An object has the properties
 * that are documented and no others, but where additionalProperties says so. */
#include "../openapi.h"
#include "core/mem.h"

#include <stdarg.h>
#include <unistd.h>

enum { BODY_MAX = 8 << 20, WHY_MAX = 400 };

static cJSON *doc;
static char why[WHY_MAX]; /* the first thing that is wrong */

static bool wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static bool wrong(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- values and schemas ---- */

static bool has_type(const cJSON *value, const char *type)
{
    return strcmp(type, "object") == 0    ? cJSON_IsObject(value)
           : strcmp(type, "array") == 0   ? cJSON_IsArray(value)
           : strcmp(type, "string") == 0  ? cJSON_IsString(value)
           : strcmp(type, "boolean") == 0 ? cJSON_IsBool(value)
           : strcmp(type, "null") == 0    ? cJSON_IsNull(value)
                                          : cJSON_IsNumber(value);
}

static bool type_fits(const cJSON *schema, const cJSON *value)
{
    const cJSON *type = json_get(schema, "type"), *one;
    if (type == NULL || (cJSON_IsString(type) && has_type(value, type->valuestring))) {
        return true;
    }
    cJSON_ArrayForEach(one, type)
    {
        if (has_type(value, one->valuestring)) {
            return true;
        }
    }
    return wrong("%s has another type", value->string != NULL ? value->string : "a value");
}

static bool enum_fits(const cJSON *schema, const cJSON *value)
{
    const cJSON *words = json_get(schema, "enum"), *word;
    cJSON_ArrayForEach(word, words)
    {
        if (cJSON_Compare(word, value, true)) {
            return true;
        }
    }
    return words == NULL || wrong("%s is none of the values", value->string != NULL ? value->string : "it");
}

/* Whether SCHEMA, or a part of it, allows a property NAME. */
static bool knows(const cJSON *schema, const char *name)
{
    static const char *const parts[] = { "allOf", "anyOf", "oneOf" };
    schema = openapi_resolve(doc, schema);
    const cJSON *more = json_get(schema, "additionalProperties"), *part;
    if (json_get(json_get(schema, "properties"), name) != NULL || (more != NULL && !cJSON_IsFalse(more))) {
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        cJSON_ArrayForEach(part, json_get(schema, parts[i]))
        {
            if (knows(part, name)) {
                return true;
            }
        }
    }
    return false;
}

static bool fits(const cJSON *schema, const cJSON *value, bool closed);

static bool object_fits(const cJSON *schema, const cJSON *value, bool closed)
{
    const cJSON *name, *member;
    const cJSON *more = json_get(schema, "additionalProperties");
    cJSON_ArrayForEach(name, json_get(schema, "required"))
    {
        if (json_get(value, name->valuestring) == NULL) {
            return wrong("%s is missing", name->valuestring);
        }
    }
    cJSON_ArrayForEach(member, value)
    {
        const cJSON *own = json_get(json_get(schema, "properties"), member->string);
        own = own == NULL && cJSON_IsObject(more) ? more : own;
        if (closed && !knows(schema, member->string)) {
            return wrong("%s is not documented", member->string);
        }
        if (own != NULL && !fits(own, member, true)) {
            return false;
        }
    }
    return true;
}

static bool array_fits(const cJSON *schema, const cJSON *value)
{
    const cJSON *item, *items = json_get(schema, "items");
    cJSON_ArrayForEach(item, value)
    {
        if (items != NULL && !fits(items, item, true)) {
            return false;
        }
    }
    return true;
}

static bool any_fits(const cJSON *choices, const cJSON *value, bool closed)
{
    const cJSON *choice;
    cJSON_ArrayForEach(choice, choices)
    {
        if (fits(choice, value, closed)) {
            return true;
        }
    }
    return choices == NULL; /* else WHY tells of the last */
}

static bool fits(const cJSON *schema, const cJSON *value, bool closed)
{
    const cJSON *part;
    schema = openapi_resolve(doc, schema);
    cJSON_ArrayForEach(part, json_get(schema, "allOf"))
    {
        if (!fits(part, value, false)) {
            return false;
        }
    }
    return type_fits(schema, value) && enum_fits(schema, value) &&
           any_fits(json_get(schema, "anyOf"), value, closed) &&
           any_fits(json_get(schema, "oneOf"), value, closed) &&
           (!cJSON_IsObject(value) || object_fits(schema, value, closed)) &&
           (!cJSON_IsArray(value) || array_fits(schema, value));
}

/* ---- operations ---- */

/* Whether PATH goes with TEMPLATE; *LITERAL gets a bit for each part that is literal, the first one highest.
 */
static bool path_fits(const char *template, const char *path, unsigned *literal)
{
    struct str t = str_of(template), p = { path, strcspn(path, "?") };
    struct str want, got;
    *literal = 0;
    while (str_split(&t, '/', &want)) {
        if (!str_split(&p, '/', &got)) {
            return false;
        }
        bool is_open = want.n > 0 && want.p[0] == '{';
        if (is_open ? got.n == 0 : !str_eq(want, got)) {
            return false;
        }
        *literal = *literal << 1 | !is_open;
    }
    return str_absent(p);
}

static const cJSON *find_operation(const char *method, const char *path, const char **template)
{
    const cJSON *item, *found = NULL;
    unsigned literal, most = 0;
    cJSON_ArrayForEach(item, json_get(doc, "paths"))
    {
        const cJSON *o = json_get(item, method);
        if (o != NULL && path_fits(item->string, path, &literal) && literal >= most) {
            most = literal;
            found = o;
            *template = item->string;
        }
    }
    return found;
}

static bool body_fits(const cJSON *content, const char *type, struct str body)
{
    char media[100];
    struct error e;
    snprintf(media, sizeof media, "%.*s", (int)strcspn(type, ";"), type);
    if (content == NULL) {
        return body.n == 0 || wrong("a body is not documented");
    }
    const cJSON *schema = openapi_resolve(doc, json_get(json_get(content, media), "schema"));
    if (schema == NULL) {
        return wrong("the media type %s is not documented", media);
    }
    const char *kind = json_get_string(schema, "type");
    if (kind != NULL && strcmp(kind, "string") == 0) {
        return true;
    }
    cJSON *value = body.n == 0 ? cJSON_CreateString("") : json_parse(body, &e);
    bool ok = value != NULL ? fits(schema, value, true) : wrong("no JSON: %s", e.what);
    cJSON_Delete(value);
    return ok;
}

static int check(const char *method, const char *path, const char *status, const char *type, struct str body)
{
    const char *template = NULL;
    const cJSON *o = find_operation(method, path, &template);
    if (o == NULL) {
        fprintf(stderr, "%s %s is not documented\n", method, path);
        return 1;
    }
    const cJSON *response = openapi_resolve(doc, json_get(json_get(o, "responses"), status));
    printf("%s %s %s\n", method, template, status);
    bool ok = response != NULL ? body_fits(json_get(response, "content"), type, body)
                               : wrong("the status is not documented");
    if (!ok) {
        fprintf(stderr, "%s %s %s: %s\n", method, template, status, why);
    }
    return ok ? 0 : 1;
}

static int list(void)
{
    const cJSON *path, *method, *status;
    cJSON_ArrayForEach(path, json_get(doc, "paths"))
    {
        cJSON_ArrayForEach(method, path)
        {
            cJSON_ArrayForEach(status, json_get(method, "responses"))
            {
                if (status->string[0] == '2') {
                    printf("%s %s %s\n", method->string, path->string, status->string);
                }
            }
        }
    }
    return 0;
}

static int usage(void)
{
    fputs("usage: openapi_check DOCUMENT                          the successes that it documents\n"
          "       openapi_check DOCUMENT METHOD PATH STATUS TYPE <BODY   is this as documented?\n"
          "Either prints lines like 'get /rules/{id_or_alias} 200'.\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 6) {
        return usage();
    }
    doc = openapi_read(argv[1]);
    if (argc == 2) {
        return list();
    }
    char *body = malloc(BODY_MAX);
    size_t n = body != NULL ? fread(body, 1, BODY_MAX, stdin) : 0;
    int status = check(argv[2], argv[3], argv[4], argv[5], (struct str){ body, n });
    free(body);
    cJSON_Delete(doc);
    return status;
}
