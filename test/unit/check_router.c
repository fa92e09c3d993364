/* The route table: which route a path goes to, and what is answered without a handler. */
#include "suite.h"
#include "web/router.h"

#include <stdio.h>

static struct request request;
static struct response response;
static struct call call;
static char handled[64];

static void note(const char *name)
{
    snprintf(handled, sizeof handled, "%s", name);
}

static void handle_list(struct call *c)
{
    (void)c;
    note("list");
}

static void handle_one(struct call *c)
{
    (void)c;
    note("one");
}

static void handle_write(struct call *c)
{
    (void)c;
    note("write");
}

static void handle_number(struct call *c)
{
    (void)c;
    note("number");
}

static void handle_history(struct call *c)
{
    (void)c;
    note("history");
}

static void handle_four(struct call *c)
{
    (void)c;
    note("four");
}

static void handle_open(struct call *c)
{
    (void)c;
    note("open");
}

/* The general before the special, so that it is not the order that decides. */
static const struct route routes[] = {
    { METHOD_GET, "/things/{name}", "pretty", handle_one, "one" },
    { METHOD_PUT | METHOD_DELETE, "/things/{name}", "", handle_write, "write" },
    { METHOD_GET, "/things/{id:int}", "", handle_number, "number" },
    { METHOD_GET, "/things/history", "page limit", handle_history, "history" },
    { METHOD_GET, "/things", "product", handle_list, "list" },
    { METHOD_GET, "/{a}/{b}/{c}/{d}", "", handle_four, "four" },
    { METHOD_GET, "/robots.txt", NULL, handle_open, "open" },
};

static void setup(void)
{
    buf_init(&response.head, 0, 4096);
    buf_init(&response.body, 0, 65536);
}

static void teardown(void)
{
    buf_free(&response.head);
    buf_free(&response.body);
    talloc_free(call.ctx);
    call.ctx = NULL;
}

/* Sends a request; the metric's name of the route that was found, or "none". */
static const char *send_bytes(enum method method, struct str path, struct str args)
{
    talloc_free(call.ctx);
    buf_reset(&response.head);
    buf_reset(&response.body);
    response.status = 0;
    response.content_type = NULL;
    handled[0] = '\0';
    request = (struct request){ .method = method, .path = path, .args = args };
    call = (struct call){ .ctx = talloc_new(NULL), .request = &request, .response = &response };
    const struct route *route = router_dispatch(routes, ARRAY_LEN(routes), &call);
    return route != NULL ? route->metric : "none";
}

static const char *send(enum method method, const char *path, const char *args)
{
    return send_bytes(method, str_of(path), str_of(args));
}

static void expect_route(const char *path, const char *metric)
{
    ck_assert_str_eq(send(METHOD_GET, path, NULL), metric);
    ck_assert_str_eq(handled, strcmp(metric, "none") == 0 ? "" : metric);
}

static void expect_param(unsigned i, struct str text)
{
    ck_assert_uint_eq(call.param[i].n, text.n);
    ck_assert_mem_eq(call.param[i].p, text.p, text.n);
}

static void expect_head(const char *text)
{
    ck_assert_uint_eq(response.head.n, strlen(text));
    ck_assert_mem_eq(response.head.p, text, response.head.n);
}

static void expect_body(const char *part)
{
    ck_assert(str_contains(buf_view(&response.body), str_of(part)));
}

START_TEST(the_more_literal_wins)
{
    expect_route("/things", "list");
    expect_route("/things/history", "history");
    expect_route("/things/12", "number");
    expect_route("/things/12a", "one");
    expect_route("/things/-1", "one");
    expect_route("/things/histor", "one");
    expect_route("/a/b/c/d", "four");
}
END_TEST

START_TEST(nothing_fits)
{
    expect_route("/", "none");
    expect_route("", "none");
    expect_route("/thing", "none");
    expect_route("/things/", "none");
    expect_route("///", "none");
    expect_route("/things//history", "none");
    expect_route("/a/b/c", "none");
    expect_route("/a/b/c/d/e", "none");
    expect_route("/a/b/c/", "none");
    expect_route("things", "none");
    ck_assert_int_eq(response.status, 0);
    ck_assert_uint_eq(response.head.n + response.body.n, 0);
}
END_TEST

START_TEST(of_slashes_in_front_one_counts)
{
    expect_route("//things", "list");
    expect_route("/////things/history", "history");
    expect_route("/%2Fthings", "list");
}
END_TEST

START_TEST(methods_of_a_path)
{
    const size_t n = ARRAY_LEN(routes);
    ck_assert_uint_eq(router_methods(routes, n, STR("/things")), METHOD_GET | METHOD_HEAD | METHOD_OPTIONS);
    ck_assert_uint_eq(router_methods(routes, n, STR("/things/x")),
                      METHOD_GET | METHOD_HEAD | METHOD_OPTIONS | METHOD_PUT | METHOD_DELETE);
    ck_assert_uint_eq(router_methods(routes, n, STR("//things")), 0);
}
END_TEST

