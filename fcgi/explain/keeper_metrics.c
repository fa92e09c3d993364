/* See keeper_state.h. */
#include "explain/keeper_state.h"

#include "core/clock.h"
#include "ops/metrics.h"

static double read_number(const struct metric *m, unsigned series)
{
    (void)series;
    return (double)atomic_load((const atomic_size_t *)((const char *)m->arg + m->at));
}

static double read_age(const struct metric *m, unsigned series)
{
    (void)series;
    int64_t used_ms = atomic_load(&((const struct keeper_stats *)m->arg)->used_ms);
    return used_ms != 0 ? (double)(clock_ms() - used_ms) / MS_PER_S : 0;
}

static double read_build(const struct metric *m, unsigned series)
{
    (void)series;
    return (double)atomic_load(&((const struct keeper_stats *)m->arg)->build_us) / 1e6;
}

static const char *const drop_names[KEEPER_DROPS] = {
    [DROP_IDLE] = "idle",
    [DROP_FEED] = "feed",
    [DROP_MEMORY] = "memory",
};

enum { KEEPER_BUILDS, KEEPER_DROPPED, KEEPER_BUSY, KEEPER_COUNTED };

static struct metric keeper_counted[] = {
    [KEEPER_BUILDS] = { "snapshot_builds_total", "Snapshots built for explanations and simulations.",
                        METRIC_COUNTER },
    [KEEPER_DROPPED] = { "snapshot_drops_total",
                         "Kept snapshots that were dropped: unused, the feed was lost, or too large.",
                         METRIC_COUNTER,
                         { { "reason", drop_names, KEEPER_DROPS } } },
    [KEEPER_BUSY] = { "snapshot_busy_total",
                      "Attempts to use the kept snapshot while another request built it.", METRIC_COUNTER },
};

static struct metric keeper_read[] = {
    { "snapshot_bytes",
      "Memory of what is kept for explanations and simulations, when it was built last; 0: nothing is kept.",
      METRIC_GAUGE, .read = read_number, .at = offsetof(struct keeper_stats, bytes) },
    { "snapshot_rules", "Rules in the kept snapshot.", METRIC_GAUGE, .read = read_number,
      .at = offsetof(struct keeper_stats, rules) },
    { "snapshot_releases", "Releases in the kept snapshot.", METRIC_GAUGE, .read = read_number,
      .at = offsetof(struct keeper_stats, releases) },
    { "snapshot_unused_seconds", "Time since the kept snapshot was used.", METRIC_GAUGE, .read = read_age },
    { "snapshot_build_seconds", "How long the last build took.", METRIC_GAUGE, .read = read_build },
};

void keeper_metrics_register(struct keeper *k)
{
    static const struct metrics_table counted = METRICS_TABLE(keeper_counted);
    static const struct metrics_table read = METRICS_TABLE(keeper_read);
    metrics_register(&counted, NULL);
    metrics_register(&read, &k->stats);
}

void keeper_count_drop(enum keeper_drop why)
{
    metric_count(&keeper_counted[KEEPER_DROPPED], why);
}

void keeper_count_busy(void)
{
    metric_count(&keeper_counted[KEEPER_BUSY], 0);
}

void keeper_count_build(void)
{
    metric_count(&keeper_counted[KEEPER_BUILDS], 0);
}
