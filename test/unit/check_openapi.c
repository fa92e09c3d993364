/* docs/openapi.json and the route tables: each route is documented with what it takes, and nothing else is.
 */
#include "../openapi.h"

#include "admin/routes.h"
#include "public/routes.h"
#include "query/query.h"
#include "suite.h"

static cJSON *doc;
static const struct admin_route *routes;
static size_t n_routes;

static void setup(void)
{
    char file[4096];
    const char *top = getenv("srcdir");
    snprintf(file, sizeof file, "%s/docs/openapi.json", top != NULL ? top : ".");
    doc = openapi_read(file);
    routes = admin_routes_join(NULL, &n_routes);
}

static void teardown(void)
{
    cJSON_Delete(doc);
    talloc_free((void *)routes);
}

/* ---- the document ---- */

static const char *method_name(unsigned method)
{
    return method == METHOD_GET    ? "get"
           : method == METHOD_POST ? "post"
           : method == METHOD_PUT  ? "put"
                                   : "delete";
}

/* A route's pattern as the document has it: without ":int". */
static const char *path_of(const char *pattern, char path[200])
{
    char *to = path;
    for (const char *from = pattern; *from != '\0'; from++) {
        from += strncmp(from, ":int", 4) == 0 ? 4 : 0;
        *to++ = *from;
    }
    *to = '\0';
    return path;
}

static const cJSON *operation(const char *pattern, unsigned method)
{
    char path[200];
    const cJSON *methods = json_get(json_get(doc, "paths"), path_of(pattern, path));
    const cJSON *o = json_get(methods, method_name(method));
    ck_assert_msg(o != NULL, "%s %s is not documented", method_name(method), path);
    return o;
}

static bool lists(const cJSON *array, const char *text)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, text) == 0) {
            return true;
        }
    }
    return false;
}

/* The parameter of O that is in WHERE ("path", "query") and called NAME, or NULL. */
static const cJSON *parameter(const cJSON *o, const char *where, const char *name)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, json_get(o, "parameters"))
    {
        const cJSON *p = openapi_resolve(doc, item);
        ck_assert_ptr_nonnull(p);
        if (strcmp(json_get_string(p, "in"), where) == 0 && strcmp(json_get_string(p, "name"), name) == 0) {
            return p;
        }
    }
    return NULL;
}

static size_t count_parameters(const cJSON *o, const char *where)
{
    const cJSON *item;
    size_t n = 0;
    cJSON_ArrayForEach(item, json_get(o, "parameters"))
    {
        n += strcmp(json_get_string(openapi_resolve(doc, item), "in"), where) == 0;
    }
    return n;
}

/* ---- what a route takes ---- */

static void check_path(const cJSON *o, const char *pattern)
{
    size_t n = 0;
    struct str rest = str_of(pattern);
    struct str part;
    while (str_split(&rest, '/', &part)) {
        char name[50];
        if (part.n == 0 || part.p[0] != '{') {
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)strcspn(part.p + 1, ":}"), part.p + 1);
        ck_assert_msg(parameter(o, "path", name) != NULL, "%s: {%s} is not documented", pattern, name);
        n++;
    }
    ck_assert_msg(count_parameters(o, "path") == n, "%s: other parts are documented", pattern);
}

static void check_args(const cJSON *o, const struct admin_route *r)
{
    size_t n = 0;
    for (const struct body_field *f = r->args; f != NULL && f->name != NULL; f++, n++) {
        const cJSON *p = parameter(o, "query", f->name);
        ck_assert_msg(p != NULL, "%s: ?%s is not documented", r->pattern, f->name);
        ck_assert_msg(cJSON_IsTrue(json_get(p, "required")) == f->required, "%s: is ?%s required?",
                      r->pattern, f->name);
    }
    if (r->method != METHOD_GET && (r->flags & (ADMIN_NO_DATABASE | ADMIN_READS)) == 0) {
        ck_assert_msg(parameter(o, "query", "dry_run") != NULL, "%s: ?dry_run is not documented", r->pattern);
        n++;
    }
    ck_assert_msg(count_parameters(o, "query") == n, "%s: other query parameters are documented", r->pattern);
}

/* Adds to PROPERTIES and REQUIRED (an array) what SCHEMA has, its allOf included. */
static void flatten(const cJSON *schema, cJSON *properties, cJSON *required)
{
    const cJSON *item;
    schema = openapi_resolve(doc, schema);
    cJSON_ArrayForEach(item, json_get(schema, "properties"))
    {
        ck_assert_msg(json_get(properties, item->string) == NULL, "%s is documented twice", item->string);
        cJSON_AddItemReferenceToObject(properties, item->string, (cJSON *)item);
    }
    cJSON_ArrayForEach(item, json_get(schema, "required"))
    {
        cJSON_AddItemToArray(required, cJSON_CreateString(item->valuestring));
    }
    cJSON_ArrayForEach(item, json_get(schema, "allOf"))
    {
        flatten(item, properties, required);
    }
}

