/* See warnings.h. */
#include "admin/warnings.h"

#include "admin/release_rows.h"
#include "admin/resources.h"
#include "admin/warnings_releases.h"
#include "admin/warnings_rules.h"

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
    if (n->resource == &emergency_shutoffs_resource || n->resource == &partial_stops_resource) {
        return true;
    }
    find_merged(n, w);
    if (n->change.type == CHANGE_DELETE || n->how == NOTED_MERGED) {
        return true;
    }
    if (n->resource != &pinnable_releases_resource && n->resource != &rules_resource) {
        return true;
    }
    if (w->ctx == NULL) {
        w->ctx = mem_check(talloc_new(NULL));
    }
    return find_product(call, n, "mapping", w, e) && find_product(call, n, "fallbackMapping", w, e) &&
           (n->resource != &rules_resource || warnings_find_rule(call, n, w, e)) &&
           warnings_find_releases(call, n, w, e);
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
