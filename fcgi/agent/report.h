/* Reports to the admin that this agent runs, and its figures: PUT /app_instances/…. If the admin does not
 * have this path, because it is an older version, that is logged once. */
#ifndef BALROG_AGENT_REPORT_H
#define BALROG_AGENT_REPORT_H

#include "agent/agent.h"

enum { REPORT_EVERY_MS = 10000 };

struct report;

/* Owned by CTX. */
struct report *report_new(void *ctx, const char *program);

/* Sends a report if the last one is older than REPORT_EVERY_MS. */
void report_if_due(struct agent *a);
/* The same; also if A has enacted something or failed to since the last report. */
void report_news(struct agent *a);

/* Removes the report: the agent ends. */
void report_end(struct agent *a);

/* Appends A's figures to OUT as a JSON object. */
void report_figures(struct buf *out, const struct agent *a);

#endif
