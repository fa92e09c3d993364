/* balrog-uptake counts update queries by product, channel and version. It reads nginx's access log, because
 * answers from nginx's cache never reach balrog-public. It shows the counts over FastCGI:
 *
 *     GET /__uptake__/metrics              for Prometheus
 *     GET /__uptake__/PRODUCT/CHANNEL      JSON, for people and for balrog-agent's uptake conditions
 *     GET /__uptake__/sample               a sample of the queries: query/sample.h
 *     GET /__uptake__/series               the queries of the last 24 hours in steps of five minutes
 *
 * One thread follows the log. A lock protects the counts between it and the threads that answer. */
#include "core/clock.h"
#include "core/python.h"
#include "ops/log.h"
#include "ops/metrics.h"
#include "uptake/follow.h"
#include "uptake/keep.h"
#include "uptake/line.h"
#include "uptake/show.h"
#include "uptake/tools.h"
#include "web/observe.h"
#include "web/program.h"
#include "web/router.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    THREADS = 2,
    IDLE_MS = 200,
    WINDOW_MS = 5000,
    LOG_PAUSE_MS = 60000,
    UPTAKE_NICE = 10,
    SAMPLE_LIMIT = 20000
};

struct uptake_program {
    const struct config *config;
    struct uptake_view view; /* of counts; now_s is not set here */
    pthread_mutex_t lock;    /* protects counts, keep, lines and readable */
    struct counts *counts;
    struct keep *keep;
    uint64_t lines[LINE_BROKEN + 1]; /* by kind */
    bool readable;                   /* whether the log could be read the last time */
    /* Used by the following thread alone: */
    struct follow *follow;
    pthread_t thread;
    atomic_bool ending;
    char text[QUERY_TEXT_MAX];
    struct buf path;             /* of a line */
    int64_t moved_ms, logged_ms; /* when the window was last moved, and a failure last logged */
};

/* ---- following ---- */

static void count_line(void *arg, struct str line)
{
    struct uptake_program *u = arg;
    struct query q;
    int64_t time_s;
    buf_reset(&u->path);
    enum line_kind kind = line_parse(line, &q, u->text, &time_s, &u->path);
    struct str path = u->path.full ? STR_NONE : buf_view(&u->path);
    pthread_mutex_lock(&u->lock);
    u->lines[kind]++;
    if (kind == LINE_QUERY) {
        counts_add(u->counts, time_s, q.product, query_fallback_channel(q.channel), q.version);
        keep_count(u->keep, u->follow, time_s, &q, path);
    }
    pthread_mutex_unlock(&u->lock);
}

static void log_failure(struct uptake_program *u, const struct error *e)
{
    if (u->logged_ms == 0 || clock_ms() - u->logged_ms >= LOG_PAUSE_MS) {
        log_warning("log.unreadable", "%s", e->what);
        u->logged_ms = clock_ms();
    }
}

static void move_window(struct uptake_program *u)
{
    if (u->moved_ms == 0 || clock_ms() - u->moved_ms >= WINDOW_MS) {
        pthread_mutex_lock(&u->lock);
        counts_move_window(u->counts, clock_wall_ms() / 1000);
        keep_move_window(u->keep, clock_wall_ms() / 1000);
        pthread_mutex_unlock(&u->lock);
        u->moved_ms = clock_ms();
    }
}

static void *follow_log(void *arg)
{
    struct uptake_program *u = arg;
    while (!atomic_load(&u->ending)) {
        struct error e;
        size_t n;
        bool ok = follow_read(u->follow, clock_ms(), count_line, u, &n, &e);
        if (!ok) {
            log_failure(u, &e);
        }
        pthread_mutex_lock(&u->lock);
        u->readable = ok;
        pthread_mutex_unlock(&u->lock);
        move_window(u);
        if (ok && n == 0 && follow_is_at_end(u->follow)) {
            keep_caught_up(u->keep);
        }
        keep_save(u->keep, u->follow, false);
        if (n == 0) {
            usleep(IDLE_MS * 1000);
        }
    }
    keep_save(u->keep, u->follow, true);
    return NULL;
}

/* ---- answering ---- */

static struct uptake_view view_of(const struct uptake_program *u)
{
    struct uptake_view view = u->view;
    view.now_s = clock_wall_ms() / 1000;
    return view;
}

