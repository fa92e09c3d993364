/* Prints the counts: for Prometheus, and as JSON. */
#ifndef BALROG_UPTAKE_SHOW_H
#define BALROG_UPTAKE_SHOW_H

#include "uptake/counts.h"

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

#endif
