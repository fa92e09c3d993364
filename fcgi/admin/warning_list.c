/* See warning_list.h. */
#include "admin/warning_list.h"

#include "store/row.h"

#include <stdarg.h>

static const struct {
    const char *code;
    const char *severity; /* danger: clients get something wrong, or nothing; warning: probably a mistake */
} kinds[WARNING_CODES] = {
    [WARN_PRODUCT_DIFFERS] = { "product_differs", "danger" },
    [WARN_CHANNEL_STAR] = { "channel_star", "danger" },
    [WARN_NO_FALLBACK] = { "no_fallback", "warning" },
    [WARN_RATE_FALLS] = { "rate_falls", "warning" },
    [WARN_SHADOWED] = { "shadowed", "danger" },
    [WARN_SHADOWS] = { "shadows", "danger" },
    [WARN_SAME_COLUMNS] = { "same_columns", "warning" },
    [WARN_COLLIDES] = { "collides", "warning" },
    [WARN_RELEASE_OLDER] = { "release_older", "danger" },
    [WARN_PARTS_MISSING] = { "parts_missing", "danger" },
    [WARN_NOT_SERVABLE] = { "not_servable", "danger" },
    [WARN_DELETION_SCHEDULED] = { "deletion_scheduled", "warning" },
};

void warnings_clear(struct warnings *w)
{
    cJSON_Delete(w->list);
    talloc_free(w->ctx);
    *w = (struct warnings){ 0 };
}

cJSON *warnings_take(struct warnings *w)
{
    cJSON *list = w->list != NULL ? w->list : mem_check(cJSON_CreateArray());
    w->list = NULL;
    return list;
}

cJSON *warnings_add(struct warnings *w, enum warning_code code, const char *fmt, ...)
{
    va_list ap;
    if (w->list == NULL) {
        w->list = mem_check(cJSON_CreateArray());
    }
    if (cJSON_GetArraySize(w->list) >= WARNINGS_MAX) {
        return NULL;
    }
    va_start(ap, fmt);
    char *detail = mem_check(talloc_vasprintf(NULL, fmt, ap));
    va_end(ap);
    cJSON *warning = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddStringToObject(warning, "code", kinds[code].code));
    mem_check(cJSON_AddStringToObject(warning, "severity", kinds[code].severity));
    mem_check(cJSON_AddStringToObject(warning, "detail", detail));
    cJSON_AddItemToArray(w->list, warning);
    talloc_free(detail);
    return warning;
}

bool warnings_changes(const struct change *c, const char *column)
{
    return c->old == NULL || !row_same(json_get(c->old, column), json_get(c->now, column));
}

/* ---- answering ---- */

/* The codes, each once. */
static char *codes_of(const struct warnings *w)
{
    char *codes = mem_strdup(NULL, "");
    for (unsigned i = 0; i < WARNING_CODES; i++) {
        const cJSON *warning = w->list->child;
        while (warning != NULL && strcmp(json_get_string(warning, "code"), kinds[i].code) != 0) {
            warning = warning->next;
        }
        if (warning != NULL) {
            codes = mem_check(
                talloc_asprintf_append_buffer(codes, "%s%s", codes[0] != '\0' ? ", " : "", kinds[i].code));
        }
    }
    return codes;
}

void warnings_answer(const struct warnings *w, struct response *response)
{
    if (w->list == NULL) {
        return;
    }
    char *codes = codes_of(w);
    response_header(response, "X-Balrog-Warnings", str_of(codes));
    talloc_free(codes);
}
