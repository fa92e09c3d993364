/* Asks every worker behind one FastCGI socket, or holds half-sent requests there. Who takes a connection is
 * chance, so connections are opened until each worker, told apart by the pid in its metrics, has one; these
 * are kept. */
#include "core/buf.h"
#include "core/clock.h"

#include <errno.h>
#include <fastcgi.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    WORKERS_MAX = 16,
    TRIES_MAX = 5000, /* connections, before some worker counts as missing */
    ANSWER_MAX = 80 << 20,
    PAUSE_US = 2000, /* between two rounds of await */
};

struct connection {
    int fd;
    long pid;
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "fcgi_probe: %s\n", what);
    exit(2);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) {
        give_up("the socket's path is too long");
    }
    memcpy(address.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        give_up(strerror(errno));
    }
    return fd;
}

/* ---- FastCGI ---- */

static void put_head(struct buf *b, int type, size_t length)
{
    FCGI_Header head = { .version = FCGI_VERSION_1,
                         .type = (unsigned char)type,
                         .requestIdB0 = 1,
                         .contentLengthB1 = (unsigned char)(length >> 8),
                         .contentLengthB0 = (unsigned char)length };
    buf_bytes(b, (const char *)&head, sizeof head);
}

static void put_param(struct buf *b, struct str name, struct str value)
{
    buf_char(b, (char)name.n);
    for (int shift = 24; shift >= 0; shift -= 8) {
        buf_char(b, (char)((value.n >> shift & 0xff) | (shift == 24 ? 0x80 : 0)));
    }
    buf_str(b, name);
    buf_str(b, value);
}

static void put_request(struct buf *b, struct str uri)
{
    FCGI_BeginRequestBody begin = { .roleB0 = FCGI_RESPONDER, .flags = FCGI_KEEP_CONN };
    struct buf params;
    buf_init(&params, 1024, 1 << 20);
    put_param(&params, STR("REQUEST_METHOD"), STR("GET"));
    put_param(&params, STR("REQUEST_ID"), STR("probe"));
    put_param(&params, STR("REQUEST_URI"), uri);
    put_head(b, FCGI_BEGIN_REQUEST, sizeof begin);
    buf_bytes(b, (const char *)&begin, sizeof begin);
    for (struct str rest = buf_view(&params); rest.n > 0;) {
        size_t n = rest.n < 65535 ? rest.n : 65535;
        put_head(b, FCGI_PARAMS, n);
        buf_bytes(b, rest.p, n);
        rest = str_slice(rest, n, rest.n);
    }
    put_head(b, FCGI_PARAMS, 0);
    put_head(b, FCGI_STDIN, 0);
    buf_free(&params);
}

static void write_all(int fd, struct str s)
{
    while (s.n > 0) {
        ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);
        if (n <= 0) {
            give_up("the worker hung up");
        }
        s = str_slice(s, (size_t)n, s.n);
    }
}

static void read_all(int fd, char *p, size_t n)
{
    while (n > 0) {
        ssize_t got = recv(fd, p, n, 0);
        if (got <= 0) {
            give_up("the worker hung up");
        }
        p += got;
        n -= (size_t)got;
    }
}

/* Puts what URI gets on FD, head and body, into ANSWER. */
static void ask(int fd, struct str uri, struct buf *answer)
{
    struct buf request;
    FCGI_Header head;
    char content[65535 + 255];
    buf_init(&request, 1024, 1 << 20);
    put_request(&request, uri);
    write_all(fd, buf_view(&request));
    buf_free(&request);
    buf_reset(answer);
    do {
        read_all(fd, (char *)&head, sizeof head);
        size_t length = (size_t)head.contentLengthB1 << 8 | head.contentLengthB0;
        read_all(fd, content, length + head.paddingLength);
        if (head.type == FCGI_STDOUT) {
            buf_bytes(answer, content, length);
        }
    } while (head.type != FCGI_END_REQUEST);
}

/* ---- workers ---- */

static long pid_of(int fd, struct buf *answer)
{
    ask(fd, STR("/__metrics__"), answer);
    buf_char(answer, '\0');
    const char *at = strstr(answer->p, "balrog_public_info{pid=\"");
    return at != NULL ? strtol(strchr(at, '"') + 1, NULL, 10) : 0;
}

