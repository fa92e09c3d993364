/* What handlers read and answer with. */
#include "admin/admin.h"

#include "admin/problem.h"
#include "core/python.h"
#include "explain/keeper.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEEPER_WAIT_MS = 100 };

/* ---- reading ---- */

static bool may_be_null(const struct admin_route *route, const char *name)
{
    for (const struct body_field *f = route->args; f != NULL && f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0) {
            return (f->types & FIELD_NULL) != 0;
        }
    }
    return false;
}

struct str admin_arg(struct admin_call *call, const char *name)
{
    struct str value = call_arg(call->http, name);
    return !str_absent(value) && may_be_null(call->route, name) && body_arg_is_null(value) ? STR_NONE : value;
}

bool admin_arg_int(struct admin_call *call, const char *name, int64_t *n)
{
    return body_arg_int(admin_arg(call, name), n);
}

int64_t admin_param_int(const struct admin_call *call, size_t i)
{
    char digits[32];
    struct str s = call->param[i];
    if (s.n >= sizeof digits) {
        return INT64_MAX;
    }
    memcpy(digits, s.p, s.n);
    digits[s.n] = '\0';
    return strtoll(digits, NULL, 10); /* INT64_MAX where it is too large */
}

const char *admin_text(struct admin_call *call, struct str s)
{
    return mem_strndup(call->ctx, s.p, s.n);
}

struct engine_settings admin_engine_settings(const struct config *config, const struct tx_site *site)
{
    return (struct engine_settings){
        .allowlist = site->allowlist,
        .force_hosts = config->update.special_force_hosts.item,
        .n_force_hosts = config->update.special_force_hosts.n,
    };
}

bool admin_enter_keeper(struct admin_call *call, struct keeper **entered, struct error *e)
{
    bool ok = keeper_enter(call->keeper, call->tx, KEEPER_WAIT_MS, e);
    *entered = ok ? call->keeper : NULL;
    return ok || e->kind == ERROR_NONE;
}

void admin_leave_keeper(struct keeper **entered)
{
    if (*entered != NULL) {
        keeper_leave(*entered);
        *entered = NULL;
    }
}

cJSON *admin_columns(struct admin_call *call, const struct body_field *fields, const char *except)
{
    cJSON *columns = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    for (const struct body_field *f = fields; f->name != NULL; f++) {
        const cJSON *value = json_get(call->body, f->name);
        if (value != NULL && !f->no_column && !body_is_word(except, str_of(f->name))) {
            cJSON_AddItemReferenceToObject(columns, f->name, (cJSON *)value);
        }
    }
    return columns;
}

/* ---- answering ---- */

bool admin_json(struct admin_call *call, const cJSON *value)
{
    call->response->status = 200;
    call->response->content_type = "application/json";
    json_print(&call->response->body, value, JSON_COMPACT);
    buf_char(&call->response->body, '\n');
    return true;
}

bool admin_dumps(struct admin_call *call, int status, const cJSON *value)
{
    call->response->status = status;
    call->response->content_type = "application/json";
    json_print(&call->response->body, value, JSON_DUMPS);
    return true;
}

bool admin_new_version(struct admin_call *call, int64_t data_version)
{
    call->response->status = 200;
    call->response->content_type = "application/json";
    buf_printf(&call->response->body, "{\"new_data_version\":%lld}\n", (long long)data_version);
    return true;
}

void admin_data_version(struct admin_call *call, int64_t data_version)
{
    response_header_int(call->response, "X-Data-Version", data_version);
}

bool admin_text_answer(struct admin_call *call, int status, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = mem_check(talloc_vasprintf(call->ctx, fmt, ap));
    va_end(ap);
    response_text(call->response, status, "text/html; charset=utf-8", str_of(text));
    return true;
}

/* ---- refusing ---- */

bool admin_problem(struct admin_call *call, int status, const char *title, const char *detail,
                   const char *exception)
{
    problem_text(call->response, status, title, detail, exception);
    return fail(call->error, FAIL_ANSWERED, "%s", detail);
}

bool admin_problem_list(struct admin_call *call, int status, const char *title, const char *detail,
                        const cJSON *exceptions)
{
    problem_json(call->response, status, title, detail, exceptions);
    return fail(call->error, FAIL_ANSWERED, "%s", detail);
}

bool admin_refuse_value(struct admin_call *call, const struct error *e)
{
    struct buf text;
    if (!failed_as(e, FAIL_INVALID)) {
        return false;
    }
    buf_init(&text, 0, 4 * sizeof e->what);
    buf_lit(&text, "(");
    python_repr_string(&text, str_of(e->what));
    buf_lit(&text, ",)");
    admin_problem(call, 400, "Bad Request", admin_text(call, buf_view(&text)), NULL);
    buf_free(&text);
    return false;
}

bool admin_refuse_sentence(struct admin_call *call, const struct error *e)
{
    /* E may be call->error, which admin_problem() overwrites. */
    return (failed_as(e, FAIL_INVALID) || failed_as(e, FAIL_OUTDATED)) &&
           admin_problem(call, 400, "Bad Request", mem_strdup(call->ctx, e->what), NULL);
}

bool admin_problem_plain(struct admin_call *call, int status, const char *title, const char *detail,
                         const char *exception)
{
    response_problem(call->response, status, title, detail, exception);
    return fail(call->error, FAIL_ANSWERED, "%s", detail);
}
