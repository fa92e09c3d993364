/* See agent.h. */
#include "agent/agent.h"

#include "agent/report.h"
#include "web/program.h"

struct agent *agent_new(void *ctx, const struct agent_settings *settings, int signal_fd, bool dry_run)
{
    struct agent *a = mem_new(ctx, struct agent);
    const struct config *c = settings->config;
    a->settings = settings;
    a->api = api_new(a, settings);
    a->uptake = uptake_new(a, settings);
    a->retry = retry_new(a, (struct retry_limits){ c->agent.retry_min_s, c->agent.retry_max_s });
    a->signal_fd = signal_fd;
    a->dry_run = dry_run;
    return a;
}

bool agent_goes_on(struct agent *a)
{
    a->ending = a->ending || program_should_end(a->signal_fd);
    if (!a->ending && a->report != NULL) {
        report_if_due(a);
    }
    return !a->ending;
}
