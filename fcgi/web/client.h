/* An HTTP client, over libcurl, for the few services that a program asks: everything has a timeout, an answer
 * has a maximum size, redirects are not followed, and nothing but http and https is spoken. */
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

/* Takes URL apart. Refused: what is no http or https URL, a user or password in it (it would show up in
 * logs), a query or a fragment. */
bool client_url_parse(const char *url, struct client_url *out, struct error *e);

/* Whether that is this machine: nothing that is sent there can be read on the way. */
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
