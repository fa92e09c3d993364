/* A pool of database connections that the threads of a program share. */
#ifndef BALROG_STORE_POOL_H
#define BALROG_STORE_POOL_H

#include "store/hosts.h"

enum {
    POOL_REST_MS = 500, /* after a failure to open a connection, no thread tries again for this long */
    POOL_WAITERS = 8,   /* number of threads per connection that may wait for one */
    POOL_STUCK_MS =
        1000, /* if no connection was taken or returned for this long, one thread per connection may wait */
};

struct pool;

/* A pool of at most SIZE connections to the server of HOSTS that is for USE. A connection is opened when it
 * is first needed. When another server is chosen, connections are opened to that one. Owned by CTX; HOSTS
 * must live longer than the pool. */
struct pool *pool_new(void *ctx, struct hosts *hosts, enum hosts_use use, unsigned size);
/* Runs WORK with a connection that nobody else uses meanwhile.
 *
 * If the server had closed the connection while it was idle, WORK fails at its first statement; if the server
 * dies, and another one is chosen, it fails anywhere. Then it is run again, once, on a new connection. So
 * WORK must be able to start again from the beginning: it may write, but only in a transaction that it begins
 * itself, and it must not keep anything of the first try. If WORK fails, the connection is closed, which
 * rolls back an open transaction.
 *
 * Waits at most WAIT_MS for a free connection, and not at all if too many threads wait already (POOL_WAITERS,
 * POOL_STUCK_MS), so that a slow database cannot hold up all threads of a program. Returns false with a 503
 * in E if there is no connection, or with the error of WORK. Safe from any thread. */
bool pool_run(struct pool *pool, unsigned wait_ms, bool (*work)(struct db *db, void *arg, struct error *e),
              void *arg, struct error *e);

/* The servers that it connects to. */
struct hosts *pool_hosts(struct pool *pool);
/* hosts_may_write() of the pool's servers. */
bool pool_may_write(struct pool *pool, struct error *e);

/* The numbers of connections in use and idle, and of threads that wait for one. Safe from any thread. */
struct pool_use {
    unsigned size, used, idle, waiting;
};
void pool_use(struct pool *pool, struct pool_use *use);

#endif
