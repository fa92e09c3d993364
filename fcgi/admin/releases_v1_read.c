/* /releases: what is in the v1 table, and the routes. (reference: views/releases.py, web/common/releases.py)
 */
#include "admin/releases_v1.h"

#include "admin/routes.h"
#include "admin/rows.h"
#include "ops/log.h"
#include "store/release.h"
#include "store/release_list.h"

/* ---- lists ---- */

static const struct body_field list_args[] = {
    { "product", FIELD_STRING | FIELD_NULL, .format = FORMAT_ASCII },
    { "name_prefix", FIELD_STRING | FIELD_NULL, .format = FORMAT_ASCII },
    { "names_only", .types = FIELD_STRING | FIELD_NULL },
    { 0 },
};

static bool list_releases(struct admin_call *call, struct error *e)
{
    struct buf *body = &call->response->body;
    const struct release_filter filter = { admin_arg(call, "product"), admin_arg(call, "name_prefix") };
    bool names = admin_arg(call, "names_only").n > 0;
    buf_str(body, names ? STR("{\"names\":") : STR("{\"releases\":"));
    if (!(names ? release_list_names_v1 : release_list_print_v1)(call->tx, &filter, body, e)) {
        return false;
    }
    buf_lit(body, "}\n");
    call->response->status = 200;
    call->response->content_type = "application/json";
    return true;
}

static const struct body_field column_params[] = {
    { "column", FIELD_STRING, FORMAT_ASCII, .max = 50 },
    { 0 },
};

static bool get_column(struct admin_call *call, struct error *e)
{
    cJSON *values;
    const struct column *c = table_has(&table_releases, admin_text(call, call->param[0]));
    if (c == NULL || (c->flags & COLUMN_BIG) != 0) {
        return admin_problem(call, 404, "Not Found", "Requested column does not exist", NULL);
    }
    return rows_distinct(call, &table_releases, c, &values, e) &&
           rows_answer(call, c->name, values, cJSON_GetArraySize(values));
}

/* ---- one release ---- */

/* Answers with what was read of a release; MISSING is the detail of the 404. */
static bool answer_doc(struct admin_call *call, const struct release_doc *doc, enum json_style style,
                       const char *missing)
{
    if (doc->state == RELEASE_BROKEN) {
        log_write(LOG_ERROR, "api.broken_release", call->request->id, "%.*s: %s", STR_ARG(call->param[0]),
                  doc->why.what);
        missing = mem_printf(call->ctx, "What is stored of release %.*s is not valid JSON: %s",
                             STR_ARG(call->param[0]), doc->why.what);
    }
    if (doc->state != RELEASE_FOUND) {
        return admin_problem_plain(call, 404, "Not Found", missing, NULL);
    }
    if (doc->has_version) {
        admin_data_version(call, doc->data_version);
    }
    call->response->status = 200;
    call->response->content_type = "application/json";
    json_print(&call->response->body, doc->json, style);
    return true;
}

static const struct body_field get_args[] = {
    { "pretty", .types = FIELD_STRING | FIELD_NULL },
    { 0 },
};

static bool get_release(struct admin_call *call, struct error *e)
{
    struct release_doc doc;
    bool pretty = admin_arg(call, "pretty").n > 0;
    const char *missing = mem_printf(call->ctx, "Release name: %.*s not found", STR_ARG(call->param[0]));
    return release_read(call->tx->db, call->ctx, call->param[0], &doc, e) &&
           answer_doc(call, &doc, pretty ? JSON_PRETTY : JSON_DUMPS_SORTED, missing);
}

static bool get_locale(struct admin_call *call, struct error *e)
{
    struct release_doc doc;
    const struct str *p = call->param;
    const char *missing = mem_printf(call->ctx, "[\"Couldn't find locale identified by: %.*s, %.*s, %.*s\"]",
                                     STR_ARG(p[0]), STR_ARG(p[1]), STR_ARG(p[2]));
    return release_read_locale(call->tx->db, call->ctx, p[0], p[1], p[2], &doc, e) &&
           answer_doc(call, &doc, JSON_DUMPS, missing);
}

