/* The FastCGI server: requests on kept-alive connections, whole, in part, and in disorder. */
#include "server_world.h"

START_TEST(one_connection_many_requests)
{
    start();
    int fd = dial();
    send_request(fd, true, "GET", STR("/a?b=c?d"), STR_NONE);
    expect_answer(fd, ANSWER("14", "/a|b=c?d|there"));
    send_request(fd, true, "GET", STR("/a?"), STR_NONE);
    expect_answer(fd, ANSWER("9", "/a||there"));
    send_request(fd, true, "HEAD", STR("/a"), STR_NONE);
    expect_answer(fd, ANSWER("10", ""));
    send_request(fd, true, "GET", STR("/none"), STR_NONE);
    expect_answer(fd, "Status: 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n"
                      "Content-Length: 21\r\n\r\nInternal Server Error");
    send_request(fd, true, "GET", STR("/empty"), STR_NONE);
    expect_answer(fd, "Status: 204 No Content\r\nContent-Type: text/plain\r\nX-Id: r1\r\n\r\n");
    send_request(fd, false, "GET", STR("/a"), STR_NONE);
    expect_answer(fd, ANSWER("10", "/a||absent"));
    expect_closed(fd);
    stop();
}
END_TEST

START_TEST(bodies_nobody_reads)
{
    static char body[60000];
    start();
    int fd = dial();
    for (int i = 0; i < 3; i++) {
        send_request(fd, true, "GET", STR("/a"), (struct str){ body, sizeof body });
        expect_answer(fd, ANSWER("10", "/a||absent"));
    }
    close(fd);
    stop();
}
END_TEST

START_TEST(bodies_are_read_and_bounded)
{
    static char body[60000];
    memset(body, 'x', sizeof body);
    start();
    int fd = dial();
    send_request(fd, true, "POST", STR("/body"), (struct str){ body, 50000 });
    expect_answer(fd, "Status: 200 OK\r\nContent-Length: 7\r\n\r\n50000|x");
    send_request(fd, true, "POST", STR("/body"), STR_NONE);
    expect_answer(fd, "Status: 200 OK\r\nContent-Length: 2\r\n\r\n0|");
    send_request(fd, true, "POST", STR("/body"), (struct str){ body, 50001 });
    struct buf out;
    buf_init(&out, 0, 1 << 10);
    ck_assert(read_answer(fd, &out));
    ck_assert(str_starts(buf_view(&out), STR("Status: 413 ")));
    buf_free(&out);
    send_request(fd, true, "GET", STR("/a"), STR_NONE);
    expect_answer(fd, ANSWER("10", "/a||absent"));
    close(fd);
    stop();
}
END_TEST

START_TEST(long_uri)
{
    static char uri[20000];
    memset(uri, '?', sizeof uri);
    start();
    int fd = dial();
    struct buf out;
    buf_init(&out, 0, 1 << 20);
    for (int i = 0; i < 2; i++) {
        buf_reset(&out);
        send_request(fd, true, "GET", (struct str){ uri, sizeof uri }, STR_NONE);
        ck_assert(read_answer(fd, &out));
        ck_assert(str_contains(buf_view(&out), STR("Content-Length: 20006\r\n")));
    }
    buf_free(&out);
    close(fd);
    stop();
}
END_TEST

START_TEST(long_answers)
{
    for (size_t i = 0; i < sizeof pattern; i++) {
        pattern[i] = (char)(i * i >> 3);
    }
    start();
    int fd = dial();
    struct buf out;
    buf_init(&out, 0, 4 << 20);
    const char head[] = "Status: 200 OK\r\nContent-Length: 3000000\r\n\r\n";
    send_request(fd, true, "GET", STR("/big"), STR_NONE);
    ck_assert(read_answer(fd, &out));
    ck_assert_int_eq((int)out.n, (int)strlen(head) + 3000000);
    ck_assert(str_starts(buf_view(&out), str_of(head)));
    size_t same = 0;
    for (size_t i = 0; i < 3000000; i++) {
        same += out.p[strlen(head) + i] == pattern[i % sizeof pattern];
    }
    ck_assert_int_eq((int)same, 3000000);
    send_request(fd, true, "GET", STR("/huge"), STR_NONE);
    expect_answer(fd, "Status: 500 Internal Server Error\r\nContent-Type: text/plain; charset=utf-8\r\n"
                      "Content-Length: 21\r\n\r\nInternal Server Error");
    buf_free(&out);
    close(fd);
    stop();
}
END_TEST

