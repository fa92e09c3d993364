/* libfcgi parses and writes the protocol. Accepting and waiting are done here, because libfcgi's way to wait
 * loses requests: its thread blocks in accept() or read() until a signal comes, and a signal while a request
 * is being read closes the connection.
 *
 * One thread accepts. All connections are in one epoll set, armed for one event at a time, and a free worker
 * thread takes the next one that has something to read. libfcgi gets the connection (ipcFd) but no listening
 * socket: where it would accept, it fails and returns.
 *
 * A worker first checks whether the whole request has come, and otherwise leaves the connection to the
 * gatherer (web/gather.h). So a request that is still coming does not occupy a thread, and libfcgi never
 * waits.
 *
 * Slots: where requests take microseconds, waking a thread for each costs more than answering it. So only as
 * many threads as there are slots (processors) wait for events; one that is awake takes what has come
 * meanwhile without being woken. A thread whose request may have to wait gives its place to another.
 *
 * Draining: a kept-alive connection must be closed although nginx may be sending a request on it right now.
 * shutdown(SHUT_RD) on a unix socket settles that: what nginx wrote before it can still be read and gets its
 * answer; what comes after it fails with EPIPE in nginx, which then asks another worker.
 *
 * server.lock protects who may use a connection. A worker marks it busy while it uses it, and arms it again
 * before it releases the lock. server_drain() closes only connections that are not busy. A worker may have an
 * event of such a connection by then, and finds it busy for good: while draining, no connection is freed
 * before the threads have ended.
 */
#include "web/server.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "web/exchange.h"
#include "web/gather.h"
#include "web/records.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    BODY_KEEP = 1 << 20,           /* a body buffer that grew beyond this is given back */
    HEADERS_MAX = 64 << 10,        /* of the headers that a handler adds */
    HEAD_MAX = HEADERS_MAX + 1024, /* of all */
    ACCEPT_PAUSE_MS = 100,         /* after a failed accept(), for example without free descriptors */
    LATE_MS = 200,                 /* for idle threads to end once the time for draining is over */
    SERVER_STALL_MS = 10000,       /* unless the options say otherwise */
    SERVER_REQUEST_MAX = 1 << 20,  /* unless the options say otherwise */
    LOOK_MAX = 64 << 10,           /* longer requests are gathered */
};

struct connection {
    FCGX_Request fcgi;
    int gathered; /* a file with the request that is to be answered; -1: it is in the socket */
    bool busy;    /* a worker or the gatherer uses it, or it is closed */
    bool used;    /* it had a request: nginx expects that it may be closed */
    struct connection *next, *previous;
};

struct worker {
    struct server *server;
    unsigned number;
    bool has_slot; /* one of the server's; only this thread reads it */
    int socket;    /* of the request that is being answered */
    pthread_t thread;
    struct buf head; /* status line and headers, as they are sent */
    struct response response;
    char look[LOOK_MAX]; /* what waits in a socket */
};

struct server {
    struct server_options options;
    int epoll_fd;
    int accept_end_fd; /* readable: the acceptor ends */
    int end_fd;        /* in the epoll set; readable: the workers end */
    pthread_t acceptor;
    struct gather *gather;
    struct worker *workers;
    unsigned started;

    pthread_mutex_t lock;  /* of what follows */
    pthread_cond_t ended;  /* the last open connection or the last running worker has */
    pthread_cond_t vacant; /* a slot is */
    bool draining;
    unsigned running;
    unsigned taken; /* slots */
    struct connection *open;
    struct connection *dead; /* closed while draining */
};

/* ---- slots ---- */

static void slot_take(struct worker *w)
{
    struct server *s = w->server;
    if (w->has_slot) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    while (s->taken >= s->options.slots) {
        pthread_cond_wait(&s->vacant, &s->lock);
    }
    s->taken++;
    pthread_mutex_unlock(&s->lock);
    w->has_slot = true;
}

static void slot_give_back(struct worker *w)
{
    struct server *s = w->server;
    if (!w->has_slot) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    s->taken--;
    pthread_cond_signal(&s->vacant);
    pthread_mutex_unlock(&s->lock);
    w->has_slot = false;
}

void server_may_wait(const struct request *r)
{
    slot_give_back(r->worker);
}

/* POLLHUP: both directions are closed. server_drain() closes only ours for reading. */
bool server_client_is_gone(const struct request *r)
{
    const struct worker *w = r->worker;
    struct pollfd socket = { .fd = w->socket };
    return poll(&socket, 1, 0) > 0 && (socket.revents & (POLLHUP | POLLERR)) != 0;
}

/* ---- connections ---- */

