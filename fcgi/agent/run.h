/* One run of the agent: looks once at everything that is scheduled and enacts what is due. */
#ifndef BALROG_AGENT_RUN_H
#define BALROG_AGENT_RUN_H

#include "agent/agent.h"

/* To be called before each request: sends the agent's report if it is due. Returns false if the agent should
 * end. */
bool run_goes_on(struct agent *a);

enum run_result {
    RUN_DONE,
    RUN_FAILURES, /* a change or a list failed */
    RUN_LOST,     /* the admin cannot be reached, or refuses our credentials */
    RUN_CUT,      /* a signal ended the run early */
};

/* Does one run. Failures are logged and counted in A's figures. */
enum run_result run_once(struct agent *a);

#endif
