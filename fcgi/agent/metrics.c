/* See metrics.h. */
#include "agent/metrics.h"

#include "ops/metrics.h"

static const char *const event_names[AGENT_EVENTS] = {
    [AGENT_ENACTED] = "enacted",
    [AGENT_ALREADY] = "already",
    [AGENT_FAILED] = "failed",
    [AGENT_LIST_FAILED] = "list_failed",
};

static void name_event(const struct metric *m, unsigned series, struct buf *name)
{
    buf_printf(name, "changes.%s", metric_label_value(m, 0, series));
}

static struct metric agent_metric[] = {
    { "changes_total",
      "Scheduled changes by result, and lists of scheduled changes that could not be read.",
      METRIC_COUNTER,
      { { "result", event_names, AGENT_EVENTS } },
      .statsd = name_event },
};

void agent_metrics_register(void)
{
    static const struct metrics_table table = METRICS_TABLE(agent_metric);
    metrics_register(&table, NULL);
}

void agent_metrics_count(enum agent_event event)
{
    metric_count(&agent_metric[0], event);
}