static unsigned types_of(const cJSON *property)
{
    static const struct {
        const char *name;
        unsigned type;
    } names[] = { { "string", FIELD_STRING }, { "integer", FIELD_INT },   { "boolean", FIELD_BOOL },
                  { "null", FIELD_NULL },     { "object", FIELD_OBJECT }, { "array", FIELD_ARRAY } };
    const cJSON *type = json_get(property, "type");
    unsigned types = 0;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        bool is =
            cJSON_IsString(type) ? strcmp(type->valuestring, names[i].name) == 0 : lists(type, names[i].name);
        types |= is ? names[i].type : 0;
    }
    return types;
}

/* Fields that are refused are not for the document; those that may be anything have no types there to
 * compare. */
static void check_body(const cJSON *o, const struct admin_route *r)
{
    const cJSON *item;
    const cJSON *content = json_get(json_get(o, "requestBody"), "content");
    cJSON *properties = cJSON_CreateObject(), *required = cJSON_CreateArray();
    ck_assert_msg((content != NULL) == (r->body != NULL), "%s: is there a body?", r->pattern);
    flatten(json_get(json_get(content, "application/json"), "schema"), properties, required);
    for (const struct body_field *f = r->body; f != NULL && f->name != NULL; f++) {
        const cJSON *p = json_get(properties, f->name);
        ck_assert_msg((p != NULL) == (f->refused == NULL), "%s: may %s be in the body?", r->pattern, f->name);
        ck_assert_msg(!f->required || lists(required, f->name), "%s: %s is required", r->pattern, f->name);
        ck_assert_msg(p == NULL || f->types == FIELD_ANY || types_of(p) == f->types, "%s: the type of %s",
                      r->pattern, f->name);
    }
    cJSON_ArrayForEach(item, properties)
    {
        const struct body_field *f = r->body;
        while (f != NULL && f->name != NULL && strcmp(f->name, item->string) != 0) {
            f++;
        }
        ck_assert_msg(f != NULL && f->name != NULL, "%s: no %s is looked at", r->pattern, item->string);
        ck_assert_msg(!lists(required, item->string) || f->required, "%s: %s is not required", r->pattern,
                      item->string);
    }
    cJSON_Delete(properties);
    cJSON_Delete(required);
}

START_TEST(every_admin_route_is_documented)
{
    for (size_t i = 0; i < n_routes; i++) {
        const struct admin_route *r = &routes[i];
        const cJSON *o = operation(r->pattern, r->method);
        ck_assert_msg(lists(json_get(o, "x-programs"), "admin"), "%s is the admin's", r->pattern);
        ck_assert_str_eq(json_get_string(o, "operationId"), r->metric);
        ck_assert_msg((json_get(o, "security") != NULL) == (r->who != ADMIN_ANYONE), "%s: who may call?",
                      r->pattern);
        check_path(o, r->pattern);
        check_body(o, r);
        if ((r->flags & ADMIN_ANY_ARGS) == 0) {
            check_args(o, r);
        }
    }
}
END_TEST

START_TEST(every_public_route_is_documented)
{
    for (size_t i = 0; i < public_n_routes; i++) {
        const struct route *r = &public_routes[i];
        const cJSON *o = operation(r->pattern, r->methods);
        size_t n = 0;
        struct str rest = str_of(r->args != NULL && r->args[0] != '\0' ? r->args : NULL);
        struct str arg;
        ck_assert_msg(lists(json_get(o, "x-programs"), "public"), "%s is public", r->pattern);
        check_path(o, r->pattern);
        for (; str_split(&rest, ' ', &arg); n++) {
            char name[50];
            snprintf(name, sizeof name, "%.*s", STR_ARG(arg));
            ck_assert_msg(parameter(o, "query", name) != NULL, "%s: ?%s is not documented", r->pattern, name);
        }
        ck_assert_msg(count_parameters(o, "query") == n, "%s: other query parameters are documented",
                      r->pattern);
    }
}
END_TEST

/* ---- what is documented ---- */

static bool admin_has(const char *path, const char *method)
{
    char own[200];
    for (size_t i = 0; i < n_routes; i++) {
        if (strcmp(path_of(routes[i].pattern, own), path) == 0 &&
            strcmp(method_name(routes[i].method), method) == 0) {
            return true;
        }
    }
    return false;
}

