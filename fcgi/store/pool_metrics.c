/* See pool_metrics.h. */
#include "store/pool_metrics.h"

#include "ops/metrics.h"

static const char *const states[] = { "used", "idle", "waiting" };

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

static struct metric pool_metric[] = {
    { "database_pool_connections",
      "Connections by state, and threads that wait for a connection.",
      METRIC_GAUGE,
      { { "state", states, ARRAY_LEN(states) } },
      .read = read_pool },
    { "database_pool_size", "The largest number of connections.", METRIC_GAUGE, .read = read_size },
};

void pool_metrics_register(struct pool *pool)
{
    static const struct metrics_table table = METRICS_TABLE(pool_metric);
    metrics_register(&table, pool);
}
