/* How many update queries came, by product, channel and version, since the start and within a sliding window
 * of hours. No I/O, no clock: times come in.
 *
 * What clients claim to be is bounded: products and channels are those that are configured, all others are
 * "other"; of versions a few thousand are remembered and the most frequent are shown by name. */
#ifndef BALROG_UPTAKE_COUNTS_H
#define BALROG_UPTAKE_COUNTS_H

#include "core/buf.h"
#include "core/config.h"
#include "core/error.h"

enum {
    COUNTS_HOURS_MAX = 168,
    COUNTS_VERSION_MAX = 75,     /* bytes of a version; a longer one is "other" */
    COUNTS_REMEMBERED_MAX = 2000 /* versions of one product and channel */
};

/* A version, or all that are not remembered. */
struct version_count {
    struct str version;
    uint64_t total;                  /* since it is shown by name */
    uint32_t hour[COUNTS_HOURS_MAX]; /* a ring */
    bool shown;
};

/* A product and channel. The last of each is "other". */
struct cell {
    uint64_t total; /* since the start */
    struct version_count **version;
    size_t n, cap;
    struct version_count other;
};

struct counts {
    struct config_list products, channels;
    unsigned hours;    /* of the window */
    unsigned shown;    /* versions of a cell that are shown by name */
    int64_t hour;      /* of the ring's newest place, since 1970 */
    int64_t last_s;    /* time of the newest query that was counted */
    struct cell *cell; /* (products + 1) × (channels + 1) */
};

/* Owned by CTX; the lists are borrowed. */
struct counts *counts_new(void *ctx, struct config_list products, struct config_list channels, unsigned hours,
                          unsigned shown);
/* A query at TIME_S. One that is older than the window changes nothing; CHANNEL is what stands before
 * "-cck-". */
void counts_add(struct counts *c, int64_t time_s, struct str product, struct str channel, struct str version);
/* Lets the window end at NOW_S, forgets versions that are no longer in it, and chooses anew which are shown
 * by name. To be called every few seconds. */
void counts_turn(struct counts *c, int64_t now_s);

/* The cell of a product and channel that are configured, else NULL. */
const struct cell *counts_cell(const struct counts *c, struct str product, struct str channel);
/* Queries within the window: of one version, of all. */
uint64_t counts_window(const struct counts *c, const struct version_count *v);
uint64_t counts_cell_window(const struct counts *c, const struct cell *cell);
/* Those of clients whose version is WANTED or newer. Versions that cannot be read count as older; PRODUCT
 * tells how they compare. */
uint64_t counts_reached(const struct counts *c, const struct cell *cell, struct str product,
                        struct str wanted);

#endif
