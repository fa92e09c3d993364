/* What the formats have in common: keeping texts and values in a release, and reporting what is wrong. */
#include "release/format.h"

#include "core/python.h"
#include "release/markup.h"

#include <stdarg.h>
#include <stdio.h>

enum verdict release_broken(struct error *e, const char *fmt, ...)
{
    char what[sizeof e->what];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    error_set(e, ERROR_INTERNAL, "%s", what);
    return VERDICT_BROKEN;
}

enum verdict release_bad(struct error *e, const char *fmt, ...)
{
    char what[sizeof e->what];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    error_set(e, ERROR_BAD_REQUEST, "%s", what);
    return VERDICT_BAD;
}

enum verdict release_pass_on(struct error *e, const struct error *why, enum verdict v)
{
    if (e != NULL) {
        *e = *why;
    }
    return v;
}

void release_note_skipped(struct error *skipped, const struct error *e)
{
    if (skipped != NULL && skipped->what[0] == '\0') {
        *skipped = *e;
    }
}

struct str release_keep(struct compiler *c, struct str text)
{
    return interner_get(&c->interner, INTERN_TEXT, text)->text;
}

struct str release_keep_scratch(struct compiler *c)
{
    struct str kept = release_keep(c, buf_view(&c->scratch));
    buf_reset(&c->scratch);
    return kept;
}

struct str release_keep_string(struct compiler *c, const cJSON *json)
{
    return cJSON_IsString(json) ? release_keep(c, str_of(json->valuestring)) : STR_NONE;
}

struct str release_keep_shown(struct compiler *c, struct str text)
{
    if (!markup_in(text)) {
        return text;
    }
    struct buf shown;
    buf_init(&shown, text.n * 2, SIZE_MAX);
    markup_print(&shown, text);
    struct str kept = release_keep(c, buf_view(&shown));
    buf_free(&shown);
    return kept;
}

struct name_key release_keep_key(struct compiler *c, const char *name)
{
    return name_key_of(release_keep(c, str_of(name)));
}

const struct release_value *release_keep_value(struct compiler *c, const cJSON *json)
{
    if (json == NULL) {
        return NULL;
    }
    bool is_string = cJSON_IsString(json);
    json_print_str(&c->scratch, json);
    struct interned *known = interner_get(&c->interner, is_string ? INTERN_STRING_VALUE : INTERN_OTHER_VALUE,
                                          buf_view(&c->scratch));
    buf_reset(&c->scratch);
    if (known->payload == NULL) {
        struct release_value *value = arena_get(&c->arena, sizeof(*value));
        *value = (struct release_value){ .text = known->text,
                                         .shown = release_keep_shown(c, known->text),
                                         .is_string = is_string,
                                         .is_true = python_truth(json) };
        value->has_version = is_string && version_parse(&value->version, value->text);
        known->payload = value;
    }
    return known->payload;
}