/* Closes C, which nobody else uses. The caller must not use it afterwards. s->lock is held. */
static void connection_close(struct server *s, struct connection *c)
{
    if (c->gathered >= 0) {
        close(c->gathered);
    }
    FCGX_Free(&c->fcgi, 1); /* closes ipcFd, if it still is open */
    *(c->previous != NULL ? &c->previous->next : &s->open) = c->next;
    if (c->next != NULL) {
        c->next->previous = c->previous;
    }
    if (s->draining) {
        c->busy = true;
        c->next = s->dead;
        s->dead = c;
    } else {
        free(c);
    }
    if (s->open == NULL) {
        pthread_cond_signal(&s->ended);
    }
}

/* Lets a worker take C when there is something to read, or at once if its request has been gathered. s->lock
 * is held. */
static void connection_arm(struct server *s, struct connection *c, int operation)
{
    uint32_t what = c->gathered >= 0 ? EPOLLOUT : EPOLLIN | EPOLLRDHUP;
    struct epoll_event event = { .events = what | EPOLLONESHOT, .data.ptr = c };
    c->busy = false;
    if (epoll_ctl(s->epoll_fd, operation, c->fcgi.ipcFd, &event) != 0) {
        log_error("server.epoll", "a connection is lost: epoll_ctl: %s", strerror(errno));
        connection_close(s, c);
    }
}

static void connection_open(struct server *s, int fd)
{
    struct connection *c = mem_check(calloc(1, sizeof *c));
    unsigned ms = s->options.stall_ms;
    struct timeval stall = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &stall, sizeof stall);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stall, sizeof stall);
    c->gathered = -1;
    FCGX_InitRequest(&c->fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
    c->fcgi.ipcFd = fd;
    c->fcgi.keepConnection = 1; /* else FCGX_Accept_r() begins by closing it */
    c->fcgi.detached = 1;       /* else closing waits 2 s for the other side to do it first */
    pthread_mutex_lock(&s->lock);
    c->next = s->open;
    if (c->next != NULL) {
        c->next->previous = c;
    }
    s->open = c;
    connection_arm(s, c, EPOLL_CTL_ADD);
    pthread_mutex_unlock(&s->lock);
}

