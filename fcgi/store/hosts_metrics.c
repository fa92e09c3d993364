/* Gauges about the database servers. See hosts.h. */
#include "core/clock.h"
#include "ops/metrics.h"
#include "store/hosts.h"

#include <math.h>

static const char *labels[DATABASE_HOSTS_MAX];

static double seconds_of(int64_t ms)
{
    return ms == HOSTS_UNKNOWN ? NAN : (double)ms / MS_PER_S;
}

static double read_up(const struct metric *m, unsigned series)
{
    struct host_view view;
    hosts_view(m->arg, series, &view);
    return view.up;
}

static double read_reads(const struct metric *m, unsigned series)
{
    struct host_view view;
    hosts_view(m->arg, series, &view);
    return view.reads;
}

static double read_writes(const struct metric *m, unsigned series)
{
    struct host_view view;
    hosts_view(m->arg, series, &view);
    return view.writes;
}

static double read_age(const struct metric *m, unsigned series)
{
    struct host_view view;
    hosts_view(m->arg, series, &view);
    return seconds_of(view.heartbeat_age_ms);
}

enum { HOST_METRICS = 4 };

static struct metric host_metric[HOST_METRICS] = {
    { "database_host_up",
      "1: the database server answered when it was asked last.",
      METRIC_GAUGE,
      { { "host" } },
      .read = read_up },
    { "database_host_reads",
      "1: the database server is the one that is read from.",
      METRIC_GAUGE,
      { { "host" } },
      .read = read_reads },
    { "database_host_writes",
      "1: the database server is the one that is written to. All 0: none can be written to.",
      METRIC_GAUGE,
      { { "host" } },
      .read = read_writes },
    { "database_heartbeat_age_seconds",
      "Age of the heartbeat on the database server, by that server's clock. NaN: it has none, or was never "
      "asked.",
      METRIC_GAUGE,
      { { "host" } },
      .read = read_age },
};

void hosts_metrics_register(struct hosts *hosts)
{
    static const struct metrics_table table = { host_metric, HOST_METRICS };
    unsigned n = (unsigned)hosts_count(hosts);
    for (unsigned i = 0; i < n; i++) {
        struct host_view view;
        hosts_view(hosts, i, &view);
        labels[i] = view.label;
    }
    for (unsigned i = 0; i < HOST_METRICS; i++) {
        host_metric[i].label[0] = (struct metric_label){ "host", labels, n };
    }
    metrics_register(&table, hosts);
}
