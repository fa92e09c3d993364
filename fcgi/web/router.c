/* A route is found by trying them all: there are at most a few hundred, and what is frequent does not come
 * here. Among those that fit, the one that is the more literal further left wins. */
#include "web/router.h"

#include "core/percent.h"

#include <assert.h>
#include <stdio.h>

/* ---- query parameters ---- */

/* S decoded as forms are, owned by CTX. */
static struct str decode_form(void *ctx, struct str s)
{
    char *out = mem_check(talloc_size(ctx, s.n + 1));
    return (struct str){ out, percent_decode(out, s, true) };
}

/* The next non-empty piece of the query string *REST as a name and a value, owned by CTX. */
static bool next_arg(void *ctx, struct str *rest, struct str *name, struct str *value)
{
    struct str piece;
    while (str_split(rest, '&', &piece)) {
        if (piece.n > 0) {
            struct str key;
            str_split(&piece, '=', &key);
            *name = decode_form(ctx, key);
            *value = str_absent(piece) ? STR("") : decode_form(ctx, piece);
            return true;
        }
    }
    return false;
}

/* ---- patterns ---- */

/* What a segment of a pattern is, in the order in which routes are preferred. */
enum segment { SEGMENT_LITERAL, SEGMENT_INT, SEGMENT_ANY };

static enum segment segment_kind(struct str pattern)
{
    if (!str_starts(pattern, STR("{"))) {
        return SEGMENT_LITERAL;
    }
    return str_ends(pattern, STR(":int}")) ? SEGMENT_INT : SEGMENT_ANY;
}

static bool segment_fits(struct str pattern, struct str segment)
{
    switch (segment_kind(pattern)) {
    case SEGMENT_LITERAL:
        return str_eq(pattern, segment);
    case SEGMENT_INT:
        for (size_t i = 0; i < segment.n; i++) {
            if (segment.p[i] < '0' || segment.p[i] > '9') {
                return false;
            }
        }
        return segment.n > 0;
    default:
        return segment.n > 0;
    }
}

static bool pattern_fits(const char *pattern, struct str path, struct str param[ROUTE_PARAMS_MAX])
{
    struct str rest = str_of(pattern), part, segment;
    size_t n = 0;
    while (str_split(&rest, '/', &part)) {
        if (!str_split(&path, '/', &segment) || !segment_fits(part, segment)) {
            return false;
        }
        if (segment_kind(part) != SEGMENT_LITERAL) {
            assert(n < ROUTE_PARAMS_MAX);
            param[n++] = segment;
        }
    }
    return str_absent(path);
}

/* Whether pattern A goes before B; both fit the same path. */
static bool goes_before(const char *a, const char *b)
{
    struct str rest_a = str_of(a), rest_b = str_of(b), x, y;
    while (str_split(&rest_a, '/', &x) && str_split(&rest_b, '/', &y)) {
        if (segment_kind(x) != segment_kind(y)) {
            return segment_kind(x) < segment_kind(y);
        }
    }
    return false;
}

/* ---- answering ---- */

/* GET brings HEAD and OPTIONS with it, any other method OPTIONS. */
static unsigned all_methods(const struct route *route)
{
    return route->methods | METHOD_OPTIONS | (route->methods & METHOD_GET ? METHOD_HEAD : 0);
}

static void add_allow(struct response *response, unsigned methods)
{
    static const struct {
        enum method method;
        const char *name;
    } names[] = {
        { METHOD_GET, "GET" },         { METHOD_HEAD, "HEAD" },     { METHOD_POST, "POST" },
        { METHOD_PUT, "PUT" },         { METHOD_DELETE, "DELETE" }, { METHOD_PATCH, "PATCH" },
        { METHOD_OPTIONS, "OPTIONS" },
    };
    char allow[64] = "";
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (methods & names[i].method) {
            size_t used = strlen(allow);
            snprintf(allow + used, sizeof allow - used, "%s%s", used > 0 ? ", " : "", names[i].name);
        }
    }
    response_header(response, "Allow", str_of(allow));
}

