/* HTTP as a FastCGI program sees it: a request that nginx has parsed, and a response. */
#ifndef BALROG_WEB_HTTP_H
#define BALROG_WEB_HTTP_H

#include "core/buf.h"
#include "core/error.h"

enum method {
    METHOD_OTHER = 0,
    METHOD_GET = 1,
    METHOD_HEAD = 2,
    METHOD_POST = 4,
    METHOD_PUT = 8,
    METHOD_DELETE = 16,
    METHOD_OPTIONS = 32,
    METHOD_PATCH = 64,
};

struct request {
    enum method method;
    struct str method_name;
    struct str uri;     /* REQUEST_URI as nginx got it: path?query, percent-encoded; "" when missing */
    struct str path;    /* the part of uri before '?', still encoded */
    struct str args;    /* the part behind '?', still encoded; absent without '?' */
    struct str id;      /* nginx's $request_id, sent as REQUEST_ID; "" when it sends none */
    const void *params; /* for request_param() */
    void *input;        /* for request_body() */
    int gathered;       /* a file in memory that the request is in; -1: none */
    void *worker;       /* for server_may_wait() */
};

/* A FastCGI parameter ("HTTP_USER_AGENT", "REMOTE_USER"), absent when nginx sent none. Valid until the
 * response is sent. */
struct str request_param(const struct request *r, const char *name);

/* The method called NAME; METHOD_OTHER for an unknown one. */
enum method request_method(struct str name);

/* Reads the body of R and appends it to OUT, whose maximum bounds it. False with a 413 in E when it is
 * longer, with a 400 when it ends too early. Once a request. */
bool request_body(const struct request *r, struct buf *out, struct error *e);

enum { RESPONSE_BODY_MAX = 64 << 20 };

struct response {
    int status;
    const char *content_type; /* NULL: no such header */
    struct buf head;          /* header lines, each ending in CR LF */
    struct buf body;
    void (*sent)(void *arg); /* called once the response was sent, or could not be sent; may be NULL */
    void *sent_arg;
};

/* Empties R, as handlers get it: without a status. */
void response_reset(struct response *r);
/* Adds a header. CR and LF in the value become spaces. */
void response_header(struct response *r, const char *name, struct str value);
void response_header_int(struct response *r, const char *name, int64_t value);
/* Sets status, content type and body. TEXT is copied, and replaces what was in the body. */
void response_text(struct response *r, int status, const char *content_type, struct str text);
/* application/problem+json as connexion writes it: {"detail", "status", "title", "type": "about:blank"} and
 * EXCEPTION unless NULL, then a newline. TITLE NULL prints null. */
void response_problem(struct response *r, int status, const char *title, const char *detail,
                      const char *exception);
/* The reason phrase: "Not Found" for 404. */
const char *http_reason(int status);
/* The status of an answer to a request that failed with an error of KIND. */
int http_status_of(enum error_kind kind);
/* S with &, < and > as entities (Python's html.escape(quote=False)). */
void http_escape_html(struct buf *out, struct str s);

#endif