static void get_metrics(struct call *call)
{
    struct uptake_program *u = call->app;
    struct buf *out = &call->response->body;
    response_text(call->response, 200, "text/plain; version=0.0.4; charset=utf-8", STR(""));
    pthread_mutex_lock(&u->lock);
    struct uptake_view view = view_of(u);
    show_metrics(out, &view);
    metrics_print_head(out, "balrog_uptake_lines_total", "counter", "Lines of the log, by kind.");
    buf_printf(out,
               "balrog_uptake_lines_total{kind=\"query\"} %llu\n"
               "balrog_uptake_lines_total{kind=\"other\"} %llu\n"
               "balrog_uptake_lines_total{kind=\"broken\"} %llu\n",
               (unsigned long long)u->lines[LINE_QUERY], (unsigned long long)u->lines[LINE_OTHER],
               (unsigned long long)u->lines[LINE_BROKEN]);
    metrics_print_head(out, "balrog_uptake_log_readable", "gauge",
                       "1 if the log could be read the last time, else 0.");
    buf_printf(out, "balrog_uptake_log_readable %d\n", u->readable);
    pthread_mutex_unlock(&u->lock);
}

static void not_listed(struct call *call)
{
    response_problem(call->response, 404, "Not Found",
                     "The product or the channel is not listed in [uptake] of the configuration.", NULL);
}

static void get_cell(struct call *call)
{
    struct uptake_program *u = call->app;
    response_text(call->response, 200, "application/json", STR(""));
    pthread_mutex_lock(&u->lock);
    struct uptake_view view = view_of(u);
    bool known = show_cell(&call->response->body, &view, call->param[0], call->param[1]);
    pthread_mutex_unlock(&u->lock);
    if (!known) {
        not_listed(call);
    }
}

/* The query parameter NAME as a number from MIN to MAX; STANDARD without it. */
static bool number_arg(struct call *call, const char *name, unsigned standard, unsigned min, unsigned max,
                       unsigned *n)
{
    struct str text = call_arg(call, name);
    int64_t number = standard;
    bool ok = str_absent(text) || (python_int(text, &number) && number >= min && number <= max);
    *n = ok ? (unsigned)number : standard;
    if (!ok) {
        response_problem(call->response, 400, "Bad Request",
                         mem_printf(call->ctx, "%s must be a number from %u to %u.", name, min, max), NULL);
    }
    return ok;
}

static void get_series(struct call *call)
{
    struct uptake_program *u = call->app;
    struct str product = call_arg(call, "product"), channel = call_arg(call, "channel");
    unsigned step_s;
    if (!number_arg(call, "step_s", SERIES_STEP_S, SERIES_STEP_S, 24 * 3600, &step_s)) {
        return;
    }
    if (step_s % SERIES_STEP_S != 0) {
        response_problem(call->response, 400, "Bad Request", "step_s must be a multiple of 300.", NULL);
        return;
    }
    response_text(call->response, 200, "application/json", STR(""));
    pthread_mutex_lock(&u->lock);
    struct uptake_view view = view_of(u);
    bool known = show_series(&call->response->body, &view, u->keep->series, product, channel, step_s);
    pthread_mutex_unlock(&u->lock);
    if (!known) {
        not_listed(call);
    }
}

static void get_sample(struct call *call)
{
    struct uptake_program *u = call->app;
    struct sample *sample = sample_new(call->ctx);
    struct str product = call_arg(call, "product"), channel = call_arg(call, "channel");
    unsigned limit;
    if (!number_arg(call, "limit", SAMPLE_LIMIT, 1, SAMPLE_QUERIES_MAX, &limit)) {
        return;
    }
    pthread_mutex_lock(&u->lock);
    recent_sample(u->keep->recent, product, channel, limit, sample);
    pthread_mutex_unlock(&u->lock);
    sample_fold(sample);
    response_text(call->response, 200, "application/x-ndjson", STR(""));
    sample_print(&call->response->body, sample);
}

static const struct route routes[] = {
    { METHOD_GET, "/__uptake__/sample", "product channel limit", get_sample, "sample" },
    { METHOD_GET, "/__uptake__/series", "product channel step_s", get_series, "series" },
    { METHOD_GET, "/__uptake__/metrics", NULL, get_metrics, "metrics" },
    { METHOD_GET, "/__uptake__/{product}/{channel}", NULL, get_cell, "uptake" },
};

static void handle_request(void *arg, unsigned thread, const struct request *request,
                           struct response *response)
{
    struct call call = { .app = arg, .ctx = talloc_new(NULL), .request = request, .response = response };
    (void)thread;
    mem_check(call.ctx);
    response_header(response, "Cache-Control", STR("no-store"));
    if (router_check_path(request, response) && router_dispatch(routes, ARRAY_LEN(routes), &call) == NULL) {
        response_problem(response, 404, "Not Found",
                         "The paths here are /__uptake__/metrics, /__uptake__/PRODUCT/CHANNEL, "
                         "/__uptake__/sample and /__uptake__/series.",
                         NULL);
    }
    talloc_free(call.ctx);
}

