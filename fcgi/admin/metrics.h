/* The metrics of balrog-admin. */
#ifndef BALROG_ADMIN_METRICS_H
#define BALROG_ADMIN_METRICS_H

#include "admin/admin.h"
#include "web/metrics.h"

/* Rows of its table. */
enum admin_metric {
    ADMIN_REQUESTS,  /* by route (the last one: none), web_status() */
    ADMIN_RESPONSES, /* by class of status - 1 */
    ADMIN_SECONDS,   /* by route */
    ADMIN_AUTH,      /* callers refused, by enum auth_result */
    ADMIN_COUNTED,
};
extern struct metric admin_metric[];

/* Registers them. The N routes are the values of labels; their array must live as long as the program. */
void admin_metrics_register(void *ctx, const struct admin_route *routes, size_t n);
/* Records for statsd how long a request to the route with this number took. */
void admin_metrics_time(unsigned route, int64_t ns);
/* Counts a request to the route with this number (N: no route fits) that was answered with STATUS after
 * NS. */
void admin_metrics_request(unsigned route, int status, int64_t ns);

#endif
