/* The FastCGI server: threads that answer requests on the connections of one listening unix socket.
 *
 * No connection owns a thread: nginx may keep as many connections open as it likes, and a request waits only
 * while every thread is busy answering another one, or, with "slots", while so many are busy without
 * waiting. */
#ifndef BALROG_WEB_SERVER_H
#define BALROG_WEB_SERVER_H

#include "web/http.h"

struct server;

struct server_options {
    int listen_fd; /* of server_socket(); made non-blocking; owned by the server once it has started */
    unsigned threads;
    /* For a service that answers most requests at once: how many threads take requests at the same time, the
     * others standing by for those that wait (server_may_wait). 0: all of them, and any request may wait. */
    unsigned slots;
    /* How long the rest of a request may take that has begun to come, before its connection is closed. 0: 10
     * s. */
    unsigned stall_ms;
    /* Bytes of a request that are kept, at most, its body included; a body that is longer comes to the
     * handler cut short. 0: 1 MB. */
    size_t request_max;
    /* Answers R into the (reset) RESPONSE. THREAD is this thread's number, 0…threads-1. A status of 0, and a
     * response that outgrew its buffers, are sent as 500. */
    void (*handle)(void *arg, unsigned thread, const struct request *r, struct response *response);
    void *arg;
};

/* For a handler, before it waits for anything (a database, another server, a lock that is held for long):
 * from here to its end the request R takes up none of the server's slots. */
void server_may_wait(const struct request *r);

/* The socket to listen on: one inherited as fd 0 (FastCGI's convention) or by LISTEN_FDS (systemd), else
 * PATH, a unix socket made with MODE (0660) in place of a stale one. A live one of somebody else's is an
 * error. *INHERITED tells which. -1 on failure. */
int server_socket(const char *path, unsigned mode, bool *inherited, struct error *e);

/* Starts the threads; false when that fails. They take no signals. SIGPIPE is ignored from here on. */
bool server_start(struct server **server, const struct server_options *options, struct error *e);
/* Stops accepting, answers every request that was under way or had reached us (for at most GRACE_MS), closes
 * idle kept-alive connections, joins the threads and frees the server. What nginx sends too late it is told
 * so by its write failing, and tries elsewhere. The listening socket is closed, never shut down: whoever else
 * holds it goes on.
 * Returns false when requests were still running after GRACE_MS: their threads go on, so end the process. */
bool server_drain(struct server *server, unsigned grace_ms);

#endif
