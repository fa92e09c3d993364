/* What has come is kept in a file in memory, because libfcgi reads requests from a descriptor. If too many
 * requests have begun, the oldest ones are given up. */
#include "web/gather.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/thread.h"
#include "ops/crash.h"
#include "ops/log.h"
#include "web/records.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    HALVES_MAX = 256, /* requests that are waited for */
    WHOLES_MAX = 16,  /* their memory: as much as this many of the longest requests need */
    CHUNK = 64 << 10,
    TURN = 16,      /* chunks that are read of one request before the others get their turn */
    TICK_MS = 1000, /* how often stalled requests are looked for */
};

/* A request that has begun to come. */
struct half_request {
    int socket, file;
    void *item;
    struct records records;
    int64_t last_ms; /* when something came */
    struct half_request *next, *previous;
};

struct gather {
    struct gather_options options;
    pthread_t thread;
    int epoll_fd;
    int end_fd; /* in the epoll set; readable: the thread ends */

    pthread_mutex_t lock; /* of what follows */
    struct half_request *newest, *oldest;
    size_t n;
    size_t kept; /* bytes in files */
    char chunk[CHUNK];
};

static void unlink_half(struct gather *g, struct half_request *h)
{
    *(h->previous != NULL ? &h->previous->next : &g->newest) = h->next;
    *(h->next != NULL ? &h->next->previous : &g->oldest) = h->previous;
    g->n--;
    g->kept -= h->records.kept;
}

/* Removes H, and reports it as whole or as given up. */
static void end_half(struct gather *g, struct half_request *h, bool whole)
{
    epoll_ctl(g->epoll_fd, EPOLL_CTL_DEL, h->socket, NULL);
    pthread_mutex_lock(&g->lock);
    unlink_half(g, h);
    pthread_mutex_unlock(&g->lock);
    int file = h->file;
    void *item = h->item;
    free(h);
    if (!whole || lseek(file, 0, SEEK_SET) != 0) {
        close(file);
        file = -1;
    }
    g->options.done(g->options.arg, item, file);
}

static bool keep_bytes(struct half_request *h, struct str s)
{
    while (s.n > 0) {
        ssize_t n = write(h->file, s.p, s.n);
        if (n <= 0) {
            log_error("server.gather", "a request is lost: no memory for it: %s", strerror(errno));
            return false;
        }
        s = str_slice(s, (size_t)n, s.n);
    }
    return true;
}

/* Reads what has come. Returns false when nothing more is to be read. */
static bool read_more(struct gather *g, struct half_request *h)
{
    ssize_t n = 0;
    for (int i = 0; i < TURN && (n = recv(h->socket, g->chunk, sizeof g->chunk, MSG_DONTWAIT)) > 0; i++) {
        struct str rest = { g->chunk, (size_t)n }, kept;
        size_t before = h->records.kept;
        h->last_ms = clock_ms();
        while (rest.n > 0 && h->records.state == RECORDS_HALF) {
            rest = str_slice(rest, records_read(&h->records, rest.p, rest.n, &kept), rest.n);
            if (!keep_bytes(h, kept)) {
                h->records.state = RECORDS_WRONG;
            }
        }
        pthread_mutex_lock(&g->lock);
        g->kept += h->records.kept - before;
        pthread_mutex_unlock(&g->lock);
        if (h->records.state != RECORDS_HALF) {
            return false;
        }
    }
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* The request that must be given up: one that has stalled, or the oldest of too many. NULL: none. */
static struct half_request *find_late(struct gather *g)
{
    int64_t since = clock_ms() - g->options.stall_ms;
    struct half_request *late = NULL;
    pthread_mutex_lock(&g->lock);
    if (g->n > HALVES_MAX || g->kept / WHOLES_MAX > g->options.request_max) {
        late = g->oldest;
    }
    for (struct half_request *h = g->oldest; h != NULL && late == NULL; h = h->previous) {
        late = h->last_ms <= since ? h : NULL;
    }
    pthread_mutex_unlock(&g->lock);
    return late;
}

/* How long to wait for the next event, in ms; -1, without end, while there is no request. */
static int next_tick_ms(struct gather *g)
{
    pthread_mutex_lock(&g->lock);
    bool idle = g->n == 0;
    pthread_mutex_unlock(&g->lock);
    return idle ? -1 : g->options.stall_ms < TICK_MS ? (int)g->options.stall_ms : TICK_MS;
}

static void *gather_main(void *arg)
{
    struct gather *g = arg;
    struct epoll_event event;
    crash_watch_thread();
    for (;;) {
        int n = epoll_wait(g->epoll_fd, &event, 1, next_tick_ms(g));
        if (n > 0 && event.data.ptr == NULL) {
            return NULL;
        }
        struct half_request *h = n > 0 ? event.data.ptr : NULL;
        if (h != NULL && !read_more(g, h)) {
            end_half(g, h, h->records.state == RECORDS_WHOLE);
        }
        while ((h = find_late(g)) != NULL) {
            end_half(g, h, false);
        }
    }
}

static void close_all(struct gather *g)
{
    close(g->epoll_fd);
    close(g->end_fd);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

struct gather *gather_new(const struct gather_options *options)
{
    struct gather *g = mem_check(calloc(1, sizeof *g));
    struct epoll_event end = { .events = EPOLLIN };
    g->options = *options;
    g->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    g->end_fd = eventfd(0, EFD_CLOEXEC);
    pthread_mutex_init(&g->lock, NULL);
    int error = epoll_ctl(g->epoll_fd, EPOLL_CTL_ADD, g->end_fd, &end) != 0 ? errno : 0;
    error = error == 0 ? thread_start(&g->thread, gather_main, g) : error;
    if (error != 0) {
        close_all(g);
        errno = error;
        return NULL;
    }
    return g;
}

static bool watch_socket(struct gather *g, struct half_request *h)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.ptr = h };
    return h->file >= 0 && epoll_ctl(g->epoll_fd, EPOLL_CTL_ADD, h->socket, &event) == 0;
}

void gather_add(struct gather *g, int socket, void *item)
{
    struct half_request *h = mem_check(calloc(1, sizeof *h));
    *h = (struct half_request){
        .socket = socket,
        .file = memfd_create("request", MFD_CLOEXEC),
        .item = item,
        .records = { .max = g->options.request_max },
        .last_ms = clock_ms(),
    };
    pthread_mutex_lock(&g->lock);
    h->next = g->newest;
    *(h->next != NULL ? &h->next->previous : &g->oldest) = h;
    g->newest = h;
    g->n++;
    bool watched = watch_socket(g, h);
    pthread_mutex_unlock(&g->lock);
    if (!watched) {
        log_error("server.gather", "a request is lost: %s", strerror(errno));
        end_half(g, h, false);
    }
}

void gather_free(struct gather *g)
{
    uint64_t one = 1;
    if (write(g->end_fd, &one, sizeof one) != sizeof one) {
        log_error("server.gather", "eventfd: %s", strerror(errno));
    }
    pthread_join(g->thread, NULL);
    while (g->oldest != NULL) {
        struct half_request *h = g->oldest;
        unlink_half(g, h);
        close(h->file);
        free(h);
    }
    close_all(g);
}