static bool public_has(const char *path, const char *method)
{
    char own[200];
    for (size_t i = 0; i < public_n_routes; i++) {
        if (strcmp(path_of(public_routes[i].pattern, own), path) == 0 &&
            strcmp(method_name(public_routes[i].methods), method) == 0) {
            return true;
        }
    }
    return false;
}

/* A URL that fits PATH, with the query parameter ARG unless NULL. */
static const char *example(const char *path, const char *arg, char url[400])
{
    char *to = url;
    bool inside = false;
    for (; *path != '\0'; path++) {
        if (*path == '{' || *path == '}') {
            inside = *path == '{';
            *to = '1';
            to += inside;
        } else if (!inside) {
            *to++ = *path;
        }
    }
    *to = '\0';
    if (arg != NULL) {
        sprintf(to, "?%s=1", arg);
    }
    return url;
}

static enum query_status parse(const char *path, const char *arg)
{
    static char text[QUERY_TEXT_MAX];
    char url[400];
    struct query q;
    struct error e;
    return query_parse(&q, text, str_of(example(path, arg, url)), STR_NONE, &e);
}

/* Update queries have no route table: the parser knows their forms and parameters. */
static bool is_query(const char *path, const cJSON *o)
{
    static const char *const all[] = { "force", "avast", "mig64", "pin", "other" };
    if (parse(path, NULL) != QUERY_OK) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        bool known = parse(path, all[i]) == QUERY_OK;
        ck_assert_msg(known == (parameter(o, "query", all[i]) != NULL), "%s: ?%s", path, all[i]);
    }
    check_path(o, path);
    return true;
}

START_TEST(nothing_else_is_documented)
{
    const cJSON *path, *o;
    unsigned queries = 0;
    cJSON_ArrayForEach(path, json_get(doc, "paths"))
    {
        cJSON_ArrayForEach(o, path)
        {
            bool is_update = is_query(path->string, o);
            bool is_public = is_update || public_has(path->string, o->string);
            const cJSON *programs = json_get(o, "x-programs");
            ck_assert_msg(lists(programs, "admin") == admin_has(path->string, o->string),
                          "%s %s: is it the admin's?", o->string, path->string);
            ck_assert_msg(lists(programs, "public") == is_public, "%s %s: is it public?", o->string,
                          path->string);
            queries += is_update;
        }
    }
    ck_assert_uint_eq(queries, 8);
}
END_TEST

static void check_references(const cJSON *node)
{
    const cJSON *child;
    ck_assert_msg(openapi_resolve(doc, node) != NULL, "%s points to nothing", json_get_string(node, "$ref"));
    cJSON_ArrayForEach(child, node)
    {
        check_references(child);
    }
}

START_TEST(references_point_to_something)
{
    check_references(doc);
}
END_TEST

/* ---- what values look like ---- */

static bool may_be(const cJSON *schema, const char *type)
{
    const cJSON *types = json_get(schema, "type");
    return cJSON_IsString(types) ? strcmp(types->valuestring, type) == 0 : lists(types, type);
}

/* Whether SCHEMA has one of the members WORDS, separated by spaces, other than {}. */
static bool says(const cJSON *schema, const char *words)
{
    struct str rest = str_of(words), word;
    while (str_split(&rest, ' ', &word)) {
        char name[30];
        snprintf(name, sizeof name, "%.*s", STR_ARG(word));
        const cJSON *member = json_get(schema, name);
        if (member != NULL && !(cJSON_IsObject(member) && member->child == NULL)) {
            return true;
        }
    }
    return false;
}

/* An object whose members may be anything says so: additionalProperties is true. So does an array: its items
 * are {}. */
static void check_described(const cJSON *schema, const char *where)
{
    const cJSON *child;
    ck_assert_msg(!may_be(schema, "object") || says(schema, "properties additionalProperties allOf anyOf"),
                  "%s: an object without members", where);
    ck_assert_msg(!may_be(schema, "array") || json_get(schema, "items") != NULL, "%s: an array without items",
                  where);
    cJSON_ArrayForEach(child, schema)
    {
        char inside[1000];
        snprintf(inside, sizeof inside, "%s/%s", where, child->string != NULL ? child->string : "");
        check_described(child, inside);
    }
}

START_TEST(every_object_has_members)
{
    check_described(doc, "");
}
END_TEST

SUITE_MAIN_WITH("openapi", setup, teardown, every_admin_route_is_documented, every_public_route_is_documented,
                nothing_else_is_documented, references_point_to_something, every_object_has_members)
