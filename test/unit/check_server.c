/* The FastCGI server with a small client of its own: kept-alive connections, draining, and its socket. */
#include "suite.h"
#include "web/server.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BEGIN = 1, END = 3, PARAMS = 4, STDIN = 5, STDOUT = 6, GRACE_MS = 10000 };

static char directory[] = "/tmp/check_server.XXXXXX";
static char path[64];
static struct error error;
static struct server *server;
static char pattern[30000]; /* of which long answers are made */
static atomic_int slow_running;
static atomic_bool slow_may_end;

/* ---- the server under test ---- */

/* Says what came of reading the body: how long it is and its last byte, or the error. */
static void handle_body(const struct request *r, struct response *response)
{
    struct buf body;
    struct error e;
    buf_init(&body, 0, 50000);
    response->status = request_body(r, &body, &e) ? 200 : http_status_of(e.kind);
    buf_printf(&response->body, "%zu|%.1s", body.n, body.n > 0 ? body.p + body.n - 1 : "");
    buf_free(&body);
}

static void handle(void *arg, unsigned thread, const struct request *r, struct response *response)
{
    ck_assert_ptr_eq(arg, &server);
    ck_assert_uint_lt(thread, 2);
    if (str_eq(r->path, STR("/none"))) {
        return;
    }
    if (str_eq(r->path, STR("/waits"))) {
        server_may_wait(r);
        server_may_wait(r);
    }
    if (str_eq(r->path, STR("/slow")) || str_eq(r->path, STR("/waits"))) {
        atomic_fetch_add(&slow_running, 1);
        while (!atomic_load(&slow_may_end)) {
            poll(NULL, 0, 1);
        }
    }
    if (str_eq(r->path, STR("/body"))) {
        handle_body(r, response);
        return;
    }
    response->status = str_eq(r->path, STR("/empty")) ? 204 : 200;
    if (str_eq(r->path, STR("/big")) || str_eq(r->path, STR("/huge"))) {
        for (int i = 0; i < (str_eq(r->path, STR("/big")) ? 100 : 3000); i++) {
            buf_bytes(&response->body, pattern, sizeof pattern);
        }
        return;
    }
    response->content_type = "text/plain";
    response_header(response, "X-Id", r->id);
    buf_printf(&response->body, "%.*s|%.*s|%s", STR_ARG(r->path), STR_ARG(r->args),
               str_absent(r->args) ? "absent" : "there");
}

static void start_with(unsigned slots, unsigned stall_ms)
{
    bool inherited;
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    int fd = server_socket(path, 0600, &inherited, &error);
    ck_assert_msg(fd >= 0, "%s", error.what);
    struct server_options options = {
        .listen_fd = fd, .threads = 2, .slots = slots, .stall_ms = stall_ms, .handle = handle, .arg = &server
    };
    ck_assert_msg(server_start(&server, &options, &error), "%s", error.what);
}

static void start(void)
{
    start_with(0, 0);
}

static void clean(void)
{
    unlink(path);
    rmdir(directory);
}

static void stop(void)
{
    ck_assert(server_drain(server, GRACE_MS));
    clean();
}

/* ---- a FastCGI client ---- */

