/* Tells the admin that this agent lives, and how it goes: PUT /app_instances/…. An admin that does not know
 * that path yet is left alone. */
#ifndef BALROG_AGENT_REPORT_H
#define BALROG_AGENT_REPORT_H

#include "agent/agent.h"

enum { REPORT_EVERY_MS = 10000 };

struct report;

/* Owned by CTX. */
struct report *report_new(void *ctx, const char *program);

/* Reports A if the last report is older than REPORT_EVERY_MS. */
void report_if_due(struct agent *a);
/* The same, and also if A has done, or failed to do, something since. */
void report_news(struct agent *a);

/* A ends. */
void report_end(struct agent *a);

/* A's figures as a JSON object. */
void report_figures(struct buf *out, const struct agent *a);

#endif
