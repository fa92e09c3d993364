/* libfcgi collects 8 KB of what is written, so that head, body and the end of the request leave in one write
 * up to about 8100 bytes; a longer response takes a write for each 8 KB. */
#include "web/exchange.h"

#include "ops/log.h"

#include <unistd.h>

static struct str param_or_empty(const struct request *r, const char *name)
{
    struct str value = request_param(r, name);
    return str_absent(value) ? STR("") : value;
}

struct request exchange_request(const FCGX_Request *fcgi, int gathered, void *worker)
{
    struct request r = { .params = fcgi->envp, .input = fcgi->in, .gathered = gathered, .worker = worker };
    r.method_name = param_or_empty(&r, "REQUEST_METHOD");
    r.method = request_method(r.method_name);
    r.uri = param_or_empty(&r, "REQUEST_URI");
    r.id = param_or_empty(&r, "REQUEST_ID");
    r.args = r.uri;
    str_split(&r.args, '?', &r.path);
    return r;
}

void exchange_repair(struct response *response, const struct request *r)
{
    const char *why = response->status == 0                        ? "no status was set"
                      : response->head.full || response->body.full ? "it is too long"
                                                                   : NULL;
    if (why != NULL) {
        log_write(LOG_ERROR, "server.response", r->id, "the response to %.*s was lost: %s", STR_ARG(r->uri),
                  why);
        response_reset(response);
        response_text(response, 500, "text/plain; charset=utf-8", STR("Internal Server Error"));
    }
}

static void put_buffer(FCGX_Request *fcgi, const struct buf *b)
{
    if (b->n > 0) {
        FCGX_PutStr(b->p, (int)b->n, fcgi->out);
    }
}

void exchange_send(FCGX_Request *fcgi, struct buf *head, const struct response *response, enum method method)
{
    bool bodiless = response->status < 200 || response->status == 204 || response->status == 304;
    buf_reset(head);
    buf_lit(head, "Status: ");
    buf_int(head, response->status);
    buf_char(head, ' ');
    buf_str(head, str_of(http_reason(response->status)));
    if (response->content_type != NULL) {
        buf_lit(head, "\r\nContent-Type: ");
        buf_str(head, str_of(response->content_type));
    }
    if (!bodiless) {
        buf_lit(head, "\r\nContent-Length: ");
        buf_int(head, (int64_t)response->body.n);
    }
    buf_lit(head, "\r\n");
    buf_str(head, buf_view(&response->head));
    buf_lit(head, "\r\n");
    put_buffer(fcgi, head);
    if (!bodiless && method != METHOD_HEAD) {
        put_buffer(fcgi, &response->body);
    }
}

/* What the handler left of the request's body: libfcgi would take it for the connection's next request. */
static void discard_input(FCGX_Request *fcgi)
{
    char rest[8192];
    while (FCGX_GetStr(rest, sizeof rest, fcgi->in) == (int)sizeof rest) {
    }
}

bool exchange_begin(FCGX_Request *fcgi, int *gathered, int *socket)
{
    *socket = fcgi->ipcFd;
    if (*gathered >= 0) {
        fcgi->ipcFd = *gathered;
    }
    if (FCGX_Accept_r(fcgi) == 0) {
        return true;
    }
    if (*gathered >= 0) {
        *gathered = -1; /* libfcgi has closed it */
        fcgi->ipcFd = *socket;
    }
    return false;
}

void exchange_end_input(FCGX_Request *fcgi, int *gathered, int socket)
{
    discard_input(fcgi);
    if (*gathered >= 0) {
        close(*gathered);
        *gathered = -1;
        fcgi->ipcFd = socket;
    }
}
