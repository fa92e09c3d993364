/* The helpers around requests and responses. What is read here of a request has come whole; server.c reads
 * from and writes to connections. */
#include "web/http.h"

#include "core/json.h"
#include "core/mem.h"
#include "ops/log.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { BODY_CHUNK = 16 << 10 }; /* a request's body is read in pieces of this size */

struct str request_param(const struct request *r, const char *name)
{
    /* FCGX_GetParam() only reads; libfcgi knows no const. */
    char **params = (char **)(uintptr_t)r->params;
    return str_of(FCGX_GetParam(name, params));
}

enum method request_method(struct str name)
{
    static const struct {
        struct str name;
        enum method method;
    } methods[] = {
        { { "GET", 3 }, METHOD_GET },       { { "HEAD", 4 }, METHOD_HEAD },
        { { "POST", 4 }, METHOD_POST },     { { "PUT", 3 }, METHOD_PUT },
        { { "DELETE", 6 }, METHOD_DELETE }, { { "OPTIONS", 7 }, METHOD_OPTIONS },
        { { "PATCH", 5 }, METHOD_PATCH },
    };
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (str_eq(methods[i].name, name)) {
            return methods[i].method;
        }
    }
    return METHOD_OTHER;
}

bool request_body(const struct request *r, struct buf *out, struct error *e)
{
    struct str length = request_param(r, "CONTENT_LENGTH");
    size_t wanted = str_absent(length) ? 0 : strtoul(length.p, NULL, 10);
    if (wanted > out->max - out->n) {
        return error_set(e, ERROR_TOO_LARGE, "The body is longer than %zu bytes", out->max);
    }
    buf_reserve(out, wanted);
    char chunk[BODY_CHUNK];
    size_t got = 0;
    for (int n; (n = FCGX_GetStr(chunk, sizeof chunk, r->input)) > 0; got += (size_t)n) {
        buf_bytes(out, chunk, (size_t)n);
        if (out->full) {
            return error_set(e, ERROR_TOO_LARGE, "The body is longer than %zu bytes", out->max);
        }
    }
    if (r->gathered >= 0 && ftruncate(r->gathered, 0) != 0) {
        log_error("http.body", "a request stays in memory: ftruncate: %s", strerror(errno));
    }
    return got >= wanted ||
           error_set(e, ERROR_BAD_REQUEST, "The body ended after %zu of %zu bytes", got, wanted);
}

void response_reset(struct response *r)
{
    r->status = 0;
    r->content_type = NULL;
    buf_reset(&r->head);
    buf_reset(&r->body);
}

void response_header(struct response *r, const char *name, struct str value)
{
    buf_str(&r->head, str_of(name));
    buf_lit(&r->head, ": ");
    size_t from = r->head.n;
    buf_str(&r->head, value);
    for (size_t i = from; i < r->head.n; i++) {
        if (r->head.p[i] == '\r' || r->head.p[i] == '\n') {
            r->head.p[i] = ' ';
        }
    }
    buf_lit(&r->head, "\r\n");
}

void response_header_int(struct response *r, const char *name, int64_t value)
{
    buf_str(&r->head, str_of(name));
    buf_lit(&r->head, ": ");
    buf_int(&r->head, value);
    buf_lit(&r->head, "\r\n");
}

void response_text(struct response *r, int status, const char *content_type, struct str text)
{
    r->status = status;
    r->content_type = content_type;
    buf_reset(&r->body);
    buf_str(&r->body, text);
}

static void print_member(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "  \"%s\": ", name);
    if (value != NULL) {
        json_print_string(out, str_of(value));
    } else {
        buf_lit(out, "null");
    }
    buf_lit(out, ",\n");
}

void response_problem(struct response *r, int status, const char *title, const char *detail,
                      const char *exception)
{
    struct buf *out = &r->body;
    r->status = status;
    r->content_type = "application/problem+json";
    buf_reset(out);
    buf_lit(out, "{\n");
    print_member(out, "detail", detail);
    if (exception != NULL) {
        print_member(out, "exception", exception);
    }
    buf_printf(out, "  \"status\": %d,\n", status);
    print_member(out, "title", title);
    buf_lit(out, "  \"type\": \"about:blank\"\n}\n");
}

const char *http_reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 204, "No Content" },
        { 301, "Moved Permanently" },
        { 302, "Found" },
        { 303, "See Other" },
        { 304, "Not Modified" },
        { 307, "Temporary Redirect" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 406, "Not Acceptable" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 411, "Length Required" },
        { 412, "Precondition Failed" },
        { 413, "Request Entity Too Large" },
        { 414, "Request-URI Too Long" },
        { 415, "Unsupported Media Type" },
        { 422, "Unprocessable Entity" },
        { 429, "Too Many Requests" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
    };
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Unknown";
}

int http_status_of(enum error_kind kind)
{
    switch (kind) {
    case ERROR_BAD_REQUEST:
        return 400;
    case ERROR_FORBIDDEN:
        return 403;
    case ERROR_NOT_FOUND:
        return 404;
    case ERROR_TOO_LARGE:
        return 413;
    case ERROR_MEDIA_TYPE:
        return 415;
    case ERROR_UPSTREAM:
        return 502;
    case ERROR_UNAVAILABLE:
        return 503;
    case ERROR_NONE:
    case ERROR_INTERNAL:
        break;
    }
    return 500;
}

void http_escape_html(struct buf *out, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '&':
            buf_lit(out, "&amp;");
            break;
        case '<':
            buf_lit(out, "&lt;");
            break;
        case '>':
            buf_lit(out, "&gt;");
            break;
        default:
            buf_char(out, s.p[i]);
        }
    }
}