static bool is_known(const struct connection *c, unsigned n, long pid)
{
    for (unsigned i = 0; i < n; i++) {
        if (c[i].pid == pid) {
            return true;
        }
    }
    return false;
}

static void find_workers(struct connection *c, unsigned wanted, const char *path, struct buf *answer)
{
    unsigned n = 0;
    for (int tries = 0; n < wanted && tries < TRIES_MAX; tries++) {
        int fd = connect_to(path);
        long pid = pid_of(fd, answer);
        if (is_known(c, n, pid)) {
            close(fd);
        } else {
            c[n++] = (struct connection){ fd, pid };
        }
    }
    if (n < wanted) {
        give_up("some worker took no connection");
    }
}

/* ---- commands ---- */

static void each(const struct connection *c, unsigned n, struct str uri, struct buf *answer)
{
    for (unsigned i = 0; i < n; i++) {
        ask(c[i].fd, uri, answer);
        printf("worker %ld\n", c[i].pid);
        fwrite(answer->p, 1, answer->n, stdout);
        putchar('\n');
    }
}

static bool all_answer(const struct connection *c, unsigned n, struct str uri, struct str text, bool wanted,
                       struct buf *answer)
{
    for (unsigned i = 0; i < n; i++) {
        ask(c[i].fd, uri, answer);
        if (str_contains(buf_view(answer), text) != wanted) {
            return false;
        }
    }
    return true;
}

static int await(const struct connection *c, unsigned n, int64_t start, long limit_ms, const char *text,
                 struct str uri, struct buf *answer)
{
    bool wanted = text[0] != '!';
    struct str looked_for = str_of(wanted ? text : text + 1);
    for (;;) {
        bool ok = all_answer(c, n, uri, looked_for, wanted, answer);
        int64_t took = clock_ms() - start;
        if (ok || took > limit_ms) {
            printf("%lld\n", (long long)took);
            return ok && took <= limit_ms ? 0 : 1;
        }
        usleep(PAUSE_US);
    }
}

/* Opens N connections, each with the beginning of a request, cut at another place, and keeps them until its
 * input ends. */
static int hold_halves(const char *path, unsigned n)
{
    struct buf request;
    char byte;
    buf_init(&request, 1024, 1 << 20);
    put_request(&request, STR("/update/3/X/1/1/p/l/c/o/d/d/update.xml"));
    for (unsigned i = 0; i < n; i++) {
        write_all(connect_to(path), str_slice(buf_view(&request), 0, 1 + i * 7 % (request.n - 1)));
    }
    buf_free(&request);
    puts("held");
    fflush(stdout);
    return read(STDIN_FILENO, &byte, 1) == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    int64_t start = clock_ms();
    struct connection c[WORKERS_MAX];
    struct buf answer;
    bool is_each = argc == 5 && strcmp(argv[3], "each") == 0;
    bool is_await = argc == 7 && strcmp(argv[3], "await") == 0;
    bool is_halves = argc == 4 && strcmp(argv[3], "halves") == 0;
    unsigned n = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    if (is_halves && n > 0) {
        return hold_halves(argv[1], n);
    }
    if ((!is_each && !is_await) || n == 0 || n > WORKERS_MAX) {
        fputs(
            "Usage: fcgi_probe SOCKET WORKERS each URI               what each worker answers\n"
            "       fcgi_probe SOCKET WORKERS await MS [!]TEXT URI   asks until all answers hold TEXT (!: "
            "do not),\n"
            "                                                        prints the ms that it took; fails "
            "after MS\n"
            "       fcgi_probe SOCKET COUNT halves                   holds as many half-sent requests, says "
            "\"held\",\n"
            "                                                        ends with its input\n",
            stderr);
        return 2;
    }
    buf_init(&answer, 1 << 16, ANSWER_MAX);
    find_workers(c, n, argv[1], &answer);
    int status = 0;
    if (is_await) {
        status = await(c, n, start, strtol(argv[4], NULL, 10), argv[5], str_of(argv[6]), &answer);
    } else {
        each(c, n, str_of(argv[4]), &answer);
    }
    buf_free(&answer);
    return status;
}
