/* The state of the agent. The agent asks the admin what is scheduled, enacts what is due, and reports how it
 * goes. It has one thread, which checks for signals between any two requests. */
#ifndef BALROG_AGENT_AGENT_H
#define BALROG_AGENT_AGENT_H

#include "agent/api.h"
#include "agent/retry.h"
#include "agent/uptake.h"

/* Counts since the start, and figures of the last run. */
struct agent_figures {
    unsigned runs;
    unsigned enacted;
    unsigned already;      /* refused, and then no longer listed: somebody else enacted it first */
    unsigned failed;       /* attempts that failed */
    unsigned lists_failed; /* lists that could not be read */
    size_t waiting;        /* changes that were not due in the last run */
    int64_t run_began_ms;  /* begin of the last run, ms since 1970; 0: no run yet */
    int64_t run_took_ms;
    int64_t good_run_ms; /* begin of the last run in which no list failed, ms since 1970; 0: none yet */
};

struct agent {
    const struct agent_settings *settings;
    struct agent_api *api;
    struct uptake_source *uptake;
    struct retry *retry;
    struct report *report; /* NULL: the agent does not report itself to the admin */
    int signal_fd;
    bool dry_run; /* print to stdout what would be done, and change nothing */
    bool ending;  /* a signal to end has arrived */
    struct agent_figures figures;
};

/* An agent that stops when a signal arrives at SIGNAL_FD (a signalfd, borrowed). SETTINGS must outlive it.
 * Owned by CTX. */
struct agent *agent_new(void *ctx, const struct agent_settings *settings, int signal_fd, bool dry_run);

#endif
