/* Prints the counts: for Prometheus, and as JSON. */
#ifndef BALROG_UPTAKE_SHOW_H
#define BALROG_UPTAKE_SHOW_H

#include "uptake/counts.h"
#include "uptake/series.h"

/* A version whose uptake is watched: the share of queries from it or a newer version. */
struct watch {
    struct str product, channel, version;
};

struct uptake_view {
    const struct counts *counts;
    const struct watch *watch;
    size_t n_watches;
    uint64_t min_queries; /* with fewer queries in the window, "watched" is not shown */
    int64_t now_s;
};

/* Appends all counts in Prometheus' text format. */
void show_metrics(struct buf *out, const struct uptake_view *view);
/* Appends a JSON object about a product and channel. Returns false if they are not configured. The object:
 * {"product", "channel", "hours", "queries", "age_s": seconds since the last counted query,
 *  "versions": {VERSION: {"queries", "percent"}, …}, "other": {"queries", "percent"},
 *  "watched": {"version", "queries", "percent"}}
 * "watched" is absent if no version is watched, if there were too few queries, or if none came for an hour.
 */
bool show_cell(struct buf *out, const struct uptake_view *view, struct str product, struct str channel);
/* Appends a JSON object with the queries of SERIES in steps of STEP_S seconds, a multiple of SERIES_STEP_S.
 * Returns false if the product and the channel are not configured. The object:
 * {"product", "channel", "hours": 24, "step_s", "series": [{"at": ms since 1970, "queries", "versions":
 * {VERSION: queries, …}}, …], "window": {"hours", "queries"}, "watched": as above, or null} The steps go from
 * the first one with a query to the newest; the versions are the most frequent ones. "window" is what
 * "watched" is a share of. */
bool show_series(struct buf *out, const struct uptake_view *view, const struct series *series,
                 struct str product, struct str channel, unsigned step_s);

#endif