static bool get_read_only(struct admin_call *call, struct error *e)
{
    cJSON *row;
    const char *name = admin_text(call, call->param[0]);
    if (!releases_v1_find(call, name, ROW_PLAIN, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return releases_v1_missing(call, name);
    }
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddBoolToObject(answer, "read_only", row_true(row, "read_only")));
    return admin_json(call, answer);
}

static bool get_writable_signoffs(struct admin_call *call, struct error *e)
{
    cJSON *row, *needs = signoff_needs_new(call->tx);
    const char *name = admin_text(call, call->param[0]);
    if (!releases_v1_find(call, name, ROW_PLAIN, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return releases_v1_missing(call, name);
    }
    if (!signoff_need_product(call->tx, row_text(row, "product"), NULL, needs, e)) {
        return false;
    }
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    cJSON_AddItemReferenceToObject(answer, "required_signoffs", needs);
    return admin_json(call, answer);
}

/* ---- routes ---- */

static const struct body_field name_params[] = {
    { "release", FIELD_STRING, FORMAT_ASCII, .max = 100 },
    { 0 },
};

static const struct body_field locale_params[] = {
    { "release", FIELD_STRING, FORMAT_ASCII, .max = 100 },
    { "platform", FIELD_STRING, .format = FORMAT_ASCII },
    { "locale", FIELD_STRING, .format = FORMAT_ASCII },
    { 0 },
};

static const struct body_field delete_args[] = {
    { "data_version", FIELD_INT, .required = true, .min = 1 },
    { 0 },
};

static const struct admin_route routes[] = {
    { METHOD_GET, "/releases", list_releases, ADMIN_ANYONE, "releases_get", .args = list_args },
    { METHOD_POST, "/releases", releases_v1_create, ADMIN_USER, "releases_create",
      .body = releases_v1_fields },
    { METHOD_GET, "/releases/columns/{column}", get_column, ADMIN_ANYONE, "releases_get_single_column",
      .params = column_params },
    { METHOD_GET, "/releases/{release}", get_release, ADMIN_ANYONE, "releases_get_release", .args = get_args,
      .params = name_params },
    { METHOD_PUT, "/releases/{release}", releases_v1_ensure, ADMIN_USER, "releases_ensure",
      .body = releases_v1_fields, .params = name_params },
    { METHOD_POST, "/releases/{release}", releases_v1_update, ADMIN_USER, "releases_update",
      .body = releases_v1_part_fields, .params = name_params },
    { METHOD_DELETE, "/releases/{release}", releases_v1_delete, ADMIN_USER, "releases_delete",
      .args = delete_args, .params = name_params },
    { METHOD_GET, "/releases/{release}/read_only", get_read_only, ADMIN_ANYONE, "releases_get_read_only",
      .params = name_params },
    { METHOD_GET, "/releases/{release}/servable", releases_servable_get, ADMIN_ANYONE,
      "releases_get_servable", .params = name_params },
    { METHOD_PUT, "/releases/{release}/read_only", releases_v1_put_read_only, ADMIN_USER,
      "releases_update_read_only", .body = releases_v1_read_only_fields, .params = name_params },
    { METHOD_GET, "/releases/{release}/read_only/product/required_signoffs", get_writable_signoffs,
      ADMIN_ANYONE, "releases_get_read_only_product_required_signoffs", .params = name_params },
    { METHOD_GET, "/releases/{release}/builds/{platform}/{locale}", get_locale, ADMIN_ANYONE,
      "releases_get_single_locale", .params = locale_params },
    { METHOD_PUT, "/releases/{release}/builds/{platform}/{locale}", releases_v1_put_locale, ADMIN_USER,
      "releases_ensure_single_locale", .body = releases_v1_part_fields, .params = locale_params },
};
const struct admin_routes releases_v1_routes = ADMIN_ROUTES(routes);
