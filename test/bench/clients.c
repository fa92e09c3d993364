/* Many HTTP clients, for the measurements of overload. Each request has a connection of its own.
 *
 * `open` starts RATE requests a second, whether or not the ones before were answered, as clients that know
 * nothing of each other do. `closed` keeps COUNT requests under way, and so finds out what the server can
 * take. `hold` keeps COUNT connections open: every other one is idle, the rest has sent half of a request.
 * Those that the server ends are made again. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

enum {
    PATH_MAX_LENGTH = 4096,
    ANSWER_MAX = 8192, /* what is looked at */
    EVENTS = 512,      /* taken at once */
    LATE_S = 10,       /* a request without an answer by then is late */
    SOURCES = 16,      /* addresses of the loopback that connections come from: each has ports of its own */
    HOLD_STEP = 200,   /* connections that `hold` makes in a millisecond */
    SAMPLES_MAX = 1 << 21
};

/* What became of a request. */
enum outcome {
    OUTCOME_UPDATE,
    OUTCOME_EMPTY,
    OUTCOME_OTHER,
    OUTCOME_503,
    OUTCOME_FAILED,
    OUTCOME_LATE,
    OUTCOMES
};

static const char *const outcome_names[OUTCOMES] = { "update", "empty", "other", "503", "failed", "late" };

struct client {
    int fd; /* -1: free */
    int64_t start_ns;
    size_t n;
    char answer[ANSWER_MAX];
    struct client *next; /* free ones */
};

struct samples {
    uint32_t *us;
    size_t n;
};

static struct {
    int epoll_fd;
    struct sockaddr_in server;
    char request[PATH_MAX_LENGTH + 256];
    int request_length;
    char *number; /* of eight digits in the request; NULL: all requests are the same */
    struct client *clients, *free;
    size_t n_clients, n_used, n_opened, most;
    struct samples samples[OUTCOMES];
} all;

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
    (void)signal_number;
    stopped = 1;
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void note(enum outcome outcome, int64_t start_ns)
{
    struct samples *s = &all.samples[outcome];
    if (s->n < SAMPLES_MAX) {
        s->us[s->n++] = (uint32_t)((now_ns() - start_ns) / 1000);
    }
}

static void client_end(struct client *c)
{
    close(c->fd);
    c->fd = -1;
    c->next = all.free;
    all.free = c;
    all.n_used--;
}

/* Begins a connection. Returns NULL if that is not possible now. */
static struct client *client_begin(void)
{
    static unsigned turn;
    struct client *c = all.free;
    if (c == NULL) {
        return NULL;
    }
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return NULL;
    }
    int one = 1;
    struct sockaddr_in from = { .sin_family = AF_INET,
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn++ % SOURCES) };
    setsockopt(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
    struct epoll_event event = { .events = EPOLLOUT, .data.ptr = c };
    if (bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        (connect(fd, (struct sockaddr *)&all.server, sizeof all.server) != 0 && errno != EINPROGRESS) ||
        epoll_ctl(all.epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        close(fd);
        return NULL;
    }
    all.free = c->next;
    all.n_used++;
    all.n_opened++;
    c->fd = fd;
    c->n = 0;
    c->start_ns = now_ns();
    return c;
}

static enum outcome judge(const struct client *c)
{
    if (c->n < 12 || strncmp(c->answer, "HTTP/1.", 7) != 0) {
        return OUTCOME_FAILED;
    }
    if (strncmp(c->answer + 9, "503", 3) == 0) {
        return OUTCOME_503;
    }
    if (strncmp(c->answer + 9, "200", 3) != 0) {
        return OUTCOME_OTHER;
    }
    if (strstr(c->answer, "<update ") != NULL) {
        return OUTCOME_UPDATE;
    }
    return strstr(c->answer, "</updates>") != NULL ? OUTCOME_EMPTY : OUTCOME_OTHER;
}

static void count_up(char *digits)
{
    int i = 7;
    while (i >= 0 && digits[i] == '9') {
        digits[i--] = '0';
    }
    if (i >= 0) {
        digits[i]++;
    }
}

/* Writes the first LENGTH bytes of the request, once C is connected. */
static void client_send(struct client *c, int length, uint32_t wait_for)
{
    if (all.number != NULL) {
        count_up(all.number);
    }
    int error = 0;
    socklen_t size = sizeof error;
    struct epoll_event event = { .events = wait_for, .data.ptr = c };
    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0 ||
        (length > 0 && send(c->fd, all.request, (size_t)length, MSG_NOSIGNAL) != length) ||
        epoll_ctl(all.epoll_fd, EPOLL_CTL_MOD, c->fd, &event) != 0) {
        note(OUTCOME_FAILED, c->start_ns);
        client_end(c);
    }
}

static void client_read(struct client *c)
{
    for (;;) {
        char rest[4096];
        size_t room = ANSWER_MAX - 1 - c->n;
        ssize_t n = recv(c->fd, room > 0 ? c->answer + c->n : rest, room > 0 ? room : sizeof rest, 0);
        if (n < 0 && errno == EAGAIN) {
            return;
        }
        if (n <= 0) {
            break;
        }
        c->n += room > 0 ? (size_t)n : 0;
    }
    c->answer[c->n] = '\0';
    note(judge(c), c->start_ns);
    client_end(c);
}

/* Handles what has come, for at most MS. */
static void turn_once(int ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(all.epoll_fd, events, EVENTS, ms);
    for (int i = 0; i < n; i++) {
        struct client *c = events[i].data.ptr;
        if (events[i].events & EPOLLOUT) {
            client_send(c, all.request_length, EPOLLIN);
        } else {
            client_read(c);
        }
    }
}

