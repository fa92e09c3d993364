/* See warnings.h. */
#include "admin/warnings.h"

#include "admin/release_rows.h"
#include "admin/resources.h"

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
};

void warnings_clear(struct warnings *w)
{
    cJSON_Delete(w->list);
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

/* ---- changes of all kinds ---- */

static void find_merged(const struct noted_change *n, struct warnings *w)
{
    if (n->how == NOTED_MERGED) {
        cJSON *warning =
            warnings_add(w, WARN_COLLIDES,
                         "Scheduled change %lld is for the same row of %s: it takes over the new "
                         "values, and its sign-offs are dropped.",
                         (long long)n->sc_id, n->resource->table->name);
        if (warning != NULL) {
            mem_check(cJSON_AddNumberToObject(warning, "sc_id", (double)n->sc_id));
        }
    }
}

/* A rule or pin whose COLUMN names a release of another product. */
static bool find_product(struct admin_call *call, const struct noted_change *n, const char *column,
                         struct warnings *w, struct error *e)
{
    const struct change *c = &n->change;
    struct release_rows rows;
    const char *name = row_text(c->now, column), *product = row_text(c->now, "product");
    if (name == NULL || product == NULL ||
        (!warnings_changes(c, column) && !warnings_changes(c, "product"))) {
        return true;
    }
    if (!release_rows_read(call->tx, name, &rows, e)) {
        return false;
    }
    const char *other = row_text(release_rows_served(&rows), "product");
    if (other != NULL && strcmp(other, product) != 0) {
        cJSON *warning =
            warnings_add(w, WARN_PRODUCT_DIFFERS, "%s leads to '%s', a release of %s, not of %s.", column,
                         name, other, product);
        if (warning != NULL) {
            mem_check(cJSON_AddStringToObject(warning, "release", name));
        }
    }
    return true;
}

static bool find_change(struct admin_call *call, const struct noted_change *n, struct warnings *w,
                        struct error *e)
{
    if (n->resource == &emergency_shutoffs_resource) {
        return true;
    }
    find_merged(n, w);
    if (n->change.type == CHANGE_DELETE || n->how == NOTED_MERGED) {
        return true;
    }
    if (n->resource == &pinnable_releases_resource) {
        return find_product(call, n, "mapping", w, e);
    }
    return n->resource != &rules_resource ||
           (find_product(call, n, "mapping", w, e) && find_product(call, n, "fallbackMapping", w, e) &&
            warnings_find_rule(call, n, w, e));
}

/* ---- refusing ---- */

static bool is_refused(const struct config *config, const char *code)
{
    const struct config_list *list = &config->admin.refuse;
    for (size_t i = 0; i < list->n; i++) {
        if (str_eq(list->item[i], str_of(code))) {
            return true;
        }
    }
    return false;
}

/* Refuses CALL because of the first warning that the configuration refuses. */
static bool check_refused(struct admin_call *call, const struct warnings *w)
{
    for (const cJSON *warning = w->list != NULL ? w->list->child : NULL; warning != NULL;
         warning = warning->next) {
        const char *code = json_get_string(warning, "code");
        if (is_refused(call->config, code)) {
            const char *exception = mem_printf(
                call->ctx,
                "%s Changes like this are refused here ([admin] refuse = %s). Send it without what "
                "is wrong, or ask the operators to allow it.",
                json_get_string(warning, "detail"), code);
            return admin_problem(call, 400, "Bad Request", mem_printf(call->ctx, "Refused warning: %s", code),
                                 exception);
        }
    }
    return true;
}

bool warnings_find(struct admin_call *call, bool enacting, struct warnings *w, struct error *e)
{
    bool enacted = false;
    warnings_clear(w);
    for (const struct noted_change *n = noted_first(call->tx); n != NULL; n = n->next) {
        enacted |= n->how == NOTED_ENACTED;
        if ((n->how != NOTED_ENACTED || enacting) && !find_change(call, n, w, e)) {
            return false;
        }
    }
    return enacted || check_refused(call, w);
}

/* ---- answering ---- */

/* Adds the member `warnings` to the body, if it is that of a change that was made or scheduled. */
static void add_member(const struct warnings *w, struct response *response)
{
    struct error ignored;
    const char *type = response->content_type;
    if (type == NULL || strcmp(type, "application/json") != 0) {
        return;
    }
    cJSON *body = json_parse(buf_view(&response->body), &ignored);
    if (json_get(body, "sc_id") != NULL || json_get(body, "new_data_version") != NULL) {
        cJSON_AddItemReferenceToObject(body, "warnings", w->list);
        buf_reset(&response->body);
        json_print(&response->body, body, JSON_COMPACT);
        buf_char(&response->body, '\n');
    }
    cJSON_Delete(body);
}

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
    add_member(w, response);
}
