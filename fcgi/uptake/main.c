/* balrog-uptake counts update queries by product, channel and version. It reads nginx's access log, because
 * answers from nginx's cache never reach balrog-public. It shows the counts over FastCGI:
 *
 *     GET /__uptake__/metrics              for Prometheus
 *     GET /__uptake__/PRODUCT/CHANNEL      JSON, for people and for balrog-agent's uptake conditions
 *
 * One thread follows the log. A lock protects the counts between it and the threads that answer. */
#include "core/clock.h"
#include "ops/log.h"
#include "ops/metrics.h"
#include "uptake/follow.h"
#include "uptake/line.h"
#include "uptake/show.h"
#include "web/observe.h"
#include "web/program.h"
#include "web/router.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 2, IDLE_MS = 200, WINDOW_MS = 5000, LOG_PAUSE_MS = 60000, UPTAKE_NICE = 10 };

struct uptake_program {
    const struct config *config;
    struct uptake_view view; /* of counts; now_s is not set here */
    pthread_mutex_t lock;    /* protects counts, lines and readable */
    struct counts *counts;
    uint64_t lines[LINE_BROKEN + 1]; /* by kind */
    bool readable;                   /* whether the log could be read the last time */
    /* Used by the following thread alone: */
    struct follow *follow;
    pthread_t thread;
    atomic_bool ending;
    char text[QUERY_TEXT_MAX];
    int64_t moved_ms, logged_ms; /* when the window was last moved, and a failure last logged */
};

/* ---- following ---- */

static void count_line(void *arg, struct str line)
{
    struct uptake_program *u = arg;
    struct query q;
    int64_t time_s;
    enum line_kind kind = line_parse(line, &q, u->text, &time_s);
    pthread_mutex_lock(&u->lock);
    u->lines[kind]++;
    if (kind == LINE_QUERY) {
        counts_add(u->counts, time_s, q.product, query_fallback_channel(q.channel), q.version);
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
        if (n == 0) {
            usleep(IDLE_MS * 1000);
        }
    }
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

static void get_cell(struct call *call)
{
    struct uptake_program *u = call->app;
    response_text(call->response, 200, "application/json", STR(""));
    pthread_mutex_lock(&u->lock);
    struct uptake_view view = view_of(u);
    bool known = show_cell(&call->response->body, &view, call->param[0], call->param[1]);
    pthread_mutex_unlock(&u->lock);
    if (!known) {
        response_problem(call->response, 404, "Not Found",
                         "The product or the channel is not listed in [uptake] of the configuration.", NULL);
    }
}

static const struct route routes[] = {
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
                         "The paths here are /__uptake__/metrics and /__uptake__/PRODUCT/CHANNEL.", NULL);
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

static void *prepare(void *ctx, struct config *config, struct error *e)
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

static bool serve(struct uptake_program *u, int signal_fd, struct error *e)
{
    struct program_service service = { .socket = u->config->uptake.socket,
                                       .socket_mode = u->config->uptake.socket_mode,
                                       .threads = THREADS,
                                       .drain_s = 5,
                                       .handle = handle_request,
                                       .handle_arg = u };
    u->follow = follow_new(u, u->config->uptake.log, true);
    int rc = pthread_create(&u->thread, NULL, follow_log, u);
    if (rc != 0) {
        return error_set(e, ERROR_INTERNAL, "the thread that follows the log could not be started: %s",
                         strerror(rc));
    }
    bool ok = program_serve(&service, signal_fd, e);
    atomic_store(&u->ending, true);
    pthread_join(u->thread, NULL);
    return ok;
}

static int run_program(void *prepared, const struct program_options *o, struct error *e)
{
    struct uptake_program *u = prepared;
    (void)o;
    program_log("balrog-uptake", u->config);
    int signal_fd = program_signals(e);
    if (signal_fd < 0) {
        return PROGRAM_RUN;
    }
    if (nice(UPTAKE_NICE) == -1) {
        log_warning("service.priority", "the priority could not be lowered to nice %d: %s", UPTAKE_NICE,
                    strerror(errno));
    }
    bool ok = observe_start("balrog-uptake", u->config, e) && serve(u, signal_fd, e);
    close(signal_fd);
    return ok ? EXIT_SUCCESS : PROGRAM_RUN;
}

static const struct program program = {
    .name = "balrog-uptake",
    .purpose = "Counts update queries from nginx's access log",
    .config = SYSCONFDIR "/balrog/uptake.conf",
    .prepare = prepare,
    .run = run_program,
};

int main(int argc, char **argv)
{
    return program_main(&program, argc, argv);
}
