/* See report.h. */
#include "agent/report.h"

#include "core/clock.h"
#include "core/percent.h"
#include "ops/log.h"

#include <unistd.h>

enum {
    HOST_MAX = 100,
    PATH_MAX_BYTES = 1024,
    BODY_MAX = 4096,
    DETAIL_MAX = 2000, /* what the admin accepts */
    UPTAKES_MAX = 500  /* bytes of it */
};

struct report {
    const char *program;
    const char *path;
    char host[HOST_MAX + 1];
    int64_t tried_ms; /* when the last report was sent, by the monotonic clock; 0: none yet */
    unsigned tries;   /* number of attempts that A had made by then */
    bool sent;        /* the admin has accepted a report */
    bool logged;      /* the present failure is in the log already */
};

/* The name of this machine, with everything but printable ASCII replaced: the admin accepts nothing else. */
static void find_host(char host[HOST_MAX + 1])
{
    if (gethostname(host, HOST_MAX) != 0 || host[0] == '\0') {
        strcpy(host, "localhost");
    }
    for (char *c = host; *c != '\0'; c++) {
        *c = *c > ' ' && *c <= '~' ? *c : '?';
    }
}

struct report *report_new(void *ctx, const char *program)
{
    struct report *r = mem_new(ctx, struct report);
    struct buf path;
    r->program = program;
    find_host(r->host);
    char *id = mem_printf(r, "%s:%s:%d:%lld", r->host, program, (int)getpid(), (long long)clock_wall_ms());
    buf_init(&path, 256, PATH_MAX_BYTES);
    buf_str(&path, STR("/app_instances/"));
    percent_encode(&path, str_of(id));
    r->path = mem_strndup(r, path.p, path.n);
    buf_free(&path);
    talloc_free(id);
    return r;
}

void report_figures(struct buf *out, const struct agent *a)
{
    const struct agent_figures *f = &a->figures;
    size_t start = out->n;
    buf_printf(out,
               "{\"enacted\": %u, \"already\": %u, \"failed\": %u, \"waiting\": %zu, \"retrying\": %zu, "
               "\"lists_failed\": %u, \"uptake_failed\": %u, \"tokens\": %u, \"runs\": %u, "
               "\"last_run_at\": %lld, \"last_run_ms\": %lld, \"last_good_run_at\": %lld, "
               "\"interval_s\": %d, \"uptakes\": ",
               f->enacted, f->already, f->failed, f->waiting, retry_count(a->retry), f->lists_failed,
               uptake_failures(a->uptake), agent_api_tokens(a->api), f->runs, (long long)f->run_began_ms,
               (long long)f->run_took_ms, (long long)f->good_run_ms, a->settings->config->agent.interval_s);
    uptake_print(a->uptake, out, UPTAKES_MAX);
    buf_lit(out, ", \"failing\": ");
    retry_print(a->retry, out, DETAIL_MAX - 1 - (out->n - start));
    buf_char(out, '}');
}

static void print_body(struct buf *out, const struct agent *a)
{
    const struct report *r = a->report;
    buf_printf(out, "{\"program\": \"%s\", \"host\": ", r->program);
    json_print_string(out, str_of(r->host));
    buf_printf(out, ", \"pid\": %d, \"version\": \"" PACKAGE_VERSION "\", \"detail\": ", (int)getpid());
    report_figures(out, a);
    buf_char(out, '}');
}

/* Logs a failure once, until a report succeeds again. */
static void log_result(struct report *r, bool ok, int status, const struct error *e)
{
    if (!ok && !r->logged && status == 404) {
        log_info("agent.unreported", "the admin does not accept reports: it is an older version");
    } else if (!ok && !r->logged) {
        log_warning("agent.unreported", "the report could not be sent to the admin: %s", e->what);
    }
    r->logged = !ok;
}

static void send_report(struct agent *a)
{
    struct report *r = a->report;
    struct error e = { 0 };
    struct buf body;
    int status;
    buf_init(&body, 1024, BODY_MAX);
    print_body(&body, a);
    const struct agent_request request = { "PUT", r->path, buf_view(&body) };
    bool ok = agent_api_send(a->api, &request, &status, NULL, &e) == API_DONE;
    buf_free(&body);
    log_result(r, ok, status, &e);
    r->sent = r->sent || ok;
}

static unsigned count_attempts(const struct agent *a)
{
    return a->figures.enacted + a->figures.already + a->figures.failed;
}

void report_if_due(struct agent *a)
{
    struct report *r = a->report;
    if (r->tried_ms == 0 || clock_ms() - r->tried_ms >= REPORT_EVERY_MS) {
        r->tried_ms = clock_ms();
        r->tries = count_attempts(a);
        send_report(a);
    }
}

void report_news(struct agent *a)
{
    if (count_attempts(a) != a->report->tries) {
        a->report->tried_ms = 0;
    }
    report_if_due(a);
}

void report_end(struct agent *a)
{
    struct error e = { 0 };
    int status;
    const struct agent_request request = { "DELETE", a->report->path, STR_NONE };
    if (a->report->sent && agent_api_send(a->api, &request, &status, NULL, &e) != API_DONE) {
        log_info("agent.unreported", "the report of this agent could not be removed from the admin: %s",
                 e.what);
    }
}
