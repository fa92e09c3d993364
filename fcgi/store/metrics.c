/* See metrics.h. */
#include "store/metrics.h"

#include "core/mem.h"

enum failed_kind { FAILED_CONNECTION, FAILED_BUSY, FAILED_VALUE, FAILED_OTHER };
static const char *const kinds[] = { "connection", "busy", "value", "other" };

struct metric store_metric[] = {
    [STORE_STATEMENTS] = { "database_statements_total", "Statements sent.", METRIC_COUNTER },
    [STORE_ERRORS] = { "database_errors_total",
                       "Failed statements and connections: connection lost or refused, busy (deadlock, "
                       "lock timeout), a value that does not fit, other.",
                       METRIC_COUNTER,
                       { { "kind", kinds, ARRAY_LEN(kinds) } } },
    [STORE_POOL_REFUSED] = { "database_pool_refused_total", "Work that did not get a connection in time.",
                             METRIC_COUNTER },
    [STORE_TX_RETRIES] = { "database_retries_total",
                           "Transactions that were run again after a deadlock or a similar collision.",
                           METRIC_COUNTER },
};

unsigned store_error_kind(enum fail kind, bool fatal)
{
    if (fatal) {
        return FAILED_CONNECTION;
    }
    switch (kind) {
    case FAIL_BUSY:
        return FAILED_BUSY;
    case FAIL_INVALID:
    case FAIL_DUPLICATE:
        return FAILED_VALUE;
    default:
        return FAILED_OTHER;
    }
}

void store_metrics_register(void)
{
    static const struct metrics_table counted = { store_metric, STORE_COUNTED };
    metrics_register(&counted, NULL);
}
