/* A few database connections for the threads that answer /api/v1 and the heartbeat. */
#ifndef BALROG_STORE_POOL_H
#define BALROG_STORE_POOL_H

#include "store/db.h"

struct pool;

/* A pool of at most SIZE connections, each opened when it is first needed. Owned by CTX; CONFIG must outlive it. */
struct pool *pool_new(void *ctx, const struct config *config, unsigned size);
/* Runs WORK with a connection of its own. A connection that turns out to be dead (the server closed it while it lay idle) is
 * replaced and WORK is run again, once; so WORK only reads, and starts its output from scratch. Waits at most WAIT_MS for a
 * free connection. False with a 503 in E when there is none, or with what WORK said. Safe from any thread. */
bool pool_run(struct pool *pool, unsigned wait_ms, bool (*work)(struct db *db, void *arg, struct error *e), void *arg,
              struct error *e);

#endif
