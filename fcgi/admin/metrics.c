/* See metrics.h. Endpoints have the names of the reference, those that it lacks names of the same kind. */
#include "admin/metrics.h"

#include "admin/auth.h"

#include "ops/statsd.h"

static struct statsd_timers
    *timers; /* one per route, such as "endpoint_rules_get"; none for the routes of monitoring */

static const char *const class_names[] = { "1xx", "2xx", "3xx", "4xx", "5xx" };
static const char *const auth_names[] = { "unauthenticated", "unavailable" };

struct metric admin_metric[] = {
    [ADMIN_REQUESTS] = { "requests_total",
                         "Requests by endpoint and status.",
                         METRIC_COUNTER,
                         { { "endpoint" }, { "status", web_status_names, WEB_STATUSES } },
                         .sparse = true },
    [ADMIN_RESPONSES] = { "responses_total",
                          "Responses of any kind by class of status.",
                          METRIC_COUNTER,
                          { { "status", class_names, ARRAY_LEN(class_names) } } },
    [ADMIN_SECONDS] = { "request_seconds",
                        "Time from a request to its response, by endpoint.",
                        METRIC_HISTOGRAM,
                        { { "endpoint" } },
                        .sparse = true },
    [ADMIN_AUTH] = { "auth_refused_total",
                     "Callers who were not let in: not known, or not to be checked now.",
                     METRIC_COUNTER,
                     { { "reason", auth_names, ARRAY_LEN(auth_names) } } },
};

void admin_metrics_register(void *ctx, const struct admin_route *routes, size_t n)
{
    static const struct metrics_table table = { admin_metric, ADMIN_COUNTED };
    const char **names = mem_array(ctx, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        names[i] = routes[i].metric;
    }
    names[n] = "none";
    timers = mem_array(ctx, struct statsd_timers, n);
    for (size_t i = 0; i < n; i++) {
        bool monitoring = strncmp(routes[i].pattern, "/__", 3) == 0;
        timers[i].name[0] = monitoring ? NULL : mem_printf(ctx, "endpoint_%s", names[i]);
    }
    admin_metric[ADMIN_REQUESTS].label[0] = (struct metric_label){ "endpoint", names, (unsigned)n + 1 };
    admin_metric[ADMIN_SECONDS].label[0] = (struct metric_label){ "endpoint", names, (unsigned)n + 1 };
    metrics_register(&table, NULL);
}

void admin_metrics_request(unsigned route, int status, int64_t ns)
{
    const struct metric *requests = &admin_metric[ADMIN_REQUESTS];
    unsigned class = status >= 100 && status < 600 ? (unsigned)status / 100 - 1 : 4;
    metric_count(requests, metric_series(requests, route, web_status(status), 0));
    metric_count(&admin_metric[ADMIN_RESPONSES], class);
    metric_observe(&admin_metric[ADMIN_SECONDS], route, ns);
}

void admin_metrics_time(unsigned route, int64_t ns)
{
    struct statsd_place place;
    if (timers[route].name[0] != NULL && statsd_wanted(&place)) {
        statsd_keep(&place, &timers[route], (int64_t[STATSD_TIMES]){ ns, -1, -1 });
    }
}
