/* balrog-uptake: counts update queries by product, channel and version from nginx's access log, since answers
 * from nginx's cache never reach balrog-public, and shows the counts over FastCGI:
 *
 *     GET /__uptake__/metrics              for Prometheus
 *     GET /__uptake__/PRODUCT/CHANNEL      JSON, for people and for balrog-agent's uptake conditions
 *
 * One thread follows the log; those that answer take turns with it. */
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

enum { THREADS = 2, IDLE_MS = 200, TURN_MS = 5000, QUIET_MS = 60000, NICE = 10 };

struct uptake {
    const struct config *config;
    struct uptake_view view; /* of counts; now_s is not set here */
    pthread_mutex_t lock;    /* of counts and what follows */
    struct counts *counts;
    uint64_t lines[LINE_BROKEN + 1]; /* by kind */
    bool readable;                   /* the log */
    /* The follower's own: */
    struct follow *follow;
    pthread_t thread;
    atomic_bool ending;
    char text[QUERY_TEXT_MAX];
    int64_t turned_ms, complained_ms;
};

/* ---- following ---- */

static void see(void *arg, struct str line)
{
    struct uptake *u = arg;
    struct query q;
    int64_t time_s;
    enum line_kind kind = line_parse(line, &q, u->text, &time_s);
    pthread_mutex_lock(&u->lock);
    u->lines[kind]++;
    if (kind == LINE_QUERY) {
        counts_add(u->counts, time_s, q.product, fallback_channel(q.channel), q.version);
    }
    pthread_mutex_unlock(&u->lock);
}

static void complain(struct uptake *u, const struct error *e)
{
    if (u->complained_ms == 0 || clock_ms() - u->complained_ms >= QUIET_MS) {
        log_warning("log.unreadable", "%s", e->what);
        u->complained_ms = clock_ms();
    }
}

static void turn(struct uptake *u)
{
    if (u->turned_ms == 0 || clock_ms() - u->turned_ms >= TURN_MS) {
        pthread_mutex_lock(&u->lock);
        counts_turn(u->counts, clock_wall_ms() / 1000);
        pthread_mutex_unlock(&u->lock);
        u->turned_ms = clock_ms();
    }
}

static void *follow(void *arg)
{
    struct uptake *u = arg;
    while (!atomic_load(&u->ending)) {
        struct error e;
        size_t n;
        bool ok = follow_read(u->follow, clock_ms(), see, u, &n, &e);
        if (!ok) {
            complain(u, &e);
        }
        pthread_mutex_lock(&u->lock);
        u->readable = ok;
        pthread_mutex_unlock(&u->lock);
        turn(u);
        if (n == 0) {
            usleep(IDLE_MS * 1000);
        }
    }
    return NULL;
}

/* ---- answering ---- */

static struct uptake_view view_of(const struct uptake *u)
{
    struct uptake_view view = u->view;
    view.now_s = clock_wall_ms() / 1000;
    return view;
}

static void get_metrics(struct call *call)
{
    struct uptake *u = call->app;
    struct buf *out = &call->response->body;
    response_text(call->response, 200, "text/plain; version=0.0.4; charset=utf-8", STR(""));
    pthread_mutex_lock(&u->lock);
    struct uptake_view view = view_of(u);
    show_metrics(out, &view);
    metrics_print_head(out, "balrog_uptake_lines_total", "counter", "Lines of the log, by what they were.");
    buf_printf(out,
               "balrog_uptake_lines_total{kind=\"query\"} %llu\n"
               "balrog_uptake_lines_total{kind=\"other\"} %llu\n"
               "balrog_uptake_lines_total{kind=\"broken\"} %llu\n",
               (unsigned long long)u->lines[LINE_QUERY], (unsigned long long)u->lines[LINE_OTHER],
               (unsigned long long)u->lines[LINE_BROKEN]);
    metrics_print_head(out, "balrog_uptake_log_readable", "gauge", "Whether the log could be read last.");
    buf_printf(out, "balrog_uptake_log_readable %d\n", u->readable);
    pthread_mutex_unlock(&u->lock);
}