static bool knows_arg(const struct route *route, struct str name)
{
    struct str rest = str_of(route->args), known;
    while (str_split(&rest, ' ', &known)) {
        if (known.n > 0 && str_eq(known, name)) {
            return true;
        }
    }
    return false;
}

/* Answers a 400 and returns false when the request has query parameters that ROUTE does not know. */
static bool check_args(const struct route *route, struct call *call)
{
    struct str rest = call->request->args, name, value;
    char *extra = NULL;
    while (route->args != NULL && next_arg(call->ctx, &rest, &name, &value)) {
        if (!knows_arg(route, name)) {
            extra = extra == NULL ? mem_printf(call->ctx, "%.*s", STR_ARG(name))
                                  : mem_check(talloc_asprintf_append_buffer(extra, ", %.*s", STR_ARG(name)));
        }
    }
    if (extra != NULL) {
        char *detail = mem_printf(call->ctx, "Extra query parameter(s) %s not in spec", extra);
        response_problem(call->response, 400, NULL, detail, NULL);
    }
    return extra == NULL;
}

static void answer_route(const struct route *route, unsigned methods, struct call *call)
{
    if (call->request->method == METHOD_OPTIONS) {
        add_allow(call->response, methods);
        response_text(call->response, 200, "text/html; charset=utf-8", STR(""));
    } else if ((all_methods(route) & call->request->method) == 0) {
        add_allow(call->response, methods);
        response_problem(call->response, 405, "Method Not Allowed",
                         "The method is not allowed for the requested URL.", NULL);
    } else if (check_args(route, call)) {
        call->route = route;
        route->handle(call);
    }
}

const struct route *router_dispatch(const struct route *routes, size_t n, struct call *call)
{
    char *text = mem_check(talloc_size(call->ctx, call->request->path.n + 1));
    struct str path =
        percent_one_leading_slash((struct str){ text, percent_decode_path(text, call->request->path) });
    const struct route *best = NULL;
    bool best_takes = false;
    unsigned methods = 0;
    for (size_t i = 0; i < n; i++) {
        struct str param[ROUTE_PARAMS_MAX] = { STR_NONE };
        if (!pattern_fits(routes[i].pattern, path, param)) {
            continue;
        }
        bool takes = (all_methods(&routes[i]) & call->request->method) != 0;
        methods |= all_methods(&routes[i]);
        if (best == NULL || (takes && !best_takes) ||
            (takes == best_takes && goes_before(routes[i].pattern, best->pattern))) {
            best = &routes[i];
            best_takes = takes;
            memcpy(call->param, param, sizeof param);
        }
    }
    if (best != NULL) {
        answer_route(best, methods, call);
    }
    return best;
}

unsigned router_methods(const struct route *routes, size_t n, struct str path)
{
    unsigned methods = 0;
    for (size_t i = 0; i < n; i++) {
        struct str param[ROUTE_PARAMS_MAX] = { STR_NONE };
        methods |= pattern_fits(routes[i].pattern, path, param) ? all_methods(&routes[i]) : 0;
    }
    return methods;
}

bool router_check_path(const struct request *request, struct response *response)
{
    if (percent_is_unambiguous(request->path)) {
        return true;
    }
    response_problem(
        response, 400, http_reason(400),
        "A path must not have the segments '.' and '..', nor escaped slashes (%2F) or NULs (%00). "
        "Send the path that is meant.",
        NULL);
    return false;
}

struct str call_arg(struct call *call, const char *name)
{
    struct str rest = call->request->args, key, value;
    while (next_arg(call->ctx, &rest, &key, &value)) {
        if (str_eq(key, str_of(name))) {
            return value;
        }
    }
    return STR_NONE;
}

unsigned call_arg_count(struct call *call, const char *name)
{
    struct str rest = call->request->args, key, value;
    unsigned n = 0;
    while (next_arg(call->ctx, &rest, &key, &value)) {
        n += str_eq(key, str_of(name));
    }
    return n;
}
