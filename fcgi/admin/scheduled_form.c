/* See scheduled_form.h. (reference: views/permissions.py, views/required_signoffs.py) */
#include "admin/scheduled_form.h"

static bool is_nothing(const cJSON *value)
{
    if (value == NULL) {
        return true;
    }
    bool holds = cJSON_IsObject(value) || cJSON_IsArray(value);
    return (holds && value->child == NULL) || (cJSON_IsString(value) && value->valuestring[0] == '\0');
}

cJSON *scheduled_form_options(const cJSON *text)
{
    struct error e;
    bool given = cJSON_IsString(text) && !is_nothing(text);
    cJSON *options = given ? json_parse(str_of(text->valuestring), &e) : NULL;
    if (!is_nothing(options)) {
        return options;
    }
    cJSON_Delete(options);
    return mem_check(cJSON_CreateNull());
}

/* VALUE of the field F as it is scheduled. An empty text stays one, as in the reference. */
static cJSON *column_value(const struct body_field *f, const cJSON *value)
{
    bool is_json = f->format == FORMAT_JSON_STRING && cJSON_IsString(value) && value->valuestring[0] != '\0';
    return is_json ? scheduled_form_options(value) : body_column(f, value);
}

/* The columns in the body that the table of the route lists, but for those in EXCEPT. */
static cJSON *take_columns(struct admin_call *call, const char *except)
{
    cJSON *what = admin_columns(call, call->route->body, except);
    for (const struct body_field *f = call->route->body; f->name != NULL; f++) {
        const cJSON *value = json_get(what, f->name);
        if (value != NULL) {
            cJSON_ReplaceItemInObjectCaseSensitive(what, f->name, column_value(f, value));
        }
    }
    return what;
}

/* Checks that WHAT has the number NAME, not null and not 0. Refuses the call if not. */
static bool need_number(struct admin_call *call, const cJSON *what, const char *name)
{
    const char *exception = mem_printf(call->ctx, "%s is missing", name);
    return row_int(what, name) != 0 || admin_problem(call, 400, "Bad Request", "Missing field", exception);
}

static bool is_type(const char *type, const char *name)
{
    return type != NULL && strcmp(type, name) == 0;
}

bool scheduled_form_create(struct admin_call *call, const struct scheduled_form *form, struct error *e)
{
    const char *type = json_get_string(call->body, "change_type");
    const cJSON *what = take_columns(call, is_type(type, "insert") ? "data_version" : NULL);
    if (cJSON_IsNull(json_get(call->body, "when"))) {
        return admin_problem(call, 400, "Bad Request", form->needs_when, NULL);
    }
    if (body_has(call->body, "sc_id")) {
        return admin_problem(call, 400, "Bad Request", "sc_id cannot be set when scheduling a new change",
                             NULL);
    }
    return (form->required == NULL || is_type(type, "delete") || need_number(call, what, form->required)) &&
           (is_type(type, "insert") || need_number(call, what, "data_version")) &&
           scheduled_create(call, form->resource, what, e);
}

bool scheduled_form_edit(struct admin_call *call, const struct scheduled_form *form, struct error *e)
{
    cJSON *sc;
    if (!sc_get(call->tx, form->resource, admin_param_int(call, 0), ROW_LOCKED, &sc, e)) {
        return false;
    }
    if (sc == NULL) {
        return admin_problem(call, 404, "Not Found", "Unknown sc_id", form->unknown);
    }
    const char *type = row_text(sc, "change_type");
    const char *left_alone = is_type(type, "insert") ? "data_version"
                             : is_type(type, "update")
                                 ? form->keys
                                 : mem_printf(call->ctx, "%s %s", form->keys, form->columns);
    const cJSON *what = take_columns(call, left_alone);
    return (is_type(type, "insert") || need_number(call, what, "data_version")) &&
           scheduled_edit(call, form->resource, what, e);
}
