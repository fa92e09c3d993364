/* balrog-admin: the admin API over FastCGI. A database that cannot be reached at the start is waited for
 * while requests are answered 503; one that is set up wrongly ends the start. */
#include "admin/service.h"
#include "ops/log.h"
#include "store/fail.h"
#include "store/instances.h"
#include "web/observe.h"
#include "web/program.h"

#include <curl/curl.h>
#include <mysql.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct program program = {
    .name = "balrog-admin",
    .purpose = "Answers the admin API",
    .config = SYSCONFDIR "/balrog/admin.conf",
    .hup = "reads the level and format of its\nlog again; the rest of the configuration needs a restart",
};

static void reload(void *arg)
{
    const char *path = arg;
    struct error e;
    void *ctx = mem_check(talloc_new(NULL));
    const struct config *config = config_read(ctx, path, &e);
    if (config != NULL) {
        program_log(program.name, config);
        log_info("config.loaded", "read the log's level and format from %s; the rest needs a restart", path);
    } else {
        log_error("config.refused", "the old configuration stays in use: %s", e.what);
    }
    talloc_free(ctx);
}

static bool check_database(struct admin *admin, struct error *e)
{
    if (admin_check_database(admin, e)) {
        return true;
    }
    bool wait = e->status == 503 && !failed_as(e, FAIL_SCHEMA);
    if (wait) {
        log_warning("service.database", "%s", e->what);
    }
    return wait;
}

static bool run(const struct config *config, struct admin *admin, const char *path, struct error *e)
{
    int signal_fd = program_signals(e);
    struct program_service service = {
        .socket = config->admin.socket,
        .socket_mode = config->admin.socket_mode,
        .threads = config->admin.threads,
        .drain_s = config->admin.drain_s,
        .handle = admin_handle,
        .handle_arg = admin,
        .reload = reload,
        .reload_arg = (void *)(uintptr_t)path,
    };
    /* It reports first and asks for the schema then: so a destructive upgrade, which notes that it begins and
     * asks for instances then, never misses one. */
    struct reporter *reporter =
        signal_fd >= 0 ? reporter_start(admin, &config->database, program.name, NULL, NULL, e) : NULL;
    bool ok = reporter != NULL && check_database(admin, e) && program_serve(&service, signal_fd, e);
    if (reporter != NULL) {
        reporter_stop(reporter);
    }
    if (signal_fd >= 0) {
        close(signal_fd);
    }
    return ok;
}

int main(int argc, char **argv)
{
    struct program_options o;
    struct error e = { 0 };
    program_parse(&program, argc, argv, &o);
    log_setup(program.name, LOG_INFO, LOG_PLAIN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    mysql_library_init(0, NULL, NULL);
    void *ctx = mem_check(talloc_new(NULL));
    struct config *config = config_read(ctx, o.config, &e);
    struct admin *admin = config != NULL ? admin_new(ctx, config, &e) : NULL;
    if (admin == NULL) {
        fprintf(stderr, "%s: %s\n", program.name, e.what);
        return PROGRAM_CONFIG;
    }
    if (!observe_check(config, &e)) {
        fprintf(stderr, "%s: %s: %s\n", program.name, o.config, e.what);
        return PROGRAM_CONFIG;
    }
    if (o.check) {
        printf("%s is valid\n", o.config);
        talloc_free(ctx);
        return EXIT_SUCCESS;
    }
    program_log(program.name, config);
    bool ok = observe_start(program.name, config, &e) && run(config, admin, o.config, &e);
    if (!ok) {
        log_error("service.failed", "%s", e.what);
    }
    observe_stop();
    talloc_free(ctx);
    mysql_library_end();
    curl_global_cleanup();
    return ok ? EXIT_SUCCESS : failed_as(&e, FAIL_SCHEMA) ? PROGRAM_SCHEMA : PROGRAM_RUN;
}
