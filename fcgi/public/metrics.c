/* See metrics.h. The loader keeps its own numbers, which are read when somebody asks. */
#include "public/metrics.h"

#include "core/clock.h"
#include "update/engine.h"

static const char *const endpoint_names[] = { "update", "json", "api", "unknown", "monitoring" };
static const char *const method_names[] = { "GET", "other" };
static const char *const class_names[] = { "1xx", "2xx", "3xx", "4xx", "5xx" };
static const char *const throttle_names[] = { "passed", "fallback", "withheld" };
static const char *const outcome_names[] = { "ok", "failed" };
static const char *const cache_names[] = { "hits", "misses" };
static const char *const autograph_errors[] = { "requests_error", "unknown_error" };
static const char *reason_names[REASON_COUNT];

/* ---- read from the loader ---- */

/* All that the loader keeps are whole numbers of 64 bits. */
static double read_loader(const struct metric *m, unsigned series)
{
    (void)series;
    const _Atomic int64_t *at = (const _Atomic int64_t *)((const char *)m->arg + m->at);
    return (double)atomic_load(at) / m->unit;
}

static double read_age(const struct metric *m, unsigned series)
{
    (void)series;
    const struct loader_stats *l = m->arg;
    return (double)(clock_ms() - l->fresh_ms) / 1000;
}

#define LOADER(NAME, TYPE, FIELD, UNIT, HELP)                                                                \
    {                                                                                                        \
        .name = (NAME), .help = (HELP), .type = (TYPE), .read = read_loader,                                 \
        .at = offsetof(struct loader_stats, FIELD), .unit = (UNIT)                                           \
    }

static struct metric loader_rows[] = {
    LOADER("snapshot_generation", METRIC_GAUGE, generation, 1, "Snapshots published since start."),
    LOADER("snapshot_rules", METRIC_GAUGE, rules, 1, "Rules in the snapshot."),
    LOADER("snapshot_partial_stops", METRIC_GAUGE, partial_stops, 1, "Partial stops in the snapshot."),
    LOADER("snapshot_releases", METRIC_GAUGE, releases, 1, "Releases in the snapshot."),
    LOADER("snapshot_bytes", METRIC_GAUGE, bytes, 1, "Memory of the snapshot and its releases."),
    LOADER("snapshot_missing", METRIC_GAUGE, missing, 1,
           "Releases that something points at and that are missing or broken."),
    LOADER("snapshot_stale", METRIC_GAUGE, stale, 1,
           "1: the database cannot be read, so it may have something newer than the snapshot."),
    LOADER("snapshot_kept", METRIC_GAUGE, kept, 1,
           "Releases of which an older version is served, because the database's cannot be read."),
    { "snapshot_age_seconds", "Time since the snapshot was known to be fresh.", METRIC_GAUGE,
      .read = read_age },
    LOADER("snapshot_build_seconds", METRIC_GAUGE, build_us, 1e6, "How long the last build took."),
    LOADER("feed_cursor", METRIC_GAUGE, feed_cursor, 1, "Newest id of the change feed that was seen."),
    LOADER("feed_gaps", METRIC_GAUGE, feed_gaps, 1, "Feed ids still waited for."),
    LOADER("feed_lag_seconds", METRIC_GAUGE, feed_lag_ms, 1000,
           "Age of the last change when it was published, by the database's clock of whole seconds."),
    LOADER("feed_missed_total", METRIC_COUNTER, feed_missed, 1, "Changes found by comparison alone."),
    LOADER("snapshot_file_written_total", METRIC_COUNTER, saver.written, 1, "Snapshot files written."),
    LOADER("snapshot_file_failures_total", METRIC_COUNTER, saver.failed, 1,
           "Attempts to write the snapshot file that failed."),
    LOADER("snapshot_file_bytes", METRIC_GAUGE, saver.bytes, 1,
           "Bytes of releases in the last snapshot file."),
    LOADER("database_failures_total", METRIC_COUNTER, failures, 1, "Reads of the loader that failed."),
};

/* ---- counted ---- */

#define LABEL(NAME, VALUES)                                                                                  \
    {                                                                                                        \
        (NAME), (VALUES), ARRAY_LEN(VALUES)                                                                  \
    }

/* response.update.200: the reference counts GET alone, and not what monitoring asks for. */
static void name_response(const struct metric *m, unsigned series, struct buf *name)
{
    if (strcmp(metric_label_value(m, 1, series), "GET") == 0 &&
        strcmp(metric_label_value(m, 0, series), "monitoring") != 0) {
        buf_printf(name, "response.%s.%s", metric_label_value(m, 0, series),
                   metric_label_value(m, 2, series));
    }
}

