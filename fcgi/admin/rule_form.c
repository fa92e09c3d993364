/* See rule_form.h. */
#include "admin/rule_form.h"

#include "admin/release_rows.h"

cJSON *rule_form(struct admin_call *call, const char *except)
{
    cJSON *sent = admin_columns(call, call->route->body, except);
    cJSON *what = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    for (const struct body_field *f = call->route->body; f->name != NULL; f++) {
        const cJSON *value = json_get(sent, f->name);
        if (value != NULL) {
            cJSON_AddItemToObject(what, f->name, body_column(f, value));
        }
    }
    return what;
}

/* ---- mappings ---- */

/* Checks that COLUMN of WHAT, if it is set, names a release that exists in one table only. The release stays
 * until the transaction ends. */
static bool names_release(struct admin_call *call, const cJSON *what, const char *column, struct error *e)
{
    struct release_rows rows;
    const char *name = row_text(what, column);
    if (name == NULL) {
        return true;
    }
    if (!release_rows_read(call->tx, name, &rows, e)) {
        return false;
    }
    const char *detail = mem_printf(call->ctx, "Invalid %s value. No release name found in DB", column);
    if (rows.v1 != NULL && rows.v2 != NULL) {
        detail =
            mem_printf(call->ctx,
                       "Invalid %s value. Release '%s' is there twice, as a v1 and as a v2 release: delete "
                       "the v1 one, which is not served",
                       column, name);
    }
    return (rows.v1 != NULL) != (rows.v2 != NULL) || admin_problem(call, 400, "Bad Request", detail, NULL);
}

bool rule_form_maps(struct admin_call *call, const cJSON *what, bool required, struct error *e)
{
    if (row_text(what, "mapping") == NULL && (required || body_has(what, "mapping"))) {
        return admin_problem(call, 400, "Bad Request", "mapping value cannot be set to null/empty", NULL);
    }
    return names_release(call, what, "mapping", e) && names_release(call, what, "fallbackMapping", e);
}
