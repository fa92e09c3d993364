/* Requests and responses: what web/http.h promises. */
#include "suite.h"
#include "web/etag.h"
#include "web/http.h"

static struct response response;

static void setup(void)
{
    buf_free(&response.head);
    buf_free(&response.body);
    response = (struct response){ 0 };
    buf_init(&response.head, 0, 4096);
    buf_init(&response.body, 0, 4096);
}

static void expect(const struct buf *b, const char *text)
{
    ck_assert_int_eq((int)b->n, (int)strlen(text));
    ck_assert_mem_eq(b->p, text, b->n);
}

START_TEST(header_lines)
{
    setup();
    response_header_int(&response, "Rule-ID", 12);
    response_header_int(&response, "Lowest", INT64_MIN);
    response_header_int(&response, "Highest", INT64_MAX);
    response_header_int(&response, "None", 0);
    response_header(&response, "Allow", str_of("GET\r\nEvil: 1"));
    expect(&response.head, "Rule-ID: 12\r\nLowest: -9223372036854775808\r\nHighest: 9223372036854775807\r\n"
                           "None: 0\r\nAllow: GET  Evil: 1\r\n");
}
END_TEST

START_TEST(long_header)
{
    setup();
    char value[2001];
    memset(value, 'v', 2000);
    value[1999] = '\n';
    value[2000] = '\0';
    response_header(&response, "X", str_of(value));
    ck_assert_int_eq((int)response.head.n, 3 + 2000 + 2);
    ck_assert_mem_eq(response.head.p + 2000, "vv \r\n", 5);
    response_header(&response, "Y", str_of(value));
    ck_assert(!response.head.full);
    response_header(&response, "Z", str_of(value));
    ck_assert(response.head.full);
}
END_TEST

START_TEST(text_replaces_the_body)
{
    setup();
    buf_lit(&response.body, "half an answer");
    response_text(&response, 404, "text/plain", STR("no"));
    ck_assert_int_eq(response.status, 404);
    ck_assert_str_eq(response.content_type, "text/plain");
    expect(&response.body, "no");
}
END_TEST

START_TEST(problem)
{
    setup();
    response_problem(&response, 400, "Bad Request", "Extra \"query\" <é>", NULL);
    ck_assert_int_eq(response.status, 400);
    ck_assert_str_eq(response.content_type, "application/problem+json");
    expect(&response.body, "{\n  \"detail\": \"Extra \\\"query\\\" <\\u00e9>\",\n  \"status\": 400,\n"
                           "  \"title\": \"Bad Request\",\n  \"type\": \"about:blank\"\n}\n");
    response_problem(&response, 403, NULL, "no", "why");
    expect(&response.body, "{\n  \"detail\": \"no\",\n  \"exception\": \"why\",\n  \"status\": 403,\n"
                           "  \"title\": null,\n  \"type\": \"about:blank\"\n}\n");
}
END_TEST

START_TEST(reasons)
{
    ck_assert_str_eq(http_reason(200), "OK");
    ck_assert_str_eq(http_reason(404), "Not Found");
    ck_assert_str_eq(http_reason(799), "Unknown");
}
END_TEST

START_TEST(escaping)
{
    setup();
    http_escape_html(&response.body, STR("<a href=\"x\">&amp;'"));
    expect(&response.body, "&lt;a href=\"x\"&gt;&amp;amp;'");
}
END_TEST

START_TEST(params)
{
    char *list[] = { "A=1", "AB=", "HTTP_HOST=a=b", NULL };
    struct request r = { .params = list };
    ck_assert(str_eq(request_param(&r, "A"), STR("1")));
    ck_assert(str_eq(request_param(&r, "AB"), STR("")));
    ck_assert(str_eq(request_param(&r, "HTTP_HOST"), STR("a=b")));
    ck_assert(str_absent(request_param(&r, "HTTP")));
}
END_TEST

START_TEST(tags_are_found_in_lists)
{
    static const struct {
        const char *list;
        bool matches;
    } cases[] = {
        { "\"a\"", true },
        { "W/\"a\"", true },
        { "  \"b\" , W/\"x,\" ,, \"a\" ", true },
        { "*", true },
        { " * ", true },
        { "\"b\"", false },
        { "\"A\"", false },
        { "a", false },
        { "\"a", false },
        { "W/a", false },
        { "w/\"a\"", false },
        { "\"b\" \"a\"", false },
        { "junk, \"a\"", false },
        { "\"b\", *", false },
        { ",", false },
        { "", false },
        { "\"", false },
        { "W/", false },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert_msg(etag_matches(str_of(cases[i].list), STR("\"a\"")) == cases[i].matches, "%s",
                      cases[i].list);
    }
    ck_assert(!etag_matches(STR_NONE, STR("\"a\"")));
}
END_TEST

/* Answers a request of METHOD with BODY and STATUS. HELD is its If-None-Match. Returns the status that is
 * sent. */
static int answer_tagged(enum method method, int status, const char *body, const char *held)
{
    char param[200];
    char *environment[] = { param, NULL };
    struct request request = { .method = method, .params = environment };
    snprintf(param, sizeof param, "HTTP_IF_NONE_MATCH=%s", held);
    setup();
    response_text(&response, status, "text/plain", str_of(body));
    etag_answer(&request, &response);
    return response.status;
}

START_TEST(tags_follow_bodies)
{
    const char *one = "\"ba7816bf8f01cfea414140de5dae2223\""; /* from sha256sum */
    ck_assert_int_eq(answer_tagged(METHOD_GET, 200, "abc", "\"x\""), 200);
    expect(&response.head, "ETag: \"ba7816bf8f01cfea414140de5dae2223\"\r\n");
    expect(&response.body, "abc");
    ck_assert_int_eq(answer_tagged(METHOD_GET, 200, "abc", one), 304);
    expect(&response.head, "ETag: \"ba7816bf8f01cfea414140de5dae2223\"\r\n");
    ck_assert_uint_eq(response.body.n, 0);
    ck_assert_ptr_null(response.content_type);
    ck_assert_int_eq(answer_tagged(METHOD_HEAD, 200, "abc", "*"), 304);
    ck_assert_int_eq(answer_tagged(METHOD_GET, 200, "abd", one), 200);
    ck_assert_int_eq(answer_tagged(METHOD_GET, 200, "", "\"x\""), 200);
    ck_assert_int_eq(answer_tagged(METHOD_POST, 200, "abc", one), 200);
    ck_assert_uint_eq(response.head.n, 0);
    ck_assert_int_eq(answer_tagged(METHOD_GET, 404, "abc", "*"), 404);
    ck_assert_uint_eq(response.head.n, 0);
}
END_TEST

SUITE_MAIN("http", header_lines, long_header, text_replaces_the_body, problem, reasons, escaping, params,
           tags_are_found_in_lists, tags_follow_bodies)
