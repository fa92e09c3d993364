/* Update queries of the last 24 hours in steps of five minutes, by product, channel and version. Neither I/O
 * nor a clock: times are passed in.
 *
 * Memory is bounded: products and channels that are not configured are counted together, and of each product
 * and channel at most SERIES_VERSIONS versions are remembered, 75 KB. When a new version finds no room, it
 * counts for the whole alone, until series_move_window() has forgotten the half that was asked for least in
 * the last hour. */
#ifndef BALROG_UPTAKE_SERIES_H
#define BALROG_UPTAKE_SERIES_H

#include "core/config_file.h"

enum {
    SERIES_STEP_S = 300,
    SERIES_STEPS = 24 * 3600 / SERIES_STEP_S,
    SERIES_VERSIONS = 64,
    SERIES_VERSION_MAX = 75, /* bytes of a version; a longer one counts for the whole alone */
};

struct series_version {
    struct str version;
    uint32_t step[SERIES_STEPS]; /* a ring */
};

/* One product and channel. */
struct series_cell {
    uint32_t step[SERIES_STEPS]; /* all versions, remembered or not; a ring */
    struct series_version *version[SERIES_VERSIONS];
    size_t n;
};

struct series {
    struct config_list products, channels;
    int64_t step;             /* the newest step in the rings, in steps since 1970 */
    struct series_cell *cell; /* the last product and the last channel are "other" */
};

/* Owned by CTX; the lists are borrowed. */
struct series *series_new(void *ctx, struct config_list products, struct config_list channels);
/* Counts COUNT queries that were answered at TIME_S; ignored if that is older than the window. CHANNEL is the
 * part before
 * "-cck-". An absent VERSION counts for the whole alone, any other for the version alone: see series_count().
 */
void series_add(struct series *s, int64_t time_s, struct str product, struct str channel, struct str version,
                uint32_t count);
/* Counts one query, for the whole and for its version. */
void series_count(struct series *s, int64_t time_s, struct str product, struct str channel,
                  struct str version);
/* Moves the end of the window to NOW_S, and makes room for new versions. To be called every few seconds. */
void series_move_window(struct series *s, int64_t now_s);

/* The cell of a product and channel; NULL if either is not configured. */
const struct series_cell *series_find(const struct series *s, struct str product, struct str channel);
/* Writes the N versions that were asked for most within the window to LIST, the most frequent first; returns
 * how many there are. */
size_t series_top(const struct series_cell *cell, const struct series_version **list, size_t n);

#endif
