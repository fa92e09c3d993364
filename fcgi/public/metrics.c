/* See metrics.h. */
#include "public/metrics.h"

#include "core/clock.h"

#include <unistd.h>

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single(struct buf *out, const char *name, const char *type, const char *help, double value)
{
    head(out, name, type, help);
    buf_printf(out, "%s %.15g\n", name, value);
}

static void print_counters(struct buf *out, const struct counters *c)
{
    head(out, "balrog_public_answers_total", "counter",
         "Update queries (XML and JSON) by what came of them.");
    for (int i = 0; i < REASON_COUNT; i++) {
        buf_printf(out, "balrog_public_answers_total{reason=\"%s\"} %llu\n", reason_name((enum reason)i),
                   (unsigned long long)c->answers[i]);
    }
    head(out, "balrog_public_responses_total", "counter", "Responses of any kind by class of status.");
    for (int i = 1; i < 6; i++) {
        buf_printf(out, "balrog_public_responses_total{status=\"%dxx\"} %llu\n", i,
                   (unsigned long long)c->status[i]);
    }
    single(out, "balrog_public_skipped_total", "counter", "Answers that something was left out of.",
           (double)c->skipped);
    head(out, "balrog_public_signatures_total", "counter", "Content signatures asked for, by outcome.");
    buf_printf(out, "balrog_public_signatures_total{outcome=\"ok\"} %llu\n",
               (unsigned long long)c->signed_ok);
    buf_printf(out, "balrog_public_signatures_total{outcome=\"failed\"} %llu\n",
               (unsigned long long)c->signed_failed);
}

void metrics_print(struct buf *out, const struct counters *counters, const struct loader_stats *l)
{
    head(out, "balrog_public_info", "gauge", "Which of the workers behind the socket this is.");
    buf_printf(out, "balrog_public_info{pid=\"%ld\",version=\"%s\"} 1\n", (long)getpid(), PACKAGE_VERSION);
    print_counters(out, counters);
    single(out, "balrog_public_snapshot_generation", "gauge", "Snapshots published since start.",
           (double)l->generation);
    single(out, "balrog_public_snapshot_releases", "gauge", "Releases in the snapshot.", (double)l->releases);
    single(out, "balrog_public_snapshot_missing", "gauge",
           "Names that are pointed at and are missing or broken.", (double)l->missing);
    single(out, "balrog_public_snapshot_age_seconds", "gauge",
           "Time since the snapshot was known to be fresh.", (double)(clock_ms() - l->fresh_ms) / 1000);
    single(out, "balrog_public_snapshot_build_seconds", "gauge", "How long the last build took.",
           (double)l->build_us / 1e6);
    single(out, "balrog_public_feed_cursor", "gauge", "Newest id of the change feed that was seen.",
           (double)l->feed_cursor);
    single(out, "balrog_public_feed_gaps", "gauge", "Feed ids still waited for.", (double)l->feed_gaps);
    single(out, "balrog_public_feed_missed_total", "counter", "Changes found by comparison alone.",
           (double)l->feed_missed);
    single(out, "balrog_public_database_failures_total", "counter", "Reads that failed.",
           (double)l->failures);
}
