/* balrog-admin: the admin API over FastCGI. If the database cannot be reached at the start, requests are
 * answered 503 until it can; if it is set up wrongly, the program ends. */
#include "admin/service.h"
#include "admin/ui_config.h"
#include "explain/uptake_client.h"
#include "ops/log.h"
#include "store/fail.h"
#include "store/reporter.h"
#include "web/observe.h"
#include "web/program.h"

#include <mysql.h>
#include <stdlib.h>
#include <unistd.h>

static const char name[] = "balrog-admin";

struct admin_program {
    const struct config *config;
    struct admin *admin;
};

static void reload_settings(void *arg)
{
    program_reload(name, arg);
}

static bool check_database(struct admin *admin, struct error *e)
{
    if (admin_check_database(admin, e)) {
        return true;
    }
    bool wait = e->kind == ERROR_UNAVAILABLE && !failed_as(e, FAIL_SCHEMA);
    if (wait) {
        log_warning("service.database", "%s", e->what);
    }
    return wait;
}

static bool serve_requests(const struct admin_program *r, const char *path, struct error *e)
{
    const struct config *config = r->config;
    int signal_fd = program_signals(e);
    struct program_service service = {
        .socket = config->admin.socket,
        .socket_mode = config->admin.socket_mode,
        .threads = config->admin.threads,
        .drain_s = config->admin.drain_s,
        .request_max = ((size_t)config->admin.max_body_mb + 1) << 20,
        .handle = admin_handle,
        .handle_arg = r->admin,
        .reload = reload_settings,
        .reload_arg = (void *)(uintptr_t)path,
    };
    /* The program reports itself before it checks the schema. A destructive upgrade first notes that it
     * begins and then lists the instances. So one of the two always sees the other. */
    struct reporter *reporter =
        signal_fd >= 0 && admin_start(r->admin, e)
            ? reporter_start(r->admin, admin_hosts(r->admin), name, (struct reporter_figures){ 0 }, e)
            : NULL;
    bool ok = reporter != NULL && check_database(r->admin, e);
    if (ok) {
        admin_start_readers(r->admin);
        ok = program_serve(&service, signal_fd, e);
    }
    if (reporter != NULL) {
        reporter_stop(reporter);
    }
    admin_stop(r->admin);
    if (signal_fd >= 0) {
        close(signal_fd);
    }
    return ok;
}

static void *prepare_program(void *ctx, struct config *config, struct error *e)
{
    struct admin_program *r = mem_new(ctx, struct admin_program);
    r->config = config;
    if (!uptake_check_urls(&config->admin.uptake_url, e) || !ui_config_check(config, e)) {
        return NULL;
    }
    r->admin = admin_new(ctx, config, e);
    return r->admin != NULL ? r : NULL;
}

static int run_program(void *prepared, const struct program_options *o, struct error *e)
{
    const struct admin_program *r = prepared;
    program_log(name, r->config);
    bool ok = observe_start(name, r->config, e) && serve_requests(r, o->config, e);
    return ok ? EXIT_SUCCESS : failed_as(e, FAIL_SCHEMA) ? PROGRAM_SCHEMA : PROGRAM_RUN;
}

static const struct program program = {
    .name = name,
    .purpose = "Answers the admin API",
    .config = SYSCONFDIR "/balrog/admin.conf",
    .hup = "reads [log], [statsd] and\n[sentry] again; the rest of the configuration needs a restart",
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
