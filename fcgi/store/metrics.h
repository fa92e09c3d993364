/* What is counted of the database. */
#ifndef BALROG_STORE_METRICS_H
#define BALROG_STORE_METRICS_H

#include "ops/metrics.h"
#include "store/fail.h"
#include "store/pool.h"

/* Rows of the table. */
enum store_metric {
    STORE_STATEMENTS,   /* sent */
    STORE_ERRORS,       /* by store_error_kind() */
    STORE_POOL_REFUSED, /* work that got no connection in time */
    STORE_TX_RETRIES,   /* transactions that were run again */
    STORE_COUNTED,
};
extern struct metric store_metric[];

/* The place of KIND among the kinds of STORE_ERRORS; FATAL: the connection is gone. */
unsigned store_error_kind(enum fail kind, bool fatal);

/* Registers all of it, and how POOL is used. */
void store_metrics_register(struct pool *pool);

#endif
