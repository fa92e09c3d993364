/* What balrog-public counts. */
#ifndef BALROG_PUBLIC_METRICS_H
#define BALROG_PUBLIC_METRICS_H

#include "public/loader_stats.h"
#include "web/metrics.h"

/* Rows of public_metrics: its counters and histograms. */
enum public_metric {
    PUBLIC_ANSWERS,    /* by enum reason */
    PUBLIC_THROTTLED,  /* by enum throttle - 1 */
    PUBLIC_REQUESTS,   /* by endpoint, method, web_status() */
    PUBLIC_RESPONSES,  /* by class of status - 1 */
    PUBLIC_SECONDS,    /* by endpoint */
    PUBLIC_SKIPPED,    /* answers without a part that could not be made */
    PUBLIC_SIGNATURES, /* 0: made, 1: failed */
    PUBLIC_SIGN_SECONDS,
    PUBLIC_SIGN_CACHE,       /* 0: found, 1: not found */
    PUBLIC_AUTOGRAPH,        /* answers by web_status() */
    PUBLIC_AUTOGRAPH_ERRORS, /* by enum autograph_error */
    PUBLIC_COUNTED,
};
extern struct metric public_metric[];

/* Why a request to Autograph failed, as the reference counts it. */
enum autograph_error { AUTOGRAPH_REQUEST, AUTOGRAPH_UNKNOWN };

/* The kinds of paths, by their first segment, as the reference counts them; and the paths for monitoring. */
enum endpoint { ENDPOINT_UPDATE, ENDPOINT_JSON, ENDPOINT_API, ENDPOINT_UNKNOWN, ENDPOINT_MONITORING };
enum endpoint public_endpoint(struct str path);

/* Registers all of it; the loader's numbers are read from STATS, which must live as long as the program. */
void public_metrics_register(struct loader_stats *stats);
/* Counts a request that was answered with STATUS within NS nanoseconds. */
void public_metrics_request(const struct request *r, int status, int64_t ns);

#endif