/* Ends receiving on C, and returns whether something that came before is still to be read. */
static bool connection_last_call(const struct connection *c)
{
    char byte;
    shutdown(c->fcgi.ipcFd, SHUT_RD);
    return recv(c->fcgi.ipcFd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* ---- one request ---- */

/* Answers one request, all of which has come on C. Returns false when the connection has ended. */
static bool answer_request(struct worker *w, struct connection *c)
{
    int socket;
    if (!exchange_begin(&c->fcgi, &c->gathered, &socket)) {
        return false;
    }
    c->used = true;
    w->socket = socket;
    struct request r = exchange_request(&c->fcgi, c->gathered, w);
    response_reset(&w->response);
    w->response.sent = NULL;
    log_request_begin(r.id, r.method_name, r.uri);
    w->server->options.handle(w->server->options.arg, w->number, &r, &w->response);
    exchange_repair(&w->response, &r);
    log_request_end();
    exchange_end_input(&c->fcgi, &c->gathered, socket);
    exchange_send(&c->fcgi, &w->head, &w->response, r.method);
    FCGX_Finish_r(&c->fcgi);
    if (w->response.body.cap > BODY_KEEP) {
        size_t max = w->response.body.max;
        buf_free(&w->response.body);
        buf_init(&w->response.body, 0, max);
    }
    if (w->response.sent != NULL) {
        w->response.sent(w->response.sent_arg);
    }
    return c->fcgi.ipcFd >= 0;
}

/* ---- threads ---- */

/* Marks C busy for this thread. Returns false if it is busy already, because server_drain() closed it. */
static bool worker_take(struct server *s, struct connection *c)
{
    pthread_mutex_lock(&s->lock);
    bool taken = !c->busy;
    c->busy = true;
    pthread_mutex_unlock(&s->lock);
    return taken;
}

/* What has come on a connection. */
enum arrival { ARRIVAL_NONE, ARRIVAL_HALF, ARRIVAL_WHOLE, ARRIVAL_END };

static enum arrival look_at(struct worker *w, const struct connection *c)
{
    static const enum arrival of_state[] = {
        [RECORDS_HALF] = ARRIVAL_HALF, [RECORDS_WHOLE] = ARRIVAL_WHOLE, [RECORDS_WRONG] = ARRIVAL_END
    };
    if (c->gathered >= 0) {
        return ARRIVAL_WHOLE;
    }
    ssize_t n = recv(c->fcgi.ipcFd, w->look, sizeof w->look, MSG_PEEK | MSG_DONTWAIT);
    if (n <= 0) {
        return n < 0 && (errno == EAGAIN || errno == EINTR) ? ARRIVAL_NONE : ARRIVAL_END;
    }
    return of_state[records_look(w->look, (size_t)n)];
}

/* Answers the requests that have come on C, then arms it again, leaves it to the gatherer, or closes it. */
static void worker_serve(struct server *s, struct worker *w, struct connection *c)
{
    for (;;) {
        enum arrival arrival = look_at(w, c);
        if (arrival == ARRIVAL_HALF) {
            gather_add(s->gather, c->fcgi.ipcFd, c);
            return;
        }
        bool open = arrival == ARRIVAL_NONE || (arrival == ARRIVAL_WHOLE && answer_request(w, c));
        pthread_mutex_lock(&s->lock);
        bool goes_on = open && !s->draining;
        if (goes_on) {
            connection_arm(s, c, EPOLL_CTL_MOD);
        }
        pthread_mutex_unlock(&s->lock);
        if (goes_on) {
            return;
        }
        if (!open || !connection_last_call(c)) {
            break;
        }
    }
    pthread_mutex_lock(&s->lock);
    connection_close(s, c);
    pthread_mutex_unlock(&s->lock);
}

/* Called by the gatherer: all of the request on the connection ITEM is in the file FD; -1: it was given up.
 */
static void request_gathered(void *arg, void *item, int fd)
{
    struct server *s = arg;
    struct connection *c = item;
    c->gathered = fd;
    pthread_mutex_lock(&s->lock);
    if (fd >= 0) {
        connection_arm(s, c, EPOLL_CTL_MOD);
    } else {
        connection_close(s, c);
    }
    pthread_mutex_unlock(&s->lock);
}

static void *worker_main(void *arg)
{
    struct worker *w = arg;
    struct server *s = w->server;
    struct epoll_event event;
    crash_watch_thread();
    buf_init(&w->head, 512, HEAD_MAX);
    buf_init(&w->response.head, 1024, HEADERS_MAX);
    buf_init(&w->response.body, 16 << 10, RESPONSE_BODY_MAX);
    for (;;) {
        slot_take(w);
        if (epoll_wait(s->epoll_fd, &event, 1, -1) <= 0) {
            continue;
        }
        if (event.data.ptr == NULL) {
            break;
        }
        if (worker_take(s, event.data.ptr)) {
            worker_serve(s, w, event.data.ptr);
        }
    }
    slot_give_back(w);
    buf_free(&w->head);
    buf_free(&w->response.head);
    buf_free(&w->response.body);
    pthread_mutex_lock(&s->lock);
    if (--s->running == 0) {
        pthread_cond_signal(&s->ended);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* Accepts all waiting connections. Returns false when accept() fails for lack of a resource. */
static bool accept_waiting(struct server *s)
{
    for (;;) {
        int fd = accept4(s->options.listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            connection_open(s, fd);
        } else if (errno == EAGAIN) {
            return true;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return false;
        }
    }
}

/* Accepts until accept_end_fd is readable, then once more: maybe no other process is there to do it. */
static void *acceptor_main(void *arg)
{
    struct server *s = arg;
    struct pollfd waiting[] = { { .fd = s->accept_end_fd, .events = POLLIN },
                                { .fd = s->options.listen_fd, .events = POLLIN } };
    bool failing = false;
    crash_watch_thread();
    while ((waiting[0].revents & POLLIN) == 0) {
        bool accepted = accept_waiting(s);
        if (!accepted && !failing) {
            log_error("server.accept", "no connection can be accepted: %s", strerror(errno));
        }
        failing = !accepted;
        poll(waiting, failing ? 1 : 2, failing ? ACCEPT_PAUSE_MS : -1);
    }
    accept_waiting(s);
    return NULL;
}

/* Without this, libfcgi would install handlers of its own for SIGTERM, SIGUSR1 and SIGPIPE. */
static bool start_library(void)
{
    struct sigaction term;
    struct sigaction usr1;
    sigaction(SIGTERM, NULL, &term);
    sigaction(SIGUSR1, NULL, &usr1);
    int rc = FCGX_Init();
    sigaction(SIGTERM, &term, NULL);
    sigaction(SIGUSR1, &usr1, NULL);
    signal(SIGPIPE, SIG_IGN);
    return rc == 0;
}

/* The threads take no signals: EINTR in libfcgi's read() would cost a request. */
static bool start_threads(struct server *s)
{
    int error = 0;
    pthread_mutex_lock(&s->lock);
    while (error == 0 && s->started < s->options.threads) {
        struct worker *w = &s->workers[s->started];
        *w = (struct worker){ .server = s, .number = s->started };
        error = thread_start(&w->thread, worker_main, w);
        s->started += error == 0;
    }
    s->running = s->started;
    pthread_mutex_unlock(&s->lock);
    const struct gather_options gather = { s->options.stall_ms, s->options.request_max, request_gathered, s };
    s->gather = error == 0 ? gather_new(&gather) : NULL;
    error = error == 0 && s->gather == NULL ? errno : error;
    error = error == 0 ? thread_start(&s->acceptor, acceptor_main, s) : error;
    errno = error;
    return error == 0;
}

static void raise_event(int fd)
{
    uint64_t one = 1;
    if (write(fd, &one, sizeof one) != sizeof one) {
        log_error("server.event", "eventfd: %s", strerror(errno));
    }
}

/* Ends and joins the workers. Returns false if one is still busy at END. */
static bool join_workers(struct server *s, struct timespec end)
{
    raise_event(s->end_fd);
    pthread_mutex_lock(&s->lock);
    s->options.slots = s->options.threads; /* all must find out that it is time to end */
    pthread_cond_broadcast(&s->vacant);
    while (s->running > 0 && pthread_cond_timedwait(&s->ended, &s->lock, &end) != ETIMEDOUT) {
    }
    bool ended = s->running == 0;
    pthread_mutex_unlock(&s->lock);
    for (unsigned i = 0; ended && i < s->started; i++) {
        pthread_join(s->workers[i].thread, NULL);
    }
    return ended;
}

static void server_free(struct server *s)
{
    while (s->dead != NULL) {
        struct connection *c = s->dead;
        s->dead = c->next;
        free(c);
    }
    close(s->epoll_fd);
    close(s->accept_end_fd);
    close(s->end_fd);
    pthread_cond_destroy(&s->ended);
    pthread_cond_destroy(&s->vacant);
    pthread_mutex_destroy(&s->lock);
    free(s->workers);
    free(s);
}

static struct server *server_new(const struct server_options *options)
{
    struct server *s = mem_check(calloc(1, sizeof *s));
    s->options = *options;
    if (s->options.slots == 0) {
        s->options.slots = options->threads;
    }
    if (s->options.stall_ms == 0) {
        s->options.stall_ms = SERVER_STALL_MS;
    }
    if (s->options.request_max == 0) {
        s->options.request_max = SERVER_REQUEST_MAX;
    }
    s->workers = mem_check(calloc(options->threads, sizeof *s->workers));
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->accept_end_fd = eventfd(0, EFD_CLOEXEC);
    s->end_fd = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&s->lock, NULL);
    thread_cond_init(&s->ended);
    pthread_cond_init(&s->vacant, NULL);
    return s;
}

bool server_start(struct server **server, const struct server_options *options, struct error *e)
{
    struct server *s = server_new(options);
    struct epoll_event end = { .events = EPOLLIN };
    int flags = fcntl(options->listen_fd, F_GETFL);
    if (!start_library() || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->end_fd, &end) != 0 || flags < 0 ||
        fcntl(options->listen_fd, F_SETFL, flags | O_NONBLOCK) != 0 || !start_threads(s)) {
        error_set(e, ERROR_INTERNAL, "cannot serve with %u threads: %s", options->threads, strerror(errno));
        if (s->gather != NULL) {
            gather_free(s->gather);
        }
        join_workers(s, clock_after_ms(UINT_MAX));
        server_free(s);
        return false;
    }
    *server = s;
    return true;
}

/* Closes the connections without a request; the workers close the others. A connection that never had a
 * request stays open: nginx opened it to send one. */
static void close_idle(struct server *s)
{
    struct connection *next;
    for (struct connection *c = s->open; c != NULL; c = next) {
        next = c->next;
        if (!c->busy && c->used && c->gathered < 0 && !connection_last_call(c)) {
            connection_close(s, c);
        }
    }
}

static void wait_until_none_open(struct server *s, struct timespec end)
{
    while (s->open != NULL && pthread_cond_timedwait(&s->ended, &s->lock, &end) != ETIMEDOUT) {
    }
}

bool server_drain(struct server *s, unsigned grace_ms)
{
    struct timespec end = clock_after_ms(grace_ms);
    raise_event(s->accept_end_fd);
    pthread_join(s->acceptor, NULL);
    close(s->options.listen_fd);
    pthread_mutex_lock(&s->lock);
    s->draining = true;
    close_idle(s);
    wait_until_none_open(s, end);
    pthread_mutex_unlock(&s->lock);
    gather_free(s->gather);
    if (!join_workers(s, clock_after_ms(LATE_MS))) {
        return false;
    }
    while (s->open != NULL) {
        connection_last_call(s->open);
        connection_close(s, s->open);
    }
    server_free(s);
    return true;
}
