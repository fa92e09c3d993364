/* Counters of what the store does. */
#ifndef BALROG_STORE_METRICS_H
#define BALROG_STORE_METRICS_H

#include "ops/metrics.h"
#include "store/fail.h"

/* Rows of the table. */
enum store_metric {
    STORE_STATEMENTS,   /* statements sent */
    STORE_ERRORS,       /* by kind of error, see store_error_kind() */
    STORE_POOL_REFUSED, /* pool_run() calls that did not get a connection in time */
    STORE_TX_RETRIES,   /* transactions that were run again */
    STORE_COUNTED,
};
extern struct metric store_metric[];

/* The series of STORE_ERRORS in which an error of KIND is counted. FATAL: the connection is lost. */
unsigned store_error_kind(enum fail kind, bool fatal);

void store_metrics_register(void);

#endif