START_TEST(more_connections_than_threads)
{
    int fd[20];
    start();
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 20; i++) {
            fd[i] = round == 0 ? dial() : fd[i];
            send_request(fd[i], true, "GET", STR("/a"), STR_NONE);
            expect_answer(fd[i], ANSWER("10", "/a||absent"));
        }
    }
    stop();
    for (int i = 0; i < 20; i++) {
        expect_closed(fd[i]);
    }
}
END_TEST

/* With one slot: it is free again while a request waits, and taken by no more than one thread afterwards. */
START_TEST(a_waiting_request_takes_no_place)
{
    start_with(1, 0);
    int slow = dial();
    int other = dial();
    for (int i = 0; i < 3; i++) {
        atomic_store(&slow_running, 0);
        atomic_store(&slow_may_end, false);
        send_request(slow, true, "GET", STR("/waits"), STR_NONE);
        while (atomic_load(&slow_running) < 1) {
            poll(NULL, 0, 1);
        }
        send_request(other, true, "GET", STR("/a"), STR_NONE);
        expect_answer(other, ANSWER("10", "/a||absent"));
        atomic_store(&slow_may_end, true);
        expect_answer(slow, ANSWER("14", "/waits||absent"));
    }
    close(slow);
    close(other);
    stop();
}
END_TEST

START_TEST(half_a_request_does_not_stay)
{
    start_with(1, 50);
    int half = dial();
    const char begin[] = { 1, BEGIN, 0, 1, 0, 8, 0, 0 };
    ck_assert_int_eq((int)write(half, begin, sizeof begin), (int)sizeof begin);
    int other = dial();
    send_request(other, true, "GET", STR("/a"), STR_NONE);
    expect_answer(other, ANSWER("10", "/a||absent"));
    expect_closed(half);
    /* One that is merely kept is no half one. */
    ck_assert_int_eq(poll(&(struct pollfd){ .fd = other, .events = POLLIN }, 1, 200), 0);
    close(other);
    stop();
}
END_TEST

/* Cut anywhere, requests that are still coming hold nothing; and are answered once the rest has come. */
START_TEST(half_requests_hold_no_place)
{
    enum { HALVES = 60 };
    int half[HALVES];
    static char body[100];
    struct buf out;
    buf_init(&out, 0, 1 << 20);
    add_request(&out, true, "POST", STR("/a"), (struct str){ body, sizeof body });
    start_with(1, 0);
    for (size_t i = 0; i < HALVES; i++) {
        half[i] = dial();
        size_t cut = 1 + i * (out.n - 2) / (HALVES - 1);
        ck_assert_int_eq((int)send(half[i], out.p, cut, MSG_NOSIGNAL), (int)cut);
    }
    int other = dial();
    for (int i = 0; i < 10; i++) {
        send_request(other, true, "GET", STR("/a"), STR_NONE);
        ck_assert_int_eq(poll(&(struct pollfd){ .fd = other, .events = POLLIN }, 1, 2000), 1);
        expect_answer(other, ANSWER("10", "/a||absent"));
    }
    for (size_t i = 0; i < HALVES; i++) {
        size_t cut = 1 + i * (out.n - 2) / (HALVES - 1);
        ck_assert_int_eq((int)send(half[i], out.p + cut, out.n - cut, MSG_NOSIGNAL), (int)(out.n - cut));
        expect_answer(half[i], ANSWER("10", "/a||absent"));
        send_request(half[i], true, "GET", STR("/a?"), STR_NONE);
        expect_answer(half[i], ANSWER("9", "/a||there"));
        close(half[i]);
    }
    close(other);
    buf_free(&out);
    stop();
}
END_TEST