static int dial(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void add_record(struct buf *b, int type, struct str content)
{
    const char header[] = { 1, (char)type, 0, 1, (char)(content.n >> 8), (char)content.n, 0, 0 };
    buf_bytes(b, header, sizeof header);
    buf_str(b, content);
}

static void add_param(struct buf *b, const char *name, struct str value)
{
    const char lengths[] = { (char)strlen(name), (char)(0x80 | value.n >> 24), (char)(value.n >> 16),
                             (char)(value.n >> 8), (char)value.n };
    buf_bytes(b, lengths, sizeof lengths);
    buf_str(b, str_of(name));
    buf_str(b, value);
}

/* Appends a request. BODY is split into records of 50,000 bytes at most. */
static void add_request(struct buf *out, bool keep, const char *method, struct str uri, struct str body)
{
    enum { PIECE = 50000 };
    struct buf params;
    char length[24];
    buf_init(&params, 0, 1 << 20);
    add_param(&params, "REQUEST_METHOD", str_of(method));
    add_param(&params, "REQUEST_URI", uri);
    add_param(&params, "REQUEST_ID", STR("r1"));
    snprintf(length, sizeof length, "%zu", body.n);
    add_param(&params, "CONTENT_LENGTH", str_of(length));
    const char begin[8] = { 0, 1, keep };
    add_record(out, BEGIN, (struct str){ begin, sizeof begin });
    add_record(out, PARAMS, buf_view(&params));
    add_record(out, PARAMS, STR(""));
    while (body.n > 0) {
        size_t n = body.n < PIECE ? body.n : PIECE;
        add_record(out, STDIN, str_slice(body, 0, n));
        body = str_slice(body, n, body.n);
    }
    add_record(out, STDIN, STR(""));
    buf_free(&params);
}

static bool send_request(int fd, bool keep, const char *method, struct str uri, struct str body)
{
    struct buf out;
    buf_init(&out, 0, 8 << 20);
    add_request(&out, keep, method, uri, body);
    bool sent = send(fd, out.p, out.n, MSG_NOSIGNAL) == (ssize_t)out.n;
    buf_free(&out);
    return sent;
}

static bool read_all(int fd, char *into, size_t n)
{
    return n == 0 || recv(fd, into, n, MSG_WAITALL) == (ssize_t)n;
}

/* Appends the answer on FD to OUT; false when the connection ends before the answer does. */
static bool read_answer(int fd, struct buf *out)
{
    unsigned char header[8];
    char content[65536 + 256];
    while (read_all(fd, (char *)header, sizeof header)) {
        size_t n = (size_t)header[4] << 8 | header[5];
        if (!read_all(fd, content, n + header[6])) {
            return false;
        }
        if (header[1] == STDOUT) {
            buf_bytes(out, content, n);
        } else if (header[1] == END) {
            return true;
        }
    }
    return false;
}

static void expect_answer(int fd, const char *expected)
{
    struct buf out;
    buf_init(&out, 0, 1 << 20);
    ck_assert(read_answer(fd, &out));
    ck_assert_msg(str_eq(buf_view(&out), str_of(expected)), "%.*s", (int)out.n, out.p);
    buf_free(&out);
}

static void expect_closed(int fd)
{
    char byte;
    ssize_t n = read(fd, &byte, 1);
    /* Reset: something that was sent had not been read. */
    ck_assert(n == 0 || (n < 0 && errno == ECONNRESET));
    close(fd);
}

#define ANSWER(LENGTH, BODY)                                                                                 \
    "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " LENGTH "\r\nX-Id: r1\r\n\r\n" BODY

/* ---- requests ---- */

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

/* ---- draining ---- */

static void *drain(void *arg)
{
    *(bool *)arg = server_drain(server, GRACE_MS);
    return NULL;
}

/* Waits for the moment from which the server takes nothing new on FD: it is idle and draining has begun. */
static void wait_until_closed(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    ck_assert_int_eq(poll(&p, 1, GRACE_MS), 1);
}

START_TEST(drain_lets_requests_finish)
{
    bool drained = false;
    pthread_t thread;
    start();
    int idle = dial();
    send_request(idle, true, "GET", STR("/a"), STR_NONE);
    expect_answer(idle, ANSWER("10", "/a||absent"));
    int slow[3];
    for (int i = 0; i < 3; i++) {
        slow[i] = dial();
        send_request(slow[i], true, "GET", STR("/slow"), STR_NONE);
    }
    while (atomic_load(&slow_running) < 2) {
        poll(NULL, 0, 1);
    }
    pthread_create(&thread, NULL, drain, &drained);
    wait_until_closed(idle);
    ck_assert(!send_request(idle, true, "GET", STR("/late"), STR_NONE));
    ck_assert_int_eq(errno, EPIPE);
    expect_closed(idle);
    atomic_store(&slow_may_end, true);
    for (int i = 0; i < 3; i++) {
        expect_answer(slow[i], ANSWER("13", "/slow||absent"));
        expect_closed(slow[i]);
    }
    pthread_join(thread, NULL);
    ck_assert(drained);
    clean();
}
END_TEST

START_TEST(drain_waits_for_a_new_connections_request)
{
    bool drained = false;
    pthread_t thread;
    start();
    int idle = dial();
    send_request(idle, true, "GET", STR("/a"), STR_NONE);
    expect_answer(idle, ANSWER("10", "/a||absent"));
    int fresh = dial();
    pthread_create(&thread, NULL, drain, &drained);
    wait_until_closed(idle);
    ck_assert(send_request(fresh, true, "GET", STR("/a"), STR_NONE));
    expect_answer(fresh, ANSWER("10", "/a||absent"));
    expect_closed(fresh);
    pthread_join(thread, NULL);
    ck_assert(drained);
    close(idle);
    clean();
}
END_TEST

START_TEST(drain_does_not_wait_for_ever)
{
    start();
    int silent = dial();
    ck_assert(server_drain(server, 50));
    expect_closed(silent);
    clean();
}
END_TEST

/* In a process of its own, that ends at once: a thread goes on that cannot be joined. */
START_TEST(drain_says_what_it_could_not_end)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        start();
        int slow = dial();
        send_request(slow, true, "GET", STR("/slow"), STR_NONE);
        while (atomic_load(&slow_running) < 1) {
            poll(NULL, 0, 1);
        }
        bool drained = server_drain(server, 50);
        clean();
        kill(getpid(), drained ? SIGABRT : SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

START_TEST(signals_stay_as_they_were)
{
    static const int numbers[] = { SIGTERM, SIGUSR1 };
    struct sigaction action;
    signal(SIGTERM, SIG_DFL);
    signal(SIGUSR1, SIG_IGN);
    start();
    for (size_t i = 0; i < 2; i++) {
        sigaction(numbers[i], NULL, &action);
        ck_assert(action.sa_handler == (i == 0 ? SIG_DFL : SIG_IGN));
    }
    stop();
}
END_TEST

/* ---- the socket ---- */

static void expect_no_socket(const char *name, const char *reason)
{
    bool inherited;
    ck_assert_int_eq(server_socket(name, 0660, &inherited, &error), -1);
    ck_assert_msg(strstr(error.what, reason) != NULL, "%s", error.what);
}

START_TEST(own_socket)
{
    bool inherited;
    struct stat st;
    umask(077);
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/socket", directory);
    int fd = server_socket(path, 0660, &inherited, &error);
    ck_assert_msg(fd >= 0, "%s", error.what);
    ck_assert(!inherited);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq((int)st.st_mode, S_IFSOCK | 0660);
    expect_no_socket(path, "is in use");
    close(fd);
    fd = server_socket(path, 0600, &inherited, &error);
    ck_assert_msg(fd >= 0, "%s", error.what);
    close(dial());
    close(fd);
    clean();
}
END_TEST

START_TEST(no_socket)
{
    char long_path[200];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    expect_no_socket("", "none is configured");
    expect_no_socket(long_path, "too long");
    expect_no_socket("/etc/passwd", "is not a socket");
    expect_no_socket("/nonexistent/socket", "No such file");
}
END_TEST

static void inherit_unix(int number)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    /* Linux picks an abstract name when none is given. */
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
    ck_assert_int_eq(listen(fd, 5), 0);
    ck_assert_int_eq(dup2(fd, number), number);
    close(fd);
}

START_TEST(inherited_from_spawn_fcgi)
{
    bool inherited = false;
    inherit_unix(0);
    ck_assert_int_eq(server_socket("/nonexistent/socket", 0660, &inherited, &error), 0);
    ck_assert(inherited);
}
END_TEST

/* What a process gets that systemd started with one socket for process number PID. */
static int systemd_socket(pid_t pid)
{
    bool inherited = false;
    char text[32];
    snprintf(text, sizeof text, "%d", pid);
    setenv("LISTEN_PID", text, 1);
    setenv("LISTEN_FDS", "1", 1);
    int fd = server_socket("", 0660, &inherited, &error);
    return inherited ? fd : -1;
}

/* In a process of its own: Check uses fd 3. */
START_TEST(inherited_from_systemd)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        inherit_unix(3);
        _exit(systemd_socket(getpid()) == 3 && systemd_socket(getpid() + 1) == -1 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

START_TEST(tcp_is_refused)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(listen(fd, 5), 0);
    ck_assert_int_eq(dup2(fd, 0), 0);
    expect_no_socket("/tmp/x", "is not a unix socket");
}
END_TEST

SUITE_MAIN("server", one_connection_many_requests, bodies_nobody_reads, bodies_are_read_and_bounded, long_uri,
           long_answers, more_connections_than_threads, a_waiting_request_takes_no_place,
           half_a_request_does_not_stay, half_requests_hold_no_place, byte_by_byte,
           bodies_longer_than_requests_may_be, too_many_half_requests, records_in_disorder, nonsense,
           drain_lets_requests_finish, drain_waits_for_a_new_connections_request,
           drain_does_not_wait_for_ever, drain_says_what_it_could_not_end, signals_stay_as_they_were,
           own_socket, no_socket, inherited_from_spawn_fcgi, inherited_from_systemd, tcp_is_refused)
