/* Routes as a table: read a program's table and you know its API. The fast paths (/update, /json) do not come
 * through here. */
#ifndef BALROG_WEB_ROUTER_H
#define BALROG_WEB_ROUTER_H

#include "core/mem.h"
#include "web/http.h"

enum { ROUTE_PARAMS_MAX = 4 };

/* One request on its way through a handler. */
struct call {
    void *app; /* the program's own */
    void *ctx; /* talloc context that goes with the request */
    const struct request *request;
    struct response *response;
    struct str param[ROUTE_PARAMS_MAX]; /* what the pattern's {…} matched, decoded, in their order */
    const struct route *route;          /* the one whose handler runs */
};

struct route {
    unsigned methods;    /* METHOD_GET | …; GET brings HEAD and OPTIONS with it */
    const char *pattern; /* "/api/v1/rules/{rule_id:int}/revisions": {name} one segment, {name:int} one of
                            digits only */
    const char *args;    /* the query parameters that it knows, separated by spaces; any other name is a 400.
                            NULL: all pass */
    void (*handle)(struct call *call);
    const char *metric; /* name of the endpoint in metrics */
};

/* Finds the route of CALL's request among the N in ROUTES and answers it: calls the handler, or answers
 * OPTIONS (200 with Allow), a wrong method (405 problem with Allow) or an unknown query parameter (400
 * problem, "Extra query parameter(s) a, b not in spec") itself. The path is percent-decoded before it is
 * split, so %2F separates, and of several slashes in front one counts, as in the reference; empty segments
 * match nothing. Of the routes that fit and take the method, the one whose pattern is literal (or, failing
 * that, {…:int}) at the first segment where two differ is taken, whatever the table's order. Allow lists the
 * methods of all that fit. Returns the route, or NULL where no pattern fits: nothing is answered then. */
const struct route *router_dispatch(const struct route *routes, size_t n, struct call *call);

/* Which methods, METHOD_GET | …, the routes take whose pattern PATH (decoded) fits; 0: none fits. */
unsigned router_methods(const struct route *routes, size_t n, struct str path);

/* Answers a 400 problem and returns false where REQUEST's path is not one that nginx and this program are
 * sure to read alike, see percent_is_unambiguous(). For sites where nginx decides by the path who may ask. No
 * name in a path may hold a slash or a NUL, so none is lost. */
bool router_check_path(const struct request *request, struct response *response);

/* A query parameter of CALL's request, decoded, owned by call->ctx; absent when it is not given. Of several
 * of one name the first one counts. */
struct str call_arg(struct call *call, const char *name);

#endif
