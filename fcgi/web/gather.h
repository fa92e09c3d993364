/* Requests that have come only in part: one thread waits for the rest of all of them, so that they do not
 * occupy worker threads. */
#ifndef BALROG_WEB_GATHER_H
#define BALROG_WEB_GATHER_H

#include <stddef.h>

struct gather;

struct gather_options {
    unsigned stall_ms;  /* how long nothing may come before a request is given up */
    size_t request_max; /* bytes kept of a request; the rest of a body that is longer is thrown away */
    /* Called by the thread when all of ITEM's request has come: FD is a file with it, positioned at its
     * beginning, which the callee owns. FD -1: the request was given up. ITEM is no longer used afterwards.
     */
    void (*done)(void *arg, void *item, int fd);
    void *arg;
};

/* Starts the thread. NULL when that fails; errno says why. */
struct gather *gather_new(const struct gather_options *options);
/* Reads from SOCKET until a request is whole, then calls done() with ITEM. */
void gather_add(struct gather *g, int socket, void *item);
/* Ends the thread and frees G. done() is not called for requests that are still incomplete. */
void gather_free(struct gather *g);

#endif
