/* The accept loop: N threads on one listening socket, each with its own request, buffers and state.
 *
 * A thread that accepted a kept-alive connection belongs to it until nginx closes it, so threads must
 * outnumber nginx's connections: see docs/architecture.md. */
#ifndef BALROG_WEB_SERVER_H
#define BALROG_WEB_SERVER_H

#include "web/http.h"

struct server;

struct server_options {
    int listen_fd;
    unsigned threads;
    /* Answers R into the (reset) RESPONSE. THREAD is this thread's number, 0…threads-1. A status of 0 is sent
     * as 500. */
    void (*handle)(void *arg, unsigned thread, const struct request *r, struct response *response);
    void *arg;
};

/* The socket to listen on: one inherited as fd 0 (FastCGI's convention) or by LISTEN_FDS (systemd), else
 * PATH, a unix socket made with MODE (0660) in place of a stale one. A live one of somebody else's is an
 * error. *INHERITED tells which. -1 on failure. */
int server_socket(const char *path, unsigned mode, bool *inherited, struct error *e);

/* Starts the threads; false when that fails. Signals should be blocked in the calling thread before this. */
bool server_start(struct server **server, const struct server_options *options, struct error *e);
/* Stops accepting, lets every request under way finish (at most GRACE_MS), closes idle kept-alive
 * connections, joins the threads and frees the server. An inherited socket stays open for whoever else holds
 * it. Returns false when requests were still running after GRACE_MS. */
bool server_drain(struct server *server, unsigned grace_ms);

#endif
