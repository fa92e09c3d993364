/* See problem.h. */
#include "admin/problem.h"

#include <stdio.h>

static void print_member(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "\"%s\": ", name);
    json_print_string(out, str_of(value));
    buf_lit(out, ", ");
}

void problem_json(struct response *r, int status, const char *title, const char *detail,
                  const cJSON *exception)
{
    struct buf *out = &r->body;
    r->status = status;
    r->content_type = "application/json";
    buf_reset(out);
    buf_lit(out, "{");
    print_member(out, "type", "about:blank");
    print_member(out, "title", title);
    print_member(out, "detail", detail);
    buf_printf(out, "\"status\": %d", status);
    if (exception != NULL) {
        buf_lit(out, ", \"exception\": ");
        json_print(out, exception, JSON_DUMPS);
    }
    buf_lit(out, "}");
}

void problem_text(struct response *r, int status, const char *title, const char *detail,
                  const char *exception)
{
    cJSON *text = exception != NULL ? mem_check(cJSON_CreateString(exception)) : NULL;
    problem_json(r, status, title, detail, text);
    cJSON_Delete(text);
}

static void answer_unavailable(struct response *r, const char *detail)
{
    response_header_int(r, "Retry-After", PROBLEM_RETRY_S);
    response_problem(r, 503, http_reason(503), detail, NULL);
}

/* A 400 whose exception begins with the method of the request, as in the reference. */
static void answer_refused_request(struct response *r, const struct request *request, const char *detail,
                                   const char *why, const char *more)
{
    char exception[640];
    snprintf(exception, sizeof exception, "Couldn't perform the request %.*s%s%s",
             STR_ARG(request->method_name), why, more);
    problem_text(r, 400, "Bad Request", detail, exception);
}

/* Errors that name no reason of store/fail.h. */
static void answer_other(struct response *r, const struct error *e)
{
    int status = http_status_of(e->kind);
    if (e->kind == ERROR_UNAVAILABLE) {
        answer_unavailable(r, "The service is not available now. Try again later.");
    } else if (status >= 400 && status < 500) {
        response_problem(r, status, http_reason(status), e->what, NULL);
    } else {
        problem_text(r, 500, "Internal Server Error", "Internal Server Error", NULL);
    }
}

void problem_of(struct response *r, const struct request *request, const struct error *e,
                const cJSON *blob_errors)
{
    char detail[128];
    switch ((enum fail)e->reason) {
    case FAIL_OUTDATED:
        answer_refused_request(r, request, "OutdatedDataError",
                               ". Outdated Data Version. old_data_version doesn't match current data_version",
                               "");
        break;
    case FAIL_MERGE:
        answer_refused_request(r, request, "UpdateMergeError",
                               " due to merge error. Is there a scheduled change that conflicts with yours?",
                               "");
        break;
    case FAIL_SCHEDULED:
        answer_refused_request(r, request, "ChangeScheduledError",
                               " due a conflict with a scheduled change. ", e->what);
        break;
    case FAIL_SIGNOFF:
        problem_text(r, 400, "Bad Request", "Signoff Required", e->what);
        break;
    case FAIL_EXPECTATION:
        problem_text(r, 400, "Bad Request", "Broken expectations", e->what);
        break;
    case FAIL_READ_ONLY:
        problem_text(r, 400, "Bad Request", "Read only", e->what);
        break;
    case FAIL_PERMISSION:
        problem_text(r, 403, "Forbidden", "Permission Denied", e->what);
        break;
    case FAIL_INVALID:
    case FAIL_DUPLICATE:
        problem_text(r, 400, "Bad Request", "Unknown error", e->what);
        break;
    case FAIL_BLOB:
        problem_json(r, 400, "Bad Request", "Invalid Blob", blob_errors);
        break;
    case FAIL_NOT_FOUND:
        problem_text(r, 404, "Not Found", e->what, NULL);
        break;
    case FAIL_DATABASE:
    case FAIL_LOCKED:
    case FAIL_FULL:
    case FAIL_CROWDED:
        snprintf(detail, sizeof detail, "%s Nothing was changed; try again later.", fail_unavailable(e));
        answer_unavailable(r, detail);
        break;
    case FAIL_BUSY:
        answer_unavailable(r, "Others changed the same. Nothing was changed; try again.");
        break;
    case FAIL_NO_PRIMARY:
    case FAIL_SCHEMA:
    case FAIL_UNKNOWN:
        answer_unavailable(r, e->what);
        break;
    case FAIL_ANSWERED: /* the response has been written */
        break;
    case FAIL_OTHER:
        answer_other(r, e);
        break;
    }
}

void problem_auth(struct response *r, enum auth_result result)
{
    char exception[256];
    if (result == AUTH_UNAVAILABLE) {
        answer_unavailable(r, "The token cannot be checked now. Try again later.");
        return;
    }
    snprintf(exception, sizeof exception, "Permission denied to perform the request. %s", auth_says(result));
    response_header(r, "WWW-Authenticate", STR("Bearer"));
    problem_text(r, 401, "Forbidden", "PermissionDeniedError", exception);
}
