/* The FastCGI server in this process, with a handler for the tests, and a small FastCGI client.
 * start() starts the server on a socket in a directory of its own; stop() drains it and removes both. */
#ifndef BALROG_TEST_SERVER_WORLD_H
#define BALROG_TEST_SERVER_WORLD_H

#include "suite.h"
#include "web/server.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
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
static inline void handle_body(const struct request *r, struct response *response)
{
    struct buf body;
    struct error e;
    buf_init(&body, 0, 50000);
    response->status = request_body(r, &body, &e) ? 200 : http_status_of(e.kind);
    buf_printf(&response->body, "%zu|%.1s", body.n, body.n > 0 ? body.p + body.n - 1 : "");
    buf_free(&body);
}

static inline void handle(void *arg, unsigned thread, const struct request *r, struct response *response)
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

static inline void start_with(unsigned slots, unsigned stall_ms)
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

static inline void start(void)
{
    start_with(0, 0);
}

static inline void clean(void)
{
    unlink(path);
    rmdir(directory);
}

static inline void stop(void)
{
    ck_assert(server_drain(server, GRACE_MS));
    clean();
}

/* ---- a FastCGI client ---- */

static inline int dial(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void add_record(struct buf *b, int type, struct str content)
{
    const char header[] = { 1, (char)type, 0, 1, (char)(content.n >> 8), (char)content.n, 0, 0 };
    buf_bytes(b, header, sizeof header);
    buf_str(b, content);
}

static inline void add_param(struct buf *b, const char *name, struct str value)
{
    const char lengths[] = { (char)strlen(name), (char)(0x80 | value.n >> 24), (char)(value.n >> 16),
                             (char)(value.n >> 8), (char)value.n };
    buf_bytes(b, lengths, sizeof lengths);
    buf_str(b, str_of(name));
    buf_str(b, value);
}

/* Appends a request. BODY is split into records of 50,000 bytes at most. */
static inline void add_request(struct buf *out, bool keep, const char *method, struct str uri,
                               struct str body)
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

static inline bool send_request(int fd, bool keep, const char *method, struct str uri, struct str body)
{
    struct buf out;
    buf_init(&out, 0, 8 << 20);
    add_request(&out, keep, method, uri, body);
    bool sent = send(fd, out.p, out.n, MSG_NOSIGNAL) == (ssize_t)out.n;
    buf_free(&out);
    return sent;
}

static inline bool read_all(int fd, char *into, size_t n)
{
    return n == 0 || recv(fd, into, n, MSG_WAITALL) == (ssize_t)n;
}

/* Appends the answer on FD to OUT; false when the connection ends before the answer does. */
static inline bool read_answer(int fd, struct buf *out)
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

static inline void expect_answer(int fd, const char *expected)
{
    struct buf out;
    buf_init(&out, 0, 1 << 20);
    ck_assert(read_answer(fd, &out));
    ck_assert_msg(str_eq(buf_view(&out), str_of(expected)), "%.*s", (int)out.n, out.p);
    buf_free(&out);
}

static inline void expect_closed(int fd)
{
    char byte;
    ssize_t n = read(fd, &byte, 1);
    /* Reset: something that was sent had not been read. */
    ck_assert(n == 0 || (n < 0 && errno == ECONNRESET));
    close(fd);
}

#define ANSWER(LENGTH, BODY)                                                                                 \
    "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " LENGTH "\r\nX-Id: r1\r\n\r\n" BODY

#endif
