/* See observe.h. */
#include "web/observe.h"

#include "ops/crash.h"
#include "ops/log.h"
#include "ops/process.h"
#include "ops/sentry.h"
#include "ops/statsd.h"
#include "web/client.h"

#include <stdio.h>

enum { POST_CONNECT_MS = 3000, POST_TIMEOUT_MS = 10000, POST_ANSWER_MAX = 64 << 10, SENTRY_STOP_MS = 2000 };

bool observe_check(const struct config *config, struct error *e)
{
    return statsd_check(config->statsd.address, e) && sentry_check(config->sentry.dsn, e);
}

static bool post_report(const char *url, const char *const *headers, size_t n, struct str body,
                        const atomic_bool *stop, int *status, struct error *e)
{
    struct buf answer;
    struct client_request request = {
        .url = url,
        .headers = headers,
        .n_headers = n,
        .body = body,
        .connect_timeout_ms = POST_CONNECT_MS,
        .timeout_ms = POST_TIMEOUT_MS,
        .stop = stop,
    };
    buf_init(&answer, 0, POST_ANSWER_MAX);
    bool ok = client_send(&request, &answer, status, e);
    buf_free(&answer);
    return ok;
}

static void report_crash(void *arg, const struct crash_report *r)
{
    log_line(LOG_WARNING, "crash.found", str_of(r->request_id), str_of(r->path));
    sentry_crash(arg, r);
}

static bool start_statsd(const char *name, const struct config *config, struct error *e)
{
    char prefix[64];
    const char *given = config->statsd.prefix;
    snprintf(prefix, sizeof prefix, "balrog.%s", name + strlen("balrog-"));
    return statsd_start(config->statsd.address, given[0] != '\0' ? given : prefix, e);
}

static bool start_sentry(const char *name, const struct config *config, struct error *e)
{
    struct sentry_options o = {
        .dsn = config->sentry.dsn,
        .environment = config->sentry.environment,
        .program = name,
        .per_minute = config->sentry.per_minute,
        .post = post_report,
    };
    return sentry_start(&o, e);
}

bool observe_start(const char *name, const struct config *config, struct error *e)
{
    metrics_register(&statsd_metrics, NULL);
    metrics_register(&sentry_metrics, NULL);
    process_begin();
    metrics_start(name + strlen("balrog-"));
    crash_watch(name, config->log.crash_dir);
    if (!start_statsd(name, config, e) || !start_sentry(name, config, e)) {
        return false;
    }
    crash_tell(name, config->log.crash_dir, report_crash, NULL);
    return true;
}

void observe_reload(const char *name, const struct config *config)
{
    struct error e;
    if (!start_statsd(name, config, &e)) {
        log_error("config.statsd", "the earlier statsd server stays in use: %s", e.what);
    }
    if (!start_sentry(name, config, &e)) {
        log_error("config.sentry", "reports still go to the earlier project: %s", e.what);
    }
}

void observe_stop(void)
{
    statsd_stop();
    sentry_stop(SENTRY_STOP_MS);
}
