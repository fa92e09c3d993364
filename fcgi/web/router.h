/* Routes requests by a table, which shows a program's whole API in one place. The fast paths (/update, /json)
 * do not use it. */
#ifndef BALROG_WEB_ROUTER_H
#define BALROG_WEB_ROUTER_H

#include "core/mem.h"
#include "web/http.h"

enum { ROUTE_PARAMS_MAX = 4 };

/* One request on its way through a handler. */
struct call {
    void *app; /* the program's own data */
    void *ctx; /* a talloc context that lives as long as the request */
    const struct request *request;
    struct response *response;
    struct str param[ROUTE_PARAMS_MAX]; /* the segments that the pattern's {…} matched, decoded, in order */
    const struct route *route;          /* the route whose handler runs */
};

struct route {
    unsigned methods;    /* METHOD_GET | …; GET brings HEAD and OPTIONS with it */
    const char *pattern; /* "/api/v1/rules/{rule_id:int}/revisions": {name} matches one segment, {name:int}
                            one that has digits only */
    const char *args;    /* the query parameters that it accepts, separated by spaces; any other one is a 400.
                            NULL: all are accepted */
    void (*handle)(struct call *call);
    const char *metric; /* name of the endpoint in metrics */
};

/* Finds the route of CALL's request among the N ROUTES and answers the request: calls the handler, or itself
 * answers OPTIONS (200 with Allow), a wrong method (405 problem with Allow) or an unknown query parameter
 * (400 problem, "Extra query parameter(s) a, b not in spec"). Returns the route, or NULL if no pattern
 * matches; the response is then untouched.
 *
 * As in the reference, the path is percent-decoded before it is split, so %2F separates segments, and several
 * slashes at the beginning count as one. Empty segments match nothing. If several routes match and accept the
 * method, the first segment where their patterns differ decides: a literal precedes {…:int}, which precedes
 * {…}. The order of the table does not matter. Allow lists the methods of all routes that match. */
const struct route *router_dispatch(const struct route *routes, size_t n, struct call *call);

/* The methods (METHOD_GET | …) of the routes whose pattern matches PATH (decoded); 0 if none matches. */
unsigned router_methods(const struct route *routes, size_t n, struct str path);

/* Answers a 400 problem and returns false if REQUEST's path is not one that nginx and this program are
 * sure to read alike, see percent_is_unambiguous(). For sites where nginx decides by the path who may ask. No
 * name in a path may hold a slash or a NUL, so none is lost. */
bool router_check_path(const struct request *request, struct response *response);

/* The query parameter NAME of CALL's request, decoded, owned by call->ctx; absent if it is not given. If it
 * is given several times, the first one counts. */
struct str call_arg(struct call *call, const char *name);
/* How often it is given. */
unsigned call_arg_count(struct call *call, const char *name);

#endif