static void get_cell(struct call *call)
{
    struct uptake *u = call->app;
    response_text(call->response, 200, "application/json", STR(""));
    pthread_mutex_lock(&u->lock);
    struct uptake_view view = view_of(u);
    bool known = show_cell(&call->response->body, &view, call->param[0], call->param[1]);
    pthread_mutex_unlock(&u->lock);
    if (!known) {
        response_problem(call->response, 404, "Not Found",
                         "The product or the channel is not among those in [uptake].", NULL);
    }
}

static const struct route routes[] = {
    { METHOD_GET, "/__uptake__/metrics", NULL, get_metrics, "metrics" },
    { METHOD_GET, "/__uptake__/{product}/{channel}", NULL, get_cell, "uptake" },
};

static void handle(void *arg, unsigned thread, const struct request *request, struct response *response)
{
    struct call call = { .app = arg, .ctx = talloc_new(NULL), .request = request, .response = response };
    (void)thread;
    mem_check(call.ctx);
    response_header(response, "Cache-Control", STR("no-store"));
    if (router_dispatch(routes, ARRAY_LEN(routes), &call) == NULL) {
        response_problem(response, 404, "Not Found",
                         "There is /__uptake__/metrics and /__uptake__/PRODUCT/CHANNEL.", NULL);
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

static bool parse_watches(struct uptake *u, struct error *e)
{
    const struct config_list *lines = &u->config->uptake.watch;
    struct watch *watch = mem_array(u, struct watch, lines->n);
    for (size_t i = 0; i < lines->n; i++) {
        if (!parse_watch(lines->item[i], &watch[i])) {
            return error_set(e, 500, "[uptake] watch = %.*s: PRODUCT CHANNEL VERSION is wanted",
                             STR_ARG(lines->item[i]));
        }
        if (counts_cell(u->counts, watch[i].product, watch[i].channel) == NULL) {
            return error_set(e, 500,
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
    struct uptake *u = mem_new(ctx, struct uptake);
    u->config = config;
    if (config->uptake.log[0] == '\0') {
        error_set(e, 500, "[uptake] log: nginx's access log is needed");
        return NULL;
    }
    u->counts = counts_new(u, config->uptake.products, config->uptake.channels,
                           (unsigned)config->uptake.window_h, (unsigned)config->uptake.versions);
    u->view.counts = u->counts;
    u->view.min_queries = (uint64_t)config->uptake.min_queries;
    pthread_mutex_init(&u->lock, NULL);
    return parse_watches(u, e) ? u : NULL;
}

static bool serve(struct uptake *u, int signal_fd, struct error *e)
{
    struct program_service service = { .socket = u->config->uptake.socket,
                                       .socket_mode = u->config->uptake.socket_mode,
                                       .threads = THREADS,
                                       .drain_s = 5,
                                       .handle = handle,
                                       .handle_arg = u };
    u->follow = follow_new(u, u->config->uptake.log, true);
    int rc = pthread_create(&u->thread, NULL, follow, u);
    if (rc != 0) {
        return error_set(e, 500, "cannot start a thread: %s", strerror(rc));
    }
    bool ok = program_serve(&service, signal_fd, e);
    atomic_store(&u->ending, true);
    pthread_join(u->thread, NULL);
    return ok;
}

static int run(void *prepared, const struct program_options *o, struct error *e)
{
    struct uptake *u = prepared;
    (void)o;
    program_log("balrog-uptake", u->config);
    int signal_fd = program_signals(e);
    if (signal_fd < 0) {
        return PROGRAM_RUN;
    }
    if (nice(NICE) == -1) {
        log_warning("service.priority", "cannot step back behind the others: %s", strerror(errno));
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
    .run = run,
};

int main(int argc, char **argv)
{
    return program_main(&program, argc, argv);
}