START_TEST(byte_by_byte)
{
    struct buf out;
    buf_init(&out, 0, 1 << 20);
    add_request(&out, true, "POST", STR("/body"), STR("xyz"));
    start_with(1, 0);
    int fd = dial();
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < out.n; i++) {
            ck_assert_int_eq((int)send(fd, out.p + i, 1, MSG_NOSIGNAL), 1);
        }
        expect_answer(fd, "Status: 200 OK\r\nContent-Length: 3\r\n\r\n3|z");
    }
    close(fd);
    buf_free(&out);
    stop();
}
END_TEST

/* Longer than what a socket holds, and than what is kept of a request. */
START_TEST(bodies_longer_than_requests_may_be)
{
    static char body[3 << 20];
    start_with(1, 0);
    int fd = dial();
    for (int round = 0; round < 2; round++) {
        send_request(fd, true, "POST", STR("/body"), (struct str){ body, sizeof body });
        struct buf out;
        buf_init(&out, 0, 1 << 10);
        ck_assert(read_answer(fd, &out));
        ck_assert_msg(str_starts(buf_view(&out), STR("Status: 413 ")), "%.*s", (int)out.n, out.p);
        buf_free(&out);
        send_request(fd, true, "POST", STR("/body"), (struct str){ body, 45000 });
        ck_assert_int_eq(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, 2000), 1);
        buf_init(&out, 0, 1 << 10);
        ck_assert(read_answer(fd, &out));
        ck_assert(str_starts(buf_view(&out), STR("Status: 200 ")));
        buf_free(&out);
    }
    close(fd);
    stop();
}
END_TEST

/* Who begins more requests than are waited for loses the first of them. */
START_TEST(too_many_half_requests)
{
    enum { HALVES = 300 };
    int half[HALVES];
    start_with(1, 0);
    for (size_t i = 0; i < HALVES; i++) {
        half[i] = dial();
        ck_assert_int_eq((int)send(half[i], "\1\1", 2, MSG_NOSIGNAL), 2);
    }
    expect_closed(half[0]);
    int other = dial();
    send_request(other, true, "GET", STR("/a"), STR_NONE);
    expect_answer(other, ANSWER("10", "/a||absent"));
    for (size_t i = 1; i < HALVES; i++) {
        close(half[i]);
    }
    close(other);
    stop();
}
END_TEST

/* What libfcgi would wait for, or answer otherwise. */
START_TEST(records_in_disorder)
{
    static const struct {
        unsigned char bytes[48];
        size_t n;
    } cases[] = {
        { { 2, BEGIN, 0, 1, 0, 8 }, 8 },                                                      /* version */
        { { 1, BEGIN, 0, 1, 0, 7 }, 8 },                                                      /* length */
        { { 1, BEGIN, 0, 0, 0, 8 }, 8 },                                                      /* no id */
        { { 1, 9, 0, 1, 0, 0 }, 8 },                                                          /* management */
        { { 1, PARAMS, 0, 1, 0, 0 }, 8 },                                                     /* no begin */
        { { 1, BEGIN, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, STDIN, 0, 1, 0, 0 }, 24 }, /* no params */
        { { 1, BEGIN, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, PARAMS, 0, 2, 0, 0 }, 24 }, /* other id */
        { { 1, BEGIN, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 0, 1, 0, 0 }, 24 },      /* abort */
    };
    start_with(1, 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int fd = dial();
        ck_assert_int_eq((int)send(fd, cases[i].bytes, cases[i].n, MSG_NOSIGNAL), (int)cases[i].n);
        expect_closed(fd);
    }
    stop();
}
END_TEST

START_TEST(nonsense)
{
    start();
    int fd = dial();
    ck_assert_int_eq((int)write(fd, "GET / HTTP/1.0\r\n\r\n", 18), 18);
    expect_closed(fd);
    close(dial());
    fd = dial();
    send_request(fd, true, "GET", STR("/a"), STR_NONE);
    expect_answer(fd, ANSWER("10", "/a||absent"));
    close(fd);
    stop();
}
END_TEST

SUITE_MAIN("server", one_connection_many_requests, bodies_nobody_reads, bodies_are_read_and_bounded, long_uri,
           long_answers, more_connections_than_threads, a_waiting_request_takes_no_place,
           half_a_request_does_not_stay, half_requests_hold_no_place, byte_by_byte,
           bodies_longer_than_requests_may_be, too_many_half_requests, records_in_disorder, nonsense)
