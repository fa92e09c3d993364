/* Metrics of all web programs: HTTP statuses as labels, and the page that shows the metrics. */
#ifndef BALROG_WEB_METRICS_H
#define BALROG_WEB_METRICS_H

#include "ops/metrics.h"
#include "web/http.h"

enum { WEB_STATUSES = 24 };

/* The statuses that are told apart, "200" first; the last one is "other". For a label. */
extern const char *const web_status_names[WEB_STATUSES];
/* The index of STATUS in web_status_names. */
unsigned web_status(int status);

/* Answers GET and HEAD of /__metrics__, for which nginx lets in the loopback only. False when it is something
 * else. */
bool web_metrics_answer(const struct request *r, struct response *response);

#endif