static void name_cache(const struct metric *m, unsigned series, struct buf *name)
{
    buf_printf(name, "cache.content_signatures.%s", metric_label_value(m, 0, series));
}

static void name_autograph(const struct metric *m, unsigned series, struct buf *name)
{
    buf_printf(name, "autograph.code.%s", metric_label_value(m, 0, series));
}

static void name_autograph_error(const struct metric *m, unsigned series, struct buf *name)
{
    buf_printf(name, "autograph.%s", metric_label_value(m, 0, series));
}

struct metric public_metric[] = {
    [PUBLIC_ANSWERS] = { "answers_total",
                         "Update queries (XML and JSON) by what came of them.",
                         METRIC_COUNTER,
                         { LABEL("reason", reason_names) } },
    [PUBLIC_THROTTLED] = { "throttle_total",
                           "Random draws against a rule's backgroundRate, by outcome.",
                           METRIC_COUNTER,
                           { LABEL("outcome", throttle_names) } },
    [PUBLIC_REQUESTS] = { "requests_total",
                          "Requests by the kind of path, method and status.",
                          METRIC_COUNTER,
                          { LABEL("endpoint", endpoint_names), LABEL("method", method_names),
                            LABEL("status", web_status_names) },
                          .sparse = true,
                          .statsd = name_response },
    [PUBLIC_RESPONSES] = { "responses_total",
                           "Responses of any kind by class of status.",
                           METRIC_COUNTER,
                           { LABEL("status", class_names) } },
    [PUBLIC_SECONDS] = { "request_seconds",
                         "Time from a request to its response, by the kind of path.",
                         METRIC_HISTOGRAM,
                         { LABEL("endpoint", endpoint_names) } },
    [PUBLIC_SKIPPED] = { "skipped_total", "Answers without a part that could not be made.", METRIC_COUNTER },
    [PUBLIC_SIGNATURES] = { "signatures_total",
                            "Content signatures asked for, by outcome.",
                            METRIC_COUNTER,
                            { LABEL("outcome", outcome_names) } },
    [PUBLIC_SIGN_SECONDS] = { "sign_seconds",
                              "Time until there was a signature, or until the wait for it ended.",
                              METRIC_HISTOGRAM },
    [PUBLIC_SIGN_CACHE] = { "sign_cache_total",
                            "Signatures looked for in the cache.",
                            METRIC_COUNTER,
                            { LABEL("outcome", cache_names) },
                            .statsd = name_cache },
    [PUBLIC_AUTOGRAPH] = { "autograph_answers_total",
                           "Answers of Autograph servers by status.",
                           METRIC_COUNTER,
                           { LABEL("status", web_status_names) },
                           .sparse = true,
                           .statsd = name_autograph },
    [PUBLIC_AUTOGRAPH_ERRORS] = { "autograph_errors_total",
                                  "Requests to Autograph that failed: without an answer or with an error; "
                                  "with an "
                                  "answer that is not valid.",
                                  METRIC_COUNTER,
                                  { LABEL("kind", autograph_errors) },
                                  .statsd = name_autograph_error },
};

enum endpoint public_endpoint(struct str path)
{
    struct str rest = path, first = STR_NONE;
    if (str_starts(path, STR("/update/"))) { /* nearly all */
        return ENDPOINT_UPDATE;
    }
    if (str_starts(path, STR("/__"))) {
        return ENDPOINT_MONITORING;
    }
    str_split(&rest, '/', &first);
    str_split(&rest, '/', &first);
    for (int i = ENDPOINT_UPDATE; i < ENDPOINT_UNKNOWN; i++) {
        if (str_eq(first, str_of(endpoint_names[i]))) {
            return (enum endpoint)i;
        }
    }
    return ENDPOINT_UNKNOWN;
}

void public_metrics_register(struct loader_stats *stats)
{
    static const struct metrics_table counted = { public_metric, PUBLIC_COUNTED };
    static const struct metrics_table loader = METRICS_TABLE(loader_rows);
    for (int i = 0; i < REASON_COUNT; i++) {
        reason_names[i] = engine_reason_name((enum reason)i);
    }
    metrics_register(&counted, NULL);
    metrics_register(&loader, stats);
}

void public_metrics_request(const struct request *r, int status, int64_t ns)
{
    const struct metric *requests = &public_metric[PUBLIC_REQUESTS];
    enum endpoint endpoint = public_endpoint(r->path);
    unsigned class = status >= 100 && status < 600 ? (unsigned)status / 100 - 1 : 4;
    metric_count(requests, metric_series(requests, endpoint, r->method != METHOD_GET, web_status(status)));
    metric_count(&public_metric[PUBLIC_RESPONSES], class);
    metric_observe(&public_metric[PUBLIC_SECONDS], endpoint, ns);
}
