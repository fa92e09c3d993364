/* balrog-public: update queries and the read-only API, over FastCGI. main() reads the configuration, waits
 * for the first snapshot, opens the socket and then only listens to signals. */
#include "ops/log.h"
#include "public/figures.h"
#include "public/loader.h"
#include "public/metrics.h"
#include "public/service.h"
#include "store/fail.h"
#include "store/reporter.h"
#include "store/metrics.h"
#include "store/pool_metrics.h"
#include "web/observe.h"
#include "web/program.h"

#include <errno.h>
#include <mysql.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const char name[] = "balrog-public";

enum { BIG_ANSWERS = 2 }; /* of /api/v1 that are made at the same time */

struct public_program {
    void *ctx;
    const struct config *config;
    struct public_settings *settings;
    struct hosts *hosts;
    struct hosts *primary; /* the same, unless [primary] names others */
    struct pool *pool;     /* for /api/v1 */
    struct public_state state;
    struct loader *loader;
    struct reporter *reporter;
    int signal_fd;
};

static void reload_loader(void *arg)
{
    loader_reload(arg);
}

static bool serve_requests(struct public_program *r, struct error *e)
{
    const struct config *config = r->config;
    struct gate big;
    struct gate all;
    struct api api = {
        r->pool, r->hosts, r->primary, config->public.version_file, config->public.openapi_file, &big, &all
    };
    unsigned half = ((unsigned)config->public.threads + 1) / 2;
    gate_init(&big, BIG_ANSWERS, half);
    gate_init(&all, half, 0);
    struct program_service service = {
        .socket = config->public.socket,
        .socket_mode = config->public.socket_mode,
        .threads = config->public.threads,
        .quick = true,
        .drain_s = config->public.drain_s,
        .handle = service_handle,
        .handle_arg = service_new(r->ctx, &r->state, &api, (unsigned)config->public.threads),
        .reload = reload_loader,
        .reload_arg = r->loader,
    };
    return program_serve(&service, r->signal_fd, e);
}

/* Reports first and asks for the schema then: so a destructive upgrade, which notes that it begins and asks
 * for instances then, never misses one. */
static bool start_threads(struct public_program *r, const char *config_path, int ready_fd, struct error *e)
{
    served_init(&r->state.loader.served);
    if (!hosts_start(r->hosts, e) || (r->primary != r->hosts && !hosts_start(r->primary, e))) {
        return false;
    }
    r->reporter = reporter_start(r->ctx, r->primary, name, public_figures(&r->state.loader), e);
    r->loader = r->reporter != NULL
                    ? loader_start(r->ctx, &r->state, r->settings, r->hosts, config_path, ready_fd, e)
                    : NULL;
    return r->loader != NULL;
}

static void stop_threads(struct public_program *r)
{
    if (r->loader != NULL) {
        loader_stop(r->loader);
    }
    if (r->reporter != NULL) {
        reporter_stop(r->reporter);
    }
    hosts_stop(r->hosts);
    hosts_stop(r->primary);
}

static bool work_until_signal(struct public_program *r, const char *config_path, struct error *e)
{
    int ready_fd = eventfd(0, EFD_CLOEXEC);
    if (ready_fd < 0) {
        return error_set(e, ERROR_INTERNAL, "cannot open an eventfd: %s", strerror(errno));
    }
    r->signal_fd = program_signals(e);
    if (r->signal_fd < 0) {
        close(ready_fd);
        return false;
    }
    warmup_init(&r->state.warmup);
    service_init_epoch(r->ctx, &r->state, (unsigned)r->config->public.threads);
    /* The loader that refuses ends the program by a signal, which may come before anything else is seen. */
    bool ok = start_threads(r, config_path, ready_fd, e) &&
              (!program_wait(r->signal_fd, ready_fd, reload_loader, r->loader) ||
               loader_refused(r->loader, e) || serve_requests(r, e)) &&
              !loader_refused(r->loader, e);
    stop_threads(r);
    close(ready_fd);
    close(r->signal_fd);
    return ok;
}

static void *prepare_program(void *ctx, struct config *config, struct error *e)
{
    struct public_program *r = mem_new(ctx, struct public_program);
    r->ctx = ctx;
    r->settings = public_settings_new(ctx, config, e);
    return r->settings != NULL ? r : NULL;
}

static int run_program(void *prepared, const struct program_options *o, struct error *e)
{
    struct public_program *r = prepared;
    r->config = r->settings->config;
    public_settings_log(r->settings);
    r->hosts = hosts_new(r->ctx, &r->config->database);
    r->primary = config_has_primary(r->config) ? hosts_new(r->ctx, &r->config->primary) : r->hosts;
    r->pool = pool_new(r->ctx, r->hosts, HOSTS_READ, (unsigned)r->config->public.api_connections);
    r->state.loader.hosts = r->hosts;
    r->state.loader.primary = r->primary;
    public_metrics_register(&r->state.loader);
    store_metrics_register();
    pool_metrics_register(r->pool);
    hosts_metrics_register(r->hosts);
    bool ok = observe_start(name, r->config, e) && work_until_signal(r, o->config, e);
    return ok ? EXIT_SUCCESS : failed_as(e, FAIL_SCHEMA) ? PROGRAM_SCHEMA : PROGRAM_RUN;
}

static const struct program program = {
    .name = name,
    .purpose = "Answers update queries",
    .config = SYSCONFDIR "/balrog/balrog.conf",
    .hup = "reads the configuration again",
    .prepare = prepare_program,
    .run = run_program,
};

int main(int argc, char **argv)
{
    mysql_library_init(0, NULL, NULL);
    int status = program_main(&program, argc, argv);
    mysql_library_end();
    return status;
}
