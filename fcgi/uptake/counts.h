/* Counts of update queries by product, channel and version: since the start, and within a sliding window of
 * hours. No I/O and no clock: times are passed in.
 *
 * Clients can claim any name, so memory is bounded. Products and channels that are not configured are counted
 * together as "other". For each product and channel a few thousand versions are remembered; the most frequent
 * ones are shown by name. */
#ifndef BALROG_UPTAKE_COUNTS_H
#define BALROG_UPTAKE_COUNTS_H

#include "core/buf.h"
#include "core/config_file.h"
#include "core/error.h"

enum {
    COUNTS_HOURS_MAX = 168,
    COUNTS_VERSION_MAX = 75,     /* bytes of a version; a longer one is "other" */
    COUNTS_REMEMBERED_MAX = 2000 /* versions of one product and channel */
};

/* The counts of one version, or of all versions that are not remembered. */
struct version_count {
    struct str version;
    uint64_t total;                  /* since it has been shown by name */
    uint32_t hour[COUNTS_HOURS_MAX]; /* a ring: one element per hour */
    bool shown;
};

/* The counts of one product and channel. */
struct cell {
    uint64_t total; /* since the start */
    struct version_count **version;
    size_t n;
    struct version_count other;
};

struct counts {
    struct config_list products, channels;
    unsigned hours; /* length of the window */
    unsigned shown; /* number of versions per cell that are shown by name */
    int64_t hour;   /* the newest hour in the rings, in hours since 1970 */
    int64_t last_s; /* time of the newest query that was counted, s since 1970 */
    struct cell
        *cell; /* (products + 1) × (channels + 1); the last product and the last channel are "other" */
};

/* Empty counts for PRODUCTS and CHANNELS, which must outlive them, with a window of HOURS (at most
 * COUNTS_HOURS_MAX) that shows SHOWN versions of each cell by name. Owned by CTX. */
struct counts *counts_new(void *ctx, struct config_list products, struct config_list channels, unsigned hours,
                          unsigned shown);
/* Counts a query that was answered at TIME_S, s since 1970. A query older than the window is ignored. CHANNEL
 * is the part before "-cck-". */
void counts_add(struct counts *c, int64_t time_s, struct str product, struct str channel, struct str version);
/* Moves the end of the window to NOW_S, forgets versions that are no longer in it, and chooses again which
 * versions are shown by name. To be called every few seconds. */
void counts_move_window(struct counts *c, int64_t now_s);

/* The cell of a product and channel; NULL if either is not configured. */
const struct cell *counts_cell(const struct counts *c, struct str product, struct str channel);
/* The number of queries within the window: of one version, and of all versions. */
uint64_t counts_window(const struct counts *c, const struct version_count *v);
uint64_t counts_cell_window(const struct counts *c, const struct cell *cell);
/* The number of queries within the window from clients at version WANTED or newer. A version that cannot be
 * parsed counts as older. PRODUCT decides how versions compare. */
uint64_t counts_reached(const struct counts *c, const struct cell *cell, struct str product,
                        struct str wanted);

#endif
