/* Metrics about the use of a pool of database connections. */
#ifndef BALROG_STORE_POOL_METRICS_H
#define BALROG_STORE_POOL_METRICS_H

#include "store/pool.h"

/* Registers the metrics of POOL, which must live as long as the program. */
void pool_metrics_register(struct pool *pool);

#endif
