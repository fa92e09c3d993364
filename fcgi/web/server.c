/* libfcgi speaks the protocol; accepting and waiting are done here, because libfcgi's own way to wait loses
 * requests: its thread sits in accept() or read() until a signal, and a signal that comes while a request is
 * being read closes the connection under it.
 *
 * So one thread accepts, all connections are in one epoll set, armed for one event at a time, and any of the
 * worker threads takes the next connection that has something to read. libfcgi is handed the connection
 * (ipcFd) and no listening socket: where it would accept, it fails and comes back.
 *
 * Places: where requests take microseconds, waking a thread for each costs more than answering it. So only as
 * many threads as there are places (processors) wait for events; one that is awake takes what has come
 * meanwhile without being woken. A thread whose request may have to wait gives its place to another.
 *
 * Draining: a kept-alive connection must be closed although nginx may be sending a request on it right now.
 * shutdown(SHUT_RD) on a unix socket settles that: what nginx wrote before it can still be read and gets its
 * answer; what comes after it fails with EPIPE in nginx, which then asks another worker.
 *
 * server.lock guards who may touch a connection. A worker makes it busy for as long as it has it; arming it
 * again comes before the lock is given back. server_drain() closes only what is not busy. A worker may by
 * then hold an event of such a connection and finds it busy for good: while draining, nothing is freed before
 * the threads have ended.
 *
 * Writes: libfcgi collects 8 KB, so that head, body and the end of the request leave in one write up to about
 * 8100 bytes; a longer response takes a write for each 8 KB. */
#include "web/server.h"

#include "core/clock.h"
#include "core/mem.h"
#include "ops/crash.h"
#include "ops/log.h"

#include <errno.h>
#include <fcgiapp.h>
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
    BODY_CHUNK = 16 << 10,         /* a request's body is read in pieces of this size */
    ACCEPT_PAUSE_MS = 100,         /* after an accept() that failed, as for want of descriptors */
    LATE_MS = 200,                 /* for idle threads to end once the time for draining is over */
    STALL_MS = 10000,              /* unless the options say otherwise */
};

struct connection {
    FCGX_Request fcgi;
    bool busy; /* a worker has it, or it is closed */
    bool used; /* it had a request: nginx is ready for its end */
    struct connection *next, *previous;
};

struct worker {
    struct server *server;
    unsigned number;
    bool placed; /* it has one of the server's places; nobody else's business */
    pthread_t thread;
    struct buf head; /* status line and headers, as they are sent */
    struct response response;
};

struct server {
    struct server_options options;
    int epoll_fd;
    int accept_end_fd; /* readable: the acceptor ends */
    int end_fd;        /* in the epoll set; readable: the workers end */
    pthread_t acceptor;
    struct worker *workers;
    unsigned started;

    pthread_mutex_t lock;  /* of what follows */
    pthread_cond_t ended;  /* the last open connection or the last running worker has */
    pthread_cond_t vacant; /* a place is */
    bool draining;
    unsigned running;
    unsigned placed;
    struct connection *open;
    struct connection *dead; /* closed while draining */
};

/* ---- places ---- */

static void place_take(struct worker *w)
{
    struct server *s = w->server;
    if (w->placed) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    while (s->placed >= s->options.places) {
        pthread_cond_wait(&s->vacant, &s->lock);
    }
    s->placed++;
    pthread_mutex_unlock(&s->lock);
    w->placed = true;
}

static void place_leave(struct worker *w)
{
    struct server *s = w->server;
    if (!w->placed) {
        return;
    }
    pthread_mutex_lock(&s->lock);
    s->placed--;
    pthread_cond_signal(&s->vacant);
    pthread_mutex_unlock(&s->lock);
    w->placed = false;
}

void server_may_wait(const struct request *r)
{
    place_leave(r->worker);
}

/* ---- connections ---- */

/* Closes C, which nobody else has and the caller may not look at again. s->lock is held. */
static void connection_close(struct server *s, struct connection *c)
{
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

/* Has some worker take C when there is something to read. s->lock is held. */
static void connection_arm(struct server *s, struct connection *c, int operation)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT, .data.ptr = c };
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
    FCGX_InitRequest(&c->fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
    c->fcgi.ipcFd = fd;
    c->fcgi.keepConnection = 1; /* else FCGX_Accept_r() begins by closing it */
    pthread_mutex_lock(&s->lock);
    c->next = s->open;
    if (c->next != NULL) {
        c->next->previous = c;
    }
    s->open = c;
    connection_arm(s, c, EPOLL_CTL_ADD);
    pthread_mutex_unlock(&s->lock);
}

