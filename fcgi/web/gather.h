/* Requests of which only a part has come: one thread waits for the rest of all of them, so that none takes up
 * a worker thread. */
#ifndef BALROG_WEB_GATHER_H
#define BALROG_WEB_GATHER_H

#include <stddef.h>

struct gather;

struct gather_options {
    unsigned stall_ms;  /* how long nothing may come before a request is given up */
    size_t request_max; /* bytes kept of a request; the rest of a body that is longer is thrown away */
    /* ITEM's request is whole: FD is a file with it, at its beginning, the callee's. FD -1: it was given up.
     * Called by gather's thread, which has let go of ITEM by then. */
    void (*done)(void *arg, void *item, int fd);
    void *arg;
};

/* Starts the thread. NULL when that fails; errno says why. */
struct gather *gather_new(const struct gather_options *options);
/* Reads what comes on SOCKET until a request is whole. */
void gather_add(struct gather *g, int socket, void *item);
/* Ends the thread and frees G. Items that it still has are left as they are: nothing is called for them. */
void gather_free(struct gather *g);

#endif
