/* An HTTP client, over libcurl, for the few services that a program uses. Everything has a timeout, an answer
 * has a maximum size, redirects are not followed, and only http and https are allowed. */
#ifndef BALROG_WEB_CLIENT_H
#define BALROG_WEB_CLIENT_H

#include "core/buf.h"
#include "core/error.h"

#include <stdatomic.h>

/* The parts of a URL, in the form in which Hawk signs them. */
struct client_url {
    char host[256]; /* lower case, an IPv6 address without its brackets */
    unsigned port;  /* if the URL has none: the scheme's default */
    char path[512]; /* "" or "/…", without slashes at its end */
};

/* Splits URL into its parts. Returns false, with the reason in E, if it is not an http or https URL, or if it
 * has a user or password (which would get into logs), a query or a fragment. */
bool client_url_parse(const char *url, struct client_url *out, struct error *e);

/* Whether URL leads to this machine, so that nobody can read on the way what is sent. */
bool client_url_is_local(const struct client_url *url);

/* A request to be sent. */
struct client_request {
    const char *url;
    const char *method;         /* NULL: GET, or POST if there is a body */
    const char *const *headers; /* "Name: value" */
    size_t n_headers;
    struct str body;
    const char *ca_file; /* PEM certificates of the authorities for https; NULL: the system's */
    unsigned connect_timeout_ms;
    unsigned timeout_ms;     /* for the whole exchange, connecting included */
    const atomic_bool *stop; /* once it is true, the exchange is aborted within about a second; may be NULL */
};

/* The `reason` of an error if nothing was sent because there was no connection. It differs from all reasons
 * in store/fail.h. */
enum { CLIENT_UNREACHABLE = 100 };

/* Sends P, appends the body of the answer to BODY, whose maximum limits its size, and sets *STATUS to the
 * answer's status, whatever it is. Returns false if there was no complete answer: E says why, and quotes
 * neither headers nor bodies, which may hold secrets. Any thread may call this. */
bool client_send(const struct client_request *p, struct buf *body, int *status, struct error *e);

#endif
