/* See agent.h. */
#include "agent/agent.h"

struct agent *agent_new(void *ctx, const struct agent_settings *settings, int signal_fd, bool dry_run)
{
    struct agent *a = mem_new(ctx, struct agent);
    const struct config *c = settings->config;
    a->settings = settings;
    a->api = agent_api_new(a, settings);
    a->uptake = uptake_new(a, settings);
    a->retry = retry_new(a, (struct retry_limits){ c->agent.retry_min_s, c->agent.retry_max_s });
    a->signal_fd = signal_fd;
    a->dry_run = dry_run;
    return a;
}
