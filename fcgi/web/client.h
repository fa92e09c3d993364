/* An HTTP client, over libcurl, for the few services that a program uses. Everything has a timeout, an answer
 * has a maximum size, redirects are not followed, and only http and https are allowed. */
#ifndef BALROG_WEB_CLIENT_H
#define BALROG_WEB_CLIENT_H

#include "core/buf.h"
#include "core/error.h"

#include <stdatomic.h>

/* Where a URL leads, in the form in which Hawk signs it. */
struct client_url {
    char host[256]; /* lower case, an IPv6 address without its brackets */
    unsigned port;  /* the scheme's own when the URL names none */
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
    const char *method;         /* NULL: a GET, or a POST where there is a body */
    const char *const *headers; /* "Name: value" */
    size_t n_headers;
    struct str body;
    const char *ca_file; /* PEM certificates that a https server's must be signed by; NULL: the system's */
    unsigned connect_timeout_ms;
    unsigned timeout_ms;     /* for the whole exchange, connecting included */
    const atomic_bool *stop; /* unless NULL: once true, the exchange is given up within about a second */
};

/* The reason of an error (apart from those of store/fail.h): nothing was sent, since there is no connection.
 */
enum { CLIENT_UNREACHABLE = 100 };

/* Sends P and appends the answer's body to BODY, whose maximum bounds it; *STATUS is the answer's status,
 * whatever it is. False when there was no whole answer: E says why, and names neither headers nor bodies.
 * Safe from any thread. */
bool client_send(const struct client_request *p, struct buf *body, int *status, struct error *e);

#endif
