/* Counters that the agent sends to statsd: balrog.agent.changes.enacted and so on. Prometheus reads the same
 * figures from the admin, to which the agent reports them. */
#ifndef BALROG_AGENT_METRICS_H
#define BALROG_AGENT_METRICS_H

enum agent_event { AGENT_ENACTED, AGENT_ALREADY, AGENT_FAILED, AGENT_LIST_FAILED, AGENT_EVENTS };

/* To be called before observe_start(). */
void agent_metrics_register(void);
void agent_metrics_count(enum agent_event event);

#endif
