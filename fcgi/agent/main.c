/* balrog-agent: enacts, through the admin API, what is scheduled, once it is due and signed off. */
#include "agent/agent.h"
#include "agent/metrics.h"
#include "agent/report.h"
#include "agent/run.h"
#include "core/clock.h"
#include "ops/log.h"
#include "web/observe.h"
#include "web/program.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum flag { FLAG_ONCE, FLAG_DRY_RUN };
enum { EXIT_FAILURES = 5 };

static const char name[] = "balrog-agent";

/* ---- as a daemon ---- */

/* TIMER becomes readable in MS; at once if that is 0 or less, as after a run that took longer than the
 * interval. */
static void wake_in(int timer, int64_t ms)
{
    struct itimerspec at = { .it_value = { ms / 1000, ms % 1000 * 1000000 } };
    if (ms <= 0) {
        at.it_value = (struct timespec){ 0, 1 };
    }
    timerfd_settime(timer, 0, &at, NULL);
}

static void reload_settings(void *arg)
{
    program_reload(name, arg);
}

/* Does a run in each interval. If the interval is long, sends reports between the runs, too. PATH is that of
 * the configuration. */
static void serve_timer(struct agent *a, int timer, const char *path)
{
    int64_t interval_ms = (int64_t)a->settings->config->agent.interval_s * 1000;
    int64_t next_ms = clock_ms();
    wake_in(timer, 0);
    while (!a->ending && program_wait(a->signal_fd, timer, reload_settings, (void *)(uintptr_t)path)) {
        uint64_t ignored;
        bool due = clock_ms() >= next_ms;
        if (read(timer, &ignored, sizeof ignored) == sizeof ignored && due) {
            next_ms = clock_ms() + interval_ms;
            run_once(a);
        }
        if (run_goes_on(a)) {
            report_news(a);
        }
        int64_t left_ms = next_ms - clock_ms();
        wake_in(timer, left_ms < REPORT_EVERY_MS ? left_ms : REPORT_EVERY_MS);
    }
}

static bool run_daemon(struct agent *a, const char *path, struct error *e)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (timer < 0) {
        return error_set(e, ERROR_INTERNAL, "cannot make a timer: %s", strerror(errno));
    }
    a->report = report_new(a, name);
    log_info("agent.started", "version %s asks %s every %d s", PACKAGE_VERSION, a->settings->api,
             a->settings->config->agent.interval_s);
    serve_timer(a, timer, path);
    report_end(a);
    close(timer);
    log_info("agent.stopped", "done");
    return true;
}

/* ---- once ---- */

static int exit_status(enum run_result end)
{
    static const int status[] = {
        [RUN_DONE] = EXIT_SUCCESS,
        [RUN_FAILURES] = EXIT_FAILURES,
        [RUN_LOST] = PROGRAM_RUN,
        [RUN_CUT] = EXIT_SUCCESS,
    };
    return status[end];
}

/* ---- starting ---- */

/* A dry run logs only warnings and errors, since its output is the list of changes. */
static void set_log(const struct config *config, bool dry_run)
{
    program_log(name, config);
    if (dry_run) {
        log_setup(name, LOG_WARNING, LOG_PLAIN);
    }
}

static void *prepare_settings(void *ctx, struct config *config, struct error *e)
{
    return agent_settings_new(ctx, config, e);
}

static int run_agent(void *prepared, const struct program_options *o, struct error *e)
{
    struct agent_settings *settings = prepared;
    bool dry_run = o->flag[FLAG_DRY_RUN];
    int status = PROGRAM_RUN;
    set_log(settings->config, dry_run);
    agent_metrics_register();
    int signal_fd = program_signals(e);
    bool ok = signal_fd >= 0 && (dry_run || observe_start(name, settings->config, e));
    struct agent *a = ok ? agent_new(settings, settings, signal_fd, dry_run) : NULL;
    if (ok && (dry_run || o->flag[FLAG_ONCE])) {
        status = exit_status(run_once(a));
    } else if (ok && run_daemon(a, o->config, e)) {
        status = EXIT_SUCCESS;
    }
    if (signal_fd >= 0) {
        close(signal_fd);
    }
    return status;
}

static const struct program program = {
    .name = name,
    .purpose = "Enacts scheduled changes that are due and signed off, through the admin API",
    .config = SYSCONFDIR "/balrog/agent.conf",
    .hup = "reads [log], [statsd] and\n[sentry] again; the rest of the configuration needs a restart",
    .alone = true,
    .exits = "5 with --once or\n--dry-run: a change or a list failed",
    .flag = { [FLAG_ONCE] = { "once", "one look at what is scheduled, then end" },
              [FLAG_DRY_RUN] = { "dry-run", "the same, but only say what is due and what waits for what" } },
    .prepare = prepare_settings,
    .run = run_agent,
};

int main(int argc, char **argv)
{
    return program_main(&program, argc, argv);
}