/* ---- starting ---- */

/* "PRODUCT CHANNEL VERSION" */
static bool parse_watch(struct str line, struct watch *w)
{
    struct str *part[] = { &w->product, &w->channel, &w->version };
    size_t n = 0;
    struct str rest = line, piece;
    while (str_split(&rest, ' ', &piece)) {
        if (piece.n > 0 && n++ < 3) {
            *part[n - 1] = piece;
        }
    }
    return n == 3;
}

static bool parse_watches(struct uptake_program *u, struct error *e)
{
    const struct config_list *lines = &u->config->uptake.watch;
    struct watch *watch = mem_array(u, struct watch, lines->n);
    for (size_t i = 0; i < lines->n; i++) {
        if (!parse_watch(lines->item[i], &watch[i])) {
            return error_set(e, ERROR_INTERNAL, "[uptake] watch = %.*s: must be PRODUCT CHANNEL VERSION",
                             STR_ARG(lines->item[i]));
        }
        if (counts_cell(u->counts, watch[i].product, watch[i].channel) == NULL) {
            return error_set(e, ERROR_INTERNAL,
                             "[uptake] watch = %.*s: the product or the channel is not listed in [uptake]",
                             STR_ARG(lines->item[i]));
        }
    }
    u->view.watch = watch;
    u->view.n_watches = lines->n;
    return true;
}

static void *prepare_program(void *ctx, struct config *config, struct error *e)
{
    struct uptake_program *u = mem_new(ctx, struct uptake_program);
    u->config = config;
    if (config->uptake.log[0] == '\0') {
        error_set(e, ERROR_INTERNAL, "[uptake] log: must be set to the path of nginx's access log");
        return NULL;
    }
    u->counts = counts_new(u, config->uptake.products, config->uptake.channels,
                           (unsigned)config->uptake.window_h, (unsigned)config->uptake.versions);
    u->view.counts = u->counts;
    u->view.min_queries = (uint64_t)config->uptake.min_queries;
    pthread_mutex_init(&u->lock, NULL);
    return parse_watches(u, e) ? u : NULL;
}

static void reload_settings(void *arg)
{
    program_reload("balrog-uptake", arg);
}

static bool serve_requests(struct uptake_program *u, const char *path, int signal_fd, struct error *e)
{
    struct program_service service = { .socket = u->config->uptake.socket,
                                       .socket_mode = u->config->uptake.socket_mode,
                                       .threads = THREADS,
                                       .drain_s = 5,
                                       .handle = handle_request,
                                       .handle_arg = u,
                                       .reload = reload_settings,
                                       .reload_arg = (void *)(uintptr_t)path };
    u->follow = follow_new(u, u->config->uptake.log, true);
    buf_init(&u->path, SAMPLE_PATH_MAX, SAMPLE_PATH_MAX);
    u->keep = keep_new(u, u->config);
    keep_load(u->keep, u->follow);
    int rc = pthread_create(&u->thread, NULL, follow_log, u);
    if (rc != 0) {
        return error_set(e, ERROR_INTERNAL, "the thread that follows the log could not be started: %s",
                         strerror(rc));
    }
    bool ok = program_serve(&service, signal_fd, e);
    atomic_store(&u->ending, true);
    pthread_join(u->thread, NULL);
    buf_free(&u->path);
    return ok;
}

static int run_program(void *prepared, const struct program_options *o, struct error *e)
{
    struct uptake_program *u = prepared;
    program_log("balrog-uptake", u->config);
    int signal_fd = program_signals(e);
    if (signal_fd < 0) {
        return PROGRAM_RUN;
    }
    if (nice(UPTAKE_NICE) == -1) {
        log_warning("service.priority", "the priority could not be lowered to nice %d: %s", UPTAKE_NICE,
                    strerror(errno));
    }
    bool ok = observe_start("balrog-uptake", u->config, e) && serve_requests(u, o->config, signal_fd, e);
    close(signal_fd);
    return ok ? EXIT_SUCCESS : PROGRAM_RUN;
}

static const struct program program = {
    .name = "balrog-uptake",
    .purpose = "Counts update queries from nginx's access log",
    .config = SYSCONFDIR "/balrog/uptake.conf",
    .hup = "reads [log], [statsd] and\n[sentry] again; the rest of the configuration needs a restart",
    .modes = TOOLS_HELP,
    .prepare = prepare_program,
    .run = run_program,
};

int main(int argc, char **argv)
{
    int status;
    return tools_run(argc, argv, &status) ? status : program_main(&program, argc, argv);
}
