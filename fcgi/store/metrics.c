/* See metrics.h. */
#include "store/metrics.h"

enum error_kind { ERROR_CONNECTION, ERROR_BUSY, ERROR_VALUE, ERROR_OTHER };
static const char *const kinds[] = { "connection", "busy", "value", "other" };
static const char *const states[] = { "used", "idle", "waiting" };

struct metric store_metric[] = {
    [STORE_STATEMENTS] = { "database_statements_total", "Statements sent.", METRIC_COUNTER },
    [STORE_ERRORS] = { "database_errors_total",
                       "Statements and connections that failed: connection lost or not to be had, busy "
                       "(deadlock, "
                       "lock timeout), a value that does not fit, other.",
                       METRIC_COUNTER,
                       { { "kind", kinds, sizeof kinds / sizeof kinds[0] } } },
    [STORE_POOL_REFUSED] = { "database_pool_refused_total", "Work that got no connection in time.",
                             METRIC_COUNTER },
    [STORE_TX_RETRIES] = { "database_retries_total", "Transactions run again after a deadlock and its like.",
                           METRIC_COUNTER },
};

unsigned store_error_kind(enum fail kind, bool fatal)
{
    if (fatal) {
        return ERROR_CONNECTION;
    }
    switch (kind) {
    case FAIL_BUSY:
        return ERROR_BUSY;
    case FAIL_INVALID:
    case FAIL_DUPLICATE:
        return ERROR_VALUE;
    default:
        return ERROR_OTHER;
    }
}

static double read_pool(const struct metric *m, unsigned series)
{
    struct pool_use use;
    pool_use(m->arg, &use);
    return series == 0 ? use.used : series == 1 ? use.idle : use.waiting;
}

static double read_size(const struct metric *m, unsigned series)
{
    (void)series;
    struct pool_use use;
    pool_use(m->arg, &use);
    return use.size;
}

static struct metric of_pool[] = {
    { "database_pool_connections",
      "Connections by state, and threads that wait for one.",
      METRIC_GAUGE,
      { { "state", states, sizeof states / sizeof states[0] } },
      .read = read_pool },
    { "database_pool_size", "Connections that there may be.", METRIC_GAUGE, .read = read_size },
};

void store_metrics_register(struct pool *pool)
{
    static const struct metrics_table counted = { store_metric, STORE_COUNTED };
    static const struct metrics_table pooled = METRICS_TABLE(of_pool);
    metrics_register(&counted, NULL);
    metrics_register(&pooled, pool);
}
