/* GET /releases: what is in the v1 table. (reference: views/releases.py, web/common/releases.py) */
#include "admin/releases_v1.h"

#include "admin/rows.h"
#include "ops/log.h"
#include "store/release.h"
#include "store/release_list.h"

/* ---- lists ---- */

bool releases_v1_list(struct admin_call *call, struct error *e)
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

bool releases_v1_get_column(struct admin_call *call, struct error *e)
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

/* Answers with DOC. MISSING is the detail of the 404 if there is none. */
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

bool releases_v1_get(struct admin_call *call, struct error *e)
{
    struct release_doc doc;
    bool pretty = admin_arg(call, "pretty").n > 0;
    const char *missing = mem_printf(call->ctx, "Release name: %.*s not found", STR_ARG(call->param[0]));
    return release_read(call->tx->db, call->ctx, call->param[0], &doc, e) &&
           answer_doc(call, &doc, pretty ? JSON_PRETTY : JSON_DUMPS_SORTED, missing);
}

bool releases_v1_get_locale(struct admin_call *call, struct error *e)
{
    struct release_doc doc;
    const struct str *p = call->param;
    const char *missing = mem_printf(call->ctx, "[\"Couldn't find locale identified by: %.*s, %.*s, %.*s\"]",
                                     STR_ARG(p[0]), STR_ARG(p[1]), STR_ARG(p[2]));
    return release_read_locale(call->tx->db, call->ctx, p[0], p[1], p[2], &doc, e) &&
           answer_doc(call, &doc, JSON_DUMPS, missing);
}

bool releases_v1_get_read_only(struct admin_call *call, struct error *e)
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

bool releases_v1_get_writable_signoffs(struct admin_call *call, struct error *e)
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
