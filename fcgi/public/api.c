/* See api.h. */
#include "public/api.h"

#include "ops/log.h"
#include "store/fail.h"

#include <stdio.h>

enum {
    API_WAIT_MS = 2000,     /* for a database connection */
    API_BIG_WAIT_MS = 5000, /* for one of the few big answers */
};

bool api_read(struct call *call, bool (*work)(struct db *db, void *arg, struct error *e), void *arg)
{
    struct api *api = call->app;
    struct error e;
    if (pool_run(api->pool, API_WAIT_MS, work, arg, &e)) {
        return true;
    }
    log_write(LOG_ERROR, "api.database", call->request->id, "%.*s: %s", STR_ARG(call->request->path), e.what);
    response_header(call->response, "Retry-After", STR("5"));
    char detail[128];
    snprintf(detail, sizeof detail, "%s Try again later.", fail_unavailable(&e));
    response_problem(call->response, 503, http_reason(503), detail, NULL);
    return false;
}

bool api_enter_big(struct call *call)
{
    struct api *api = call->app;
    if (!gate_enter(api->big, API_BIG_WAIT_MS)) {
        response_header(call->response, "Retry-After", STR("5"));
        response_problem(call->response, 503, http_reason(503),
                         "Too many large answers are being made. Try again later.", NULL);
        return false;
    }
    call->response->sent = gate_leave;
    call->response->sent_arg = api->big;
    return true;
}

bool api_read_big(struct call *call, bool (*work)(struct db *db, void *arg, struct error *e), void *arg)
{
    return api_enter_big(call) && api_read(call, work, arg);
}

struct row_reading {
    const struct table_query *query;
    cJSON *row;
};

static bool read_row(struct db *db, void *arg, struct error *e)
{
    struct row_reading *r = arg;
    return table_get(db, r->query, &r->row, e);
}

bool api_read_row(struct call *call, const struct table_query *q, const cJSON **row)
{
    struct row_reading r = { .query = q };
    bool ok = api_read(call, read_row, &r);
    *row = json_keep(call->ctx, r.row);
    return ok;
}

bool api_check_ascii(struct call *call, const char *name, struct str value)
{
    for (size_t i = 0; i < value.n; i++) {
        if ((unsigned char)value.p[i] >= 0x80) {
            response_problem(call->response, 400, http_reason(400),
                             mem_printf(call->ctx, "%s: value must be ascii", name), NULL);
            return false;
        }
    }
    return true;
}

bool api_flag(struct call *call, const char *name)
{
    return call_arg(call, name).n > 0;
}

void api_json(struct call *call)
{
    call->response->status = 200;
    call->response->content_type = "application/json";
}

void api_respond_row(struct call *call, const cJSON *row, enum json_style style)
{
    int64_t data_version;
    json_int(json_get(row, "data_version"), INT64_MIN, INT64_MAX, &data_version);
    response_header_int(call->response, "X-Data-Version", data_version);
    api_json(call);
    json_print(&call->response->body, row, style);
}

struct rows_reading {
    const struct table_query *query;
    struct buf rows;
    size_t count;
};

static bool read_rows(struct db *db, void *arg, struct error *e)
{
    struct rows_reading *r = arg;
    buf_reset(&r->rows);
    return table_print(db, r->query, &r->rows, &r->count, e);
}

void api_respond_rows(struct call *call, const struct table_query *q, const char *name)
{
    struct rows_reading r = { .query = q };
    buf_init(&r.rows, 4096, RESPONSE_BODY_MAX);
    if (api_read_big(call, read_rows, &r)) {
        struct buf *body = &call->response->body;
        buf_printf(body, "{\"count\":%zu,\"%s\":", r.count, name);
        buf_str(body, buf_view(&r.rows));
        buf_lit(body, "}\n");
        body->full |= r.rows.full;
        api_json(call);
    }
    buf_free(&r.rows);
}

void api_not_found(struct call *call, const char *detail, const char *exception)
{
    response_problem(call->response, 404, http_reason(404), detail, exception);
}
