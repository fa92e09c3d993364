/* The HTTP client against a listener that answers with whatever bytes a test wants. */
#include "core/mem.h"
#include "web/client.h"

#include <arpa/inet.h>
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct listener {
    int fd;
    char url[64];
    const char *answer; /* NULL: never answers */
    char got[4096];
    atomic_int connections;
    pthread_t thread;
};

static bool ends_here(const char *got)
{
    return strstr(got, "the body") != NULL ||
           (strncmp(got, "GET ", 4) == 0 && strstr(got, "\r\n\r\n") != NULL);
}

static void *serve_one(void *arg)
{
    struct listener *l = arg;
    int fd = accept(l->fd, NULL, NULL);
    if (fd < 0) {
        return NULL;
    }
    atomic_fetch_add(&l->connections, 1);
    size_t n = 0;
    ssize_t more;
    while (n + 1 < sizeof l->got && !ends_here(l->got) &&
           (more = read(fd, l->got + n, sizeof l->got - 1 - n)) > 0) {
        n += (size_t)more;
        l->got[n] = '\0';
    }
    if (l->answer != NULL) {
        ck_assert(write(fd, l->answer, strlen(l->answer)) == (ssize_t)strlen(l->answer));
    } else {
        char c;
        ck_assert(read(fd, &c, 1) <= 0);
    }
    close(fd);
    return NULL;
}

static void listener_start(struct listener *l, const char *answer)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    *l = (struct listener){ .fd = socket(AF_INET, SOCK_STREAM, 0), .answer = answer };
    ck_assert(bind(l->fd, (struct sockaddr *)&a, n) == 0 && listen(l->fd, 4) == 0);
    ck_assert(getsockname(l->fd, (struct sockaddr *)&a, &n) == 0);
    snprintf(l->url, sizeof l->url, "http://127.0.0.1:%u/a", (unsigned)ntohs(a.sin_port));
    ck_assert(pthread_create(&l->thread, NULL, serve_one, l) == 0);
}

static void listener_stop(struct listener *l)
{
    shutdown(l->fd, SHUT_RDWR);
    pthread_join(l->thread, NULL);
    close(l->fd);
}

static bool post(const char *url, const char *header, size_t max, unsigned ms, const atomic_bool *stop,
                 struct buf *body, int *status, struct error *e)
{
    struct client_request p = {
        .url = url,
        .headers = &header,
        .n_headers = 1,
        .body = STR("the body"),
        .connect_timeout_ms = ms,
        .timeout_ms = ms,
        .stop = stop,
    };
    buf_init(body, 0, max);
    *status = 0;
    return client_send(&p, body, status, e);
}