static void end_late(int64_t before_ns)
{
    for (size_t i = 0; i < all.n_clients; i++) {
        struct client *c = &all.clients[i];
        if (c->fd >= 0 && c->start_ns < before_ns) {
            note(OUTCOME_LATE, c->start_ns);
            client_end(c);
        }
    }
}

static void run_requests(double rate, size_t count, double seconds)
{
    int64_t begin = now_ns(), end = begin + (int64_t)(seconds * 1e9), checked = begin, now;
    size_t wanted = 0;
    while ((now = now_ns()) < end && !stopped) {
        size_t due = rate > 0 ? (size_t)((double)(now - begin) * rate / 1e9) : wanted + count - all.n_used;
        /* A few at a time, so that answers are seen when they come. */
        for (int i = 0; wanted < due && i < 32; i++, wanted++) {
            if (client_begin() == NULL) {
                note(OUTCOME_FAILED, now);
            }
        }
        turn_once(wanted < due ? 0 : 1);
        if (now - checked > 1000000000LL) {
            checked = now;
            end_late(now - LATE_S * 1000000000LL);
        }
    }
    int64_t until = now_ns() + LATE_S * 1000000000LL;
    while (all.n_used > 0 && now_ns() < until && !stopped) {
        turn_once(10);
    }
    end_late(INT64_MAX);
    printf("started\t%zu\t%.0f\n", wanted, (double)wanted / ((double)(now - begin) / 1e9));
}

static void hold_connections(size_t count, double seconds)
{
    int64_t end = now_ns() + (int64_t)(seconds * 1e9);
    size_t ended = 0;
    int said = 0;
    while (now_ns() < end && !stopped) {
        for (int i = 0; i < HOLD_STEP && all.n_used < count; i++) {
            client_begin();
        }
        struct epoll_event events[EVENTS];
        int n = epoll_wait(all.epoll_fd, events, EVENTS, 1);
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (events[i].events & EPOLLOUT) {
                client_send(c, (c - all.clients) % 2 == 0 ? 0 : all.request_length / 2, EPOLLIN);
            } else {
                ended++;
                client_end(c);
            }
        }
        all.most = all.n_used > all.most ? all.n_used : all.most;
        if (!said && all.n_used == count && n == 0) {
            said = 1;
            printf("all\t%zu\n", count);
            fflush(stdout);
        }
    }
    printf("held\t%zu\t%zu\t%zu\n", all.n_used, all.most, ended);
}

static int compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* A line for each outcome: its name, how many, and after how many µs 50 %, 99 % and all had come. */
static void print_samples(void)
{
    for (int i = 0; i < OUTCOMES; i++) {
        struct samples *s = &all.samples[i];
        qsort(s->us, s->n, sizeof *s->us, compare);
        printf("%s\t%zu\t%u\t%u\t%u\n", outcome_names[i], s->n, s->n > 0 ? s->us[s->n / 2] : 0,
               s->n > 0 ? s->us[s->n * 99 / 100] : 0, s->n > 0 ? s->us[s->n - 1] : 0);
    }
}

static void prepare(int port, const char *path)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        fail("getrlimit");
    }
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    all.n_clients = limit.rlim_max < 16384 + 64 ? limit.rlim_max - 64 : 16384;
    all.clients = calloc(all.n_clients, sizeof *all.clients);
    all.epoll_fd = epoll_create1(0);
    if (all.clients == NULL || all.epoll_fd < 0) {
        fail("cannot begin");
    }
    for (size_t i = all.n_clients; i-- > 0;) {
        all.clients[i].fd = -1;
        all.clients[i].next = all.free;
        all.free = &all.clients[i];
    }
    for (int i = 0; i < OUTCOMES; i++) {
        all.samples[i].us = malloc(SAMPLES_MAX * sizeof(uint32_t));
        if (all.samples[i].us == NULL) {
            fail("cannot begin");
        }
    }
    all.server = (struct sockaddr_in){ .sin_family = AF_INET,
                                       .sin_port = htons((uint16_t)port),
                                       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const char *mark = strchr(path, '#');
    int before = mark != NULL ? (int)(mark - path) : (int)strlen(path);
    all.request_length = snprintf(all.request, sizeof all.request,
                                  "GET %.*s%s%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                                  before, path, mark != NULL ? "00000000" : "", mark != NULL ? mark + 1 : "");
    all.number = mark != NULL ? all.request + strlen("GET ") + before : NULL;
}

int main(int argc, char **argv)
{
    double amount = argc == 6 ? strtod(argv[4], NULL) : 0;
    double seconds = argc == 6 ? strtod(argv[5], NULL) : 0;
    int port = argc == 6 ? atoi(argv[2]) : 0;
    if (amount < 1 || seconds <= 0 || port < 1 || port > 65535 || strlen(argv[3]) > PATH_MAX_LENGTH) {
        fprintf(stderr, "Usage: clients open   PORT PATH RATE SECONDS\n"
                        "       clients closed PORT PATH COUNT SECONDS\n"
                        "       clients hold   PORT PATH COUNT SECONDS\n"
                        "       A # in PATH is a number that is different in each request.\n");
        return 2;
    }
    signal(SIGINT, stop);
    signal(SIGTERM, stop);
    prepare(port, argv[3]);
    if (strcmp(argv[1], "hold") == 0) {
        hold_connections((size_t)amount, seconds);
    } else {
        bool open = strcmp(argv[1], "open") == 0;
        run_requests(open ? amount : 0, (size_t)amount, seconds);
        print_samples();
    }
    return 0;
}