/* Lets no more in on C, and tells whether something that came before is waiting to be read. */
static bool connection_last_call(const struct connection *c)
{
    char byte;
    shutdown(c->fcgi.ipcFd, SHUT_RD);
    return recv(c->fcgi.ipcFd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

/* ---- one request ---- */

static enum method parse_method(struct str name)
{
    static const struct {
        struct str name;
        enum method method;
    } methods[] = {
        { { "GET", 3 }, METHOD_GET },       { { "HEAD", 4 }, METHOD_HEAD },
        { { "POST", 4 }, METHOD_POST },     { { "PUT", 3 }, METHOD_PUT },
        { { "DELETE", 6 }, METHOD_DELETE }, { { "OPTIONS", 7 }, METHOD_OPTIONS },
        { { "PATCH", 5 }, METHOD_PATCH },
    };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (str_eq(methods[i].name, name)) {
            return methods[i].method;
        }
    }
    return METHOD_OTHER;
}

static struct str param_or_empty(const struct request *r, const char *name)
{
    struct str value = request_param(r, name);
    return str_absent(value) ? STR("") : value;
}

static struct request request_of(const FCGX_Request *fcgi, struct worker *w)
{
    struct request r = { .params = fcgi->envp, .input = fcgi->in, .worker = w };
    r.method_name = param_or_empty(&r, "REQUEST_METHOD");
    r.method = parse_method(r.method_name);
    r.uri = param_or_empty(&r, "REQUEST_URI");
    r.id = param_or_empty(&r, "REQUEST_ID");
    r.args = r.uri;
    str_split(&r.args, '?', &r.path);
    return r;
}

/* A response that cannot be sent as it is becomes a 500. */
static void response_repair(struct response *response, const struct request *r)
{
    const char *why = response->status == 0                        ? "no status was set"
                      : response->head.full || response->body.full ? "it is too long"
                                                                   : NULL;
    if (why != NULL) {
        log_write(LOG_ERROR, "server.response", r->id, "the response to %.*s was lost: %s", STR_ARG(r->uri),
                  why);
        response_reset(response);
        response_text(response, 500, "text/plain; charset=utf-8", STR("Internal Server Error"));
    }
}

static void put(FCGX_Request *fcgi, const struct buf *b)
{
    if (b->n > 0) {
        FCGX_PutStr(b->p, (int)b->n, fcgi->out);
    }
}

static void send_response(FCGX_Request *fcgi, struct buf *head, const struct response *response,
                          enum method method)
{
    bool bodiless = response->status < 200 || response->status == 204 || response->status == 304;
    buf_reset(head);
    buf_lit(head, "Status: ");
    buf_int(head, response->status);
    buf_char(head, ' ');
    buf_str(head, str_of(http_reason(response->status)));
    if (response->content_type != NULL) {
        buf_lit(head, "\r\nContent-Type: ");
        buf_str(head, str_of(response->content_type));
    }
    if (!bodiless) {
        buf_lit(head, "\r\nContent-Length: ");
        buf_int(head, (int64_t)response->body.n);
    }
    buf_lit(head, "\r\n");
    buf_str(head, buf_view(&response->head));
    buf_lit(head, "\r\n");
    put(fcgi, head);
    if (!bodiless && method != METHOD_HEAD) {
        put(fcgi, &response->body);
    }
}

bool request_body(const struct request *r, struct buf *out, struct error *e)
{
    struct str length = request_param(r, "CONTENT_LENGTH");
    size_t wanted = str_absent(length) ? 0 : strtoul(length.p, NULL, 10);
    if (wanted > out->max - out->n) {
        return error_set(e, 413, "The body is longer than %zu bytes", out->max);
    }
    buf_reserve(out, wanted);
    char chunk[BODY_CHUNK];
    size_t got = 0;
    for (int n; (n = FCGX_GetStr(chunk, sizeof chunk, r->input)) > 0; got += (size_t)n) {
        buf_bytes(out, chunk, (size_t)n);
        if (out->full) {
            return error_set(e, 413, "The body is longer than %zu bytes", out->max);
        }
    }
    return got >= wanted || error_set(e, 400, "The body ended after %zu of %zu bytes", got, wanted);
}

/* What the handler left of the request's body: libfcgi would take it for the connection's next request. */
static void discard_input(FCGX_Request *fcgi)
{
    char rest[8192];
    while (FCGX_GetStr(rest, sizeof rest, fcgi->in) == (int)sizeof rest) {
    }
}

/* Reads one request from C and answers it. False when the connection has ended. */
static bool answer(struct worker *w, struct connection *c)
{
    if (FCGX_Accept_r(&c->fcgi) != 0) {
        return false;
    }
    c->used = true;
    struct request r = request_of(&c->fcgi, w);
    response_reset(&w->response);
    log_request_begin(r.id, r.method_name, r.uri);
    w->server->options.handle(w->server->options.arg, w->number, &r, &w->response);
    response_repair(&w->response, &r);
    log_request_end();
    discard_input(&c->fcgi);
    send_response(&c->fcgi, &w->head, &w->response, r.method);
    FCGX_Finish_r(&c->fcgi);
    if (w->response.body.cap > BODY_KEEP) {
        size_t max = w->response.body.max;
        buf_free(&w->response.body);
        buf_init(&w->response.body, 0, max);
    }
    return c->fcgi.ipcFd >= 0;
}

/* ---- threads ---- */

/* Makes C this thread's own. False when server_drain() came first and closed it. */
static bool worker_take(struct server *s, struct connection *c)
{
    pthread_mutex_lock(&s->lock);
    bool taken = !c->busy;
    c->busy = true;
    pthread_mutex_unlock(&s->lock);
    return taken;
}

/* Answers what has come on C, then leaves it to epoll again, or closes it. */
static void worker_serve(struct server *s, struct worker *w, struct connection *c)
{
    bool open = answer(w, c);
    pthread_mutex_lock(&s->lock);
    if (open && !s->draining) {
        connection_arm(s, c, EPOLL_CTL_MOD);
    } else {
        pthread_mutex_unlock(&s->lock);
        while (open && connection_last_call(c)) {
            open = answer(w, c);
        }
        pthread_mutex_lock(&s->lock);
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
        place_take(w);
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
    place_leave(w);
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

/* Takes in all connections that wait. False when accept() fails for want of something. */
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

/* Accepts until accept_end_fd says stop, then takes once more what waits: nobody else may be there to. */
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

/* libfcgi handles SIGTERM, SIGUSR1 and SIGPIPE in ways of its own unless somebody else does. */
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

/* Starts the threads with every signal blocked: EINTR in libfcgi's read() would cost a request. */
static bool start_threads(struct server *s)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = 0;
    pthread_mutex_lock(&s->lock);
    while (error == 0 && s->started < s->options.threads) {
        struct worker *w = &s->workers[s->started];
        *w = (struct worker){ .server = s, .number = s->started };
        error = pthread_create(&w->thread, NULL, worker_main, w);
        s->started += error == 0;
    }
    s->running = s->started;
    pthread_mutex_unlock(&s->lock);
    error = error == 0 ? pthread_create(&s->acceptor, NULL, acceptor_main, s) : error;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
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

/* Ends and joins the workers; false when one is still busy at END. */
static bool join_workers(struct server *s, struct timespec end)
{
    raise_event(s->end_fd);
    pthread_mutex_lock(&s->lock);
    s->options.places = s->options.threads; /* all may look, at once, that it is time to end */
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
    if (s->options.places == 0) {
        s->options.places = options->threads;
    }
    if (s->options.stall_ms == 0) {
        s->options.stall_ms = STALL_MS;
    }
    s->workers = mem_check(calloc(options->threads, sizeof *s->workers));
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->accept_end_fd = eventfd(0, EFD_CLOEXEC);
    s->end_fd = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&s->ended, &attributes);
    pthread_cond_init(&s->vacant, NULL);
    pthread_condattr_destroy(&attributes);
    return s;
}

bool server_start(struct server **server, const struct server_options *options, struct error *e)
{
    struct server *s = server_new(options);
    struct epoll_event end = { .events = EPOLLIN };
    int flags = fcntl(options->listen_fd, F_GETFL);
    if (!start_library() || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->end_fd, &end) != 0 || flags < 0 ||
        fcntl(options->listen_fd, F_SETFL, flags | O_NONBLOCK) != 0 || !start_threads(s)) {
        error_set(e, 500, "cannot serve with %u threads: %s", options->threads, strerror(errno));
        join_workers(s, clock_after_ms(UINT_MAX));
        server_free(s);
        return false;
    }
    *server = s;
    return true;
}

/* Closes the connections on which nothing is under way; the workers close the others. One that never had a
 * request stays open: nginx made it to send one. */
static void close_idle(struct server *s)
{
    struct connection *next;
    for (struct connection *c = s->open; c != NULL; c = next) {
        next = c->next;
        if (!c->busy && c->used && !connection_last_call(c)) {
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