START_TEST(parameters_are_decoded)
{
    expect_route("/things/a%20b+c", "one");
    expect_param(0, STR("a b+c"));
    ck_assert(str_absent(call.param[1]));
    expect_route("/%61/b%2fc/%C3%A9%00x", "four");
    expect_param(0, STR("a"));
    expect_param(2, STR("c"));
    expect_param(3, STR("\xc3\xa9\0x"));
    expect_route("/%74hings", "list");
    expect_route("/things/50%", "one");
    expect_param(0, STR("50%"));
    expect_route("/things/%zz", "one");
    expect_param(0, STR("%zz"));
}
END_TEST

START_TEST(methods)
{
    ck_assert_str_eq(send(METHOD_HEAD, "/things", NULL), "list");
    ck_assert_str_eq(handled, "list");
    ck_assert_str_eq(send(METHOD_PUT, "/things/a", NULL), "write");
    ck_assert_str_eq(handled, "write");
    /* The special route does not take it, the general one does. */
    ck_assert_str_eq(send(METHOD_DELETE, "/things/history", NULL), "write");
    expect_param(0, STR("history"));
}
END_TEST

START_TEST(wrong_method)
{
    ck_assert_str_eq(send(METHOD_POST, "/things", NULL), "list");
    ck_assert_str_eq(handled, "");
    ck_assert_int_eq(response.status, 405);
    ck_assert_str_eq(response.content_type, "application/problem+json");
    expect_head("Allow: GET, HEAD, OPTIONS\r\n");
    ck_assert_str_eq(send(METHOD_OTHER, "/things/a", NULL), "one");
    ck_assert_int_eq(response.status, 405);
    expect_head("Allow: GET, HEAD, PUT, DELETE, OPTIONS\r\n");
    ck_assert_str_eq(send(METHOD_POST, "/nothing", NULL), "none");
}
END_TEST

START_TEST(options)
{
    ck_assert_str_eq(send(METHOD_OPTIONS, "/things/history", "any=1"), "history");
    ck_assert_str_eq(handled, "");
    ck_assert_int_eq(response.status, 200);
    ck_assert_uint_eq(response.body.n, 0);
    expect_head("Allow: GET, HEAD, PUT, DELETE, OPTIONS\r\n");
}
END_TEST

START_TEST(unknown_query_parameters)
{
    ck_assert_str_eq(send(METHOD_GET, "/things", "product=a&x=1&&pro%64uct=b&y"), "list");
    ck_assert_str_eq(handled, "");
    ck_assert_int_eq(response.status, 400);
    expect_body("\"Extra query parameter(s) x, y not in spec\"");
    expect_body("\"title\": null");
    send(METHOD_GET, "/things", "=1");
    ck_assert_int_eq(response.status, 400);
    send(METHOD_GET, "/things", "products=1");
    ck_assert_int_eq(response.status, 400);
    send(METHOD_GET, "/things/history", "limit=1&page=2&");
    ck_assert_str_eq(handled, "history");
    send(METHOD_GET, "/robots.txt", "anything=1");
    ck_assert_str_eq(handled, "open");
    send(METHOD_GET, "/things", "");
    ck_assert_str_eq(handled, "list");
}
END_TEST

START_TEST(thousands_of_query_parameters)
{
    struct buf args;
    buf_init(&args, 0, 1 << 20);
    for (int i = 0; i < 5000; i++) {
        buf_printf(&args, "p%d=%d&", i, i);
    }
    ck_assert_str_eq(send_bytes(METHOD_GET, STR("/things"), buf_view(&args)), "list");
    ck_assert_int_eq(response.status, 400);
    ck_assert(!response.body.full);
    buf_free(&args);
}
END_TEST

START_TEST(query_parameters)
{
    send(METHOD_GET, "/things", "product=a+b%2Bc%00&product=second");
    ck_assert(str_eq(call_arg(&call, "product"), STR("a b+c\0")));
    ck_assert(str_absent(call_arg(&call, "prod")));
    send(METHOD_GET, "/things", "product");
    ck_assert(str_eq(call_arg(&call, "product"), STR("")));
    send(METHOD_GET, "/things", "product==1");
    ck_assert(str_eq(call_arg(&call, "product"), STR("=1")));
    send(METHOD_GET, "/things", NULL);
    ck_assert(str_absent(call_arg(&call, "product")));
}
END_TEST

SUITE_MAIN_WITH("router", setup, teardown, the_more_literal_wins, nothing_fits,
                of_slashes_in_front_one_counts, methods_of_a_path, parameters_are_decoded, methods,
                wrong_method, options, unknown_query_parameters, thousands_of_query_parameters,
                query_parameters)
