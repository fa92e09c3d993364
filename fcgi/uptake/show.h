/* What has been counted, in the forms that others read. */
#ifndef BALROG_UPTAKE_SHOW_H
#define BALROG_UPTAKE_SHOW_H

#include "uptake/counts.h"

/* Whose arrival at which version is watched. */
struct watch {
    struct str product, channel, version;
};

struct uptake_view {
    const struct counts *counts;
    const struct watch *watch;
    size_t n_watches;
    uint64_t min_queries; /* with fewer in the window nothing is said about who has reached a version */
    int64_t now_s;
};

/* Prometheus' text format. */
void show_metrics(struct buf *out, const struct uptake_view *view);
/* A JSON object about a product and channel; false when they are not configured:
 * {"product", "channel", "hours", "queries", "age_s": since the last query of any kind was counted,
 *  "versions": {VERSION: {"queries", "percent"}, …}, "other": {"queries", "percent"},
 *  "watched": {"version", "queries", "percent"}}
 * Without "watched" where nothing is watched, or too few queries came, or none for an hour. */
bool show_cell(struct buf *out, const struct uptake_view *view, struct str product, struct str channel);

#endif