START_TEST(posts_headers_and_body)
{
    struct listener l;
    struct buf body;
    struct error e;
    int status;
    listener_start(&l, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok");
    ck_assert(post(l.url, "X-One: 1", 100, 5000, NULL, &body, &status, &e));
    listener_stop(&l);
    ck_assert_int_eq(status, 201);
    ck_assert(str_eq(buf_view(&body), STR("ok")));
    ck_assert_ptr_nonnull(strstr(l.got, "POST /a HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(l.got, "\r\nX-One: 1\r\n"));
    ck_assert_ptr_nonnull(strstr(l.got, "\r\n\r\nthe body"));
    buf_free(&body);
}
END_TEST

START_TEST(gets_without_a_body)
{
    struct listener l;
    struct buf body;
    struct error e;
    int status = 0;
    const char *header = "Authorization: Bearer x";
    listener_start(&l, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    struct client_request get = { .url = l.url, .headers = &header, .n_headers = 1, .timeout_ms = 5000 };
    buf_init(&body, 0, 100);
    ck_assert(client_send(&get, &body, &status, &e));
    listener_stop(&l);
    ck_assert_int_eq(status, 200);
    ck_assert(str_eq(buf_view(&body), STR("ok")));
    ck_assert_ptr_nonnull(strstr(l.got, "GET /a HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(l.got, "\r\nAuthorization: Bearer x\r\n"));
    ck_assert_ptr_null(strstr(l.got, "Content-Length"));
    buf_free(&body);
}
END_TEST

START_TEST(sends_other_methods)
{
    struct listener l;
    struct buf body;
    struct error e;
    int status = 0;
    listener_start(&l, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    struct client_request put = {
        .url = l.url, .method = "PUT", .body = STR("the body"), .timeout_ms = 5000
    };
    buf_init(&body, 0, 100);
    ck_assert(client_send(&put, &body, &status, &e));
    listener_stop(&l);
    ck_assert_ptr_nonnull(strstr(l.got, "PUT /a HTTP/1.1\r\n"));
    ck_assert_ptr_nonnull(strstr(l.got, "\r\n\r\nthe body"));
    buf_free(&body);
}
END_TEST

START_TEST(tells_that_nothing_was_sent)
{
    struct listener l;
    struct buf body;
    struct error e;
    int status;
    listener_start(&l, NULL);
    ck_assert(!post(l.url, "X-One: 1", 100, 300, NULL, &body, &status, &e));
    ck_assert_int_eq(e.reason, 0); /* it was sent, and not answered */
    listener_stop(&l);
    buf_free(&body);
    ck_assert(!post(l.url, "X-One: 1", 100, 300, NULL, &body, &status, &e)); /* nobody listens any more */
    ck_assert_int_eq(e.reason, CLIENT_UNREACHABLE);
    buf_free(&body);
    ck_assert(!post("http://nowhere.invalid/", "X-One: 1", 100, 2000, NULL, &body, &status, &e));
    ck_assert_int_eq(e.reason, CLIENT_UNREACHABLE);
    buf_free(&body);
}
END_TEST

START_TEST(follows_no_redirect)
{
    struct listener l;
    struct buf body;
    struct error e;
    int status;
    listener_start(&l, "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    ck_assert(post(l.url, "X-One: 1", 100, 5000, NULL, &body, &status, &e));
    listener_stop(&l);
    ck_assert_int_eq(status, 302);
    ck_assert_int_eq(l.connections, 1);
    buf_free(&body);
}
END_TEST

START_TEST(bounds_the_answer)
{
    struct listener l;
    struct buf body;
    struct error e;
    int status;
    listener_start(&l, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n12345678901");
    ck_assert(!post(l.url, "X-One: 1", 10, 5000, NULL, &body, &status, &e));
    listener_stop(&l);
    ck_assert_str_eq(e.what, "the answer is longer than 10 bytes");
    buf_free(&body);
}
END_TEST

START_TEST(half_an_answer_is_none)
{
    struct listener l;
    struct buf body;
    struct error e;
    int status;
    listener_start(&l, "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n123");
    ck_assert(!post(l.url, "X-One: 1", 100, 5000, NULL, &body, &status, &e));
    listener_stop(&l);
    buf_free(&body);
}
END_TEST

START_TEST(gives_up_in_time)
{
    struct listener l;
    struct buf body;
    struct error e;
    int status;
    listener_start(&l, NULL);
    time_t before = time(NULL);
    ck_assert(!post(l.url, "X-One: 1", 100, 200, NULL, &body, &status, &e));
    ck_assert_int_lt(time(NULL) - before, 3);
    listener_stop(&l);
    ck_assert_int_eq(e.kind, ERROR_UNAVAILABLE);
    buf_free(&body);
}
END_TEST

START_TEST(stops_when_told)
{
    struct listener l;
    struct buf body;
    struct error e;
    int status;
    atomic_bool stop = true;
    listener_start(&l, NULL);
    time_t before = time(NULL);
    ck_assert(!post(l.url, "X-One: 1", 100, 20000, &stop, &body, &status, &e));
    ck_assert_int_lt(time(NULL) - before, 5);
    listener_stop(&l);
    buf_free(&body);
}
END_TEST

START_TEST(refuses_other_schemes_and_split_headers)
{
    struct buf body;
    struct error e;
    int status;
    ck_assert(!post("file:///etc/hostname", "X-One: 1", 100, 1000, NULL, &body, &status, &e));
    ck_assert_uint_eq(body.n, 0);
    buf_free(&body);
    ck_assert(!post("http://127.0.0.1:1/", "X-One: 1\r\nX-Two: 2", 100, 1000, NULL, &body, &status, &e));
    ck_assert_str_eq(e.what, "a header to be sent holds a control character");
    buf_free(&body);
}
END_TEST

START_TEST(takes_urls_apart)
{
    struct client_url u;
    struct error e;
    ck_assert(client_url_parse("https://Autograph.Example.COM", &u, &e));
    ck_assert_str_eq(u.host, "autograph.example.com");
    ck_assert_uint_eq(u.port, 443);
    ck_assert_str_eq(u.path, "");
    ck_assert(client_url_parse("http://h/base//", &u, &e));
    ck_assert_uint_eq(u.port, 80);
    ck_assert_str_eq(u.path, "/base");
    ck_assert(client_url_parse("http://[::1]:8000/", &u, &e));
    ck_assert_str_eq(u.host, "::1");
    ck_assert_uint_eq(u.port, 8000);
    const char *const wrong[] = { "",
                                  "h",
                                  "ftp://h/",
                                  "file:///etc/passwd",
                                  "http://user@h/",
                                  "http://user:secret@h/",
                                  "http://h/?a=1",
                                  "http://h/#a" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        ck_assert_msg(!client_url_parse(wrong[i], &u, &e), "%s", wrong[i]);
        ck_assert_ptr_null(strstr(e.what, "secret"));
    }
}
END_TEST

int main(void)
{
    setenv("no_proxy", "*", 1);
    Suite *suite = suite_create("client");
    TCase *tc = tcase_create("client");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, posts_headers_and_body);
    tcase_add_test(tc, gets_without_a_body);
    tcase_add_test(tc, sends_other_methods);
    tcase_add_test(tc, tells_that_nothing_was_sent);
    tcase_add_test(tc, follows_no_redirect);
    tcase_add_test(tc, bounds_the_answer);
    tcase_add_test(tc, half_an_answer_is_none);
    tcase_add_test(tc, gives_up_in_time);
    tcase_add_test(tc, stops_when_told);
    tcase_add_test(tc, refuses_other_schemes_and_split_headers);
    tcase_add_test(tc, takes_urls_apart);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
