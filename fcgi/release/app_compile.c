/* Compiles an app release: how the schema versions differ, and the order in which the parts are compiled. */
#include "release/app.h"
#include "release/markup.h"

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

static const struct app_kind *find_app_kind(int schema_version)
{
    size_t i = 0;
    while (kinds[i].schema_version != schema_version) {
        i++;
    }
    return &kinds[i];
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
    body->kind = find_app_kind(c->release->format->schema_version);
    c->release->body = body;
    bool served = c->release->use == RELEASE_SERVED;
    if (served) {
        app_compile_params(c, body->kind, body->param, c->blob, NULL);
    }
    app_compile_platforms(c, body);
    app_note_assets(c, body);
    if (served) {
        list_froms(c);
        body->hash = hash_function(c);
        app_compile_urls(c, body);
        app_compile_line(c, body);
    }
}
