/* A few database connections for the threads that answer /api/v1 and the heartbeat. */
#ifndef BALROG_STORE_POOL_H
#define BALROG_STORE_POOL_H

#include "store/db.h"

enum {
    POOL_REST_MS = 500,   /* after a connection could not be opened, for so long nobody tries */
    POOL_WAITERS = 8,     /* so many threads for each connection may wait… */
    POOL_STUCK_MS = 1000, /* …or one, when none was taken or given back for so long: the database hangs */
};

struct pool;

/* A pool of at most SIZE connections to AT, each opened when it is first needed. Owned by CTX; AT must
 * outlive it. */
struct pool *pool_new(void *ctx, const struct config_database *at, unsigned size);
/* Runs WORK with a connection of its own. A connection that turns out to be dead (the server closed it while
 * it lay idle) is replaced and WORK is run again, once; so WORK only reads, and starts its output from
 * scratch. When WORK fails, the connection is closed, and with it whatever transaction was open. Waits at
 * most WAIT_MS for a free connection, and not at all where as many wait as may (POOL_WAITERS, POOL_STUCK_MS),
 * so that a slow database never holds up all threads of a service. False with a 503 in E when there is no
 * connection, or with what WORK said. Safe from any thread. */
bool pool_run(struct pool *pool, unsigned wait_ms, bool (*work)(struct db *db, void *arg, struct error *e),
              void *arg, struct error *e);

/* How many connections are in use and idle, and how many threads wait for one. Safe from any thread. */
struct pool_use {
    unsigned size, used, idle, waiting;
};
void pool_use(struct pool *pool, struct pool_use *use);

#endif
