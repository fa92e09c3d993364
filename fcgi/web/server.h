/* The FastCGI server: threads that answer requests on the connections of one listening unix socket.
 *
 * A connection does not occupy a thread: nginx may keep any number of them open. A request waits only while
 * every thread, or with "slots" that many threads, is busy with other requests. */
#ifndef BALROG_WEB_SERVER_H
#define BALROG_WEB_SERVER_H

#include "web/http.h"

struct server;

struct server_options {
    int listen_fd; /* from server_socket(); made non-blocking; owned by the server once it has started */
    unsigned threads;
    /* For a service that answers most requests at once: how many threads take requests at the same time. The
     * others replace those whose request waits (server_may_wait). 0: all threads take requests. */
    unsigned slots;
    /* How long nothing may come of a request that has begun, before its connection is closed. 0: 10 s. */
    unsigned stall_ms;
    /* The maximum length of a request in bytes, body included; the handler gets a longer body cut short. 0: 1
     * MB. */
    size_t request_max;
    /* Answers R into RESPONSE, which is empty. THREAD is the number of the calling thread, 0…threads-1. A
     * response with the status 0, or one that does not fit into its buffers, is sent as a 500. */
    void (*handle)(void *arg, unsigned thread, const struct request *r, struct response *response);
    void *arg;
};

/* To be called by a handler before it waits for anything (a database, another server, a lock that may be held
 * for long): from here on the request R uses none of the server's slots. */
void server_may_wait(const struct request *r);
/* Whether nginx has closed the connection of the request R, which is being answered: nobody waits for the
 * response any more. nginx does so when its client goes, and when it has waited too long. Cheap; from any
 * thread. */
bool server_client_is_gone(const struct request *r);

/* Returns the socket to listen on: one that was inherited as fd 0 (FastCGI's convention) or by LISTEN_FDS
 * (systemd), otherwise a new unix socket at PATH with the file mode MODE (0660). A stale socket at PATH is
 * replaced. *INHERITED says which of them it is. Returns -1 on failure, for example if another process
 * listens at PATH: E says why. */
int server_socket(const char *path, unsigned mode, bool *inherited, struct error *e);

/* Starts the threads, which take no signals. Returns false, with the reason in E, when that fails. Has the
 * process ignore SIGPIPE. */
bool server_start(struct server **server, const struct server_options *options, struct error *e);
/* Stops accepting, answers every request that was under way or had reached us (for at most GRACE_MS), closes
 * idle kept-alive connections, joins the threads and frees the server. If nginx sends a request too
 * late, its write fails, and it tries another worker. The listening socket is closed, never shut down:
 * whoever else holds it goes on. Returns false when requests were still running after GRACE_MS: their threads
 * go on, so end the process. */
bool server_drain(struct server *server, unsigned grace_ms);

#endif
