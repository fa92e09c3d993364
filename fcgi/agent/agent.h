/* The agent: asks the admin what is scheduled, enacts what is due, tells how it goes. One thread; between any
 * two requests it looks whether it is to end. */
#ifndef BALROG_AGENT_AGENT_H
#define BALROG_AGENT_AGENT_H

#include "agent/api.h"
#include "agent/retry.h"
#include "agent/uptake.h"

/* What it has done since its start, and what it saw in its last run. */
struct agent_figures {
    unsigned runs;
    unsigned enacted;
    unsigned already;      /* found gone after a refusal: somebody else was first */
    unsigned failed;       /* tries that came to nothing */
    unsigned lists_failed; /* lists that could not be had */
    size_t waiting;        /* changes that are not due, as of the last run */
    int64_t run_began_ms;  /* the last run, wall clock; 0: none yet */
    int64_t run_took_ms;
    int64_t good_run_ms; /* when the last run began in which all lists were had; 0: none yet */
};

struct agent {
    const struct agent_settings *settings;
    struct api *api;
    struct uptake *uptake;
    struct retry *retry;
    struct report *report; /* NULL: it does not report itself */
    int signal_fd;
    bool dry_run; /* says on stdout what it would do, and changes nothing */
    bool ending;  /* a signal has come */
    struct agent_figures figures;
};

/* Owned by CTX. */
struct agent *agent_new(void *ctx, const struct agent_settings *settings, int signal_fd, bool dry_run);

/* To be called before each request: reports the agent where that is overdue. False when it is to end. */
bool agent_goes_on(struct agent *a);

enum agent_run {
    RUN_DONE,
    RUN_FAILURES, /* something failed */
    RUN_LOST,     /* the admin is not there, or does not take our credentials */
    RUN_CUT,      /* it was told to end */
};

/* Looks once at all that is scheduled. */
enum agent_run agent_run(struct agent *a);

#endif
