/* The update queries of the last 24 hours: distinct queries with their counts by hour, in bounded memory.
 * Neither I/O nor a clock: times are passed in.
 *
 * Every query that is new gets an entry. When all entries are taken, they are thinned (core/thin.h) to seven
 * eighths, by their counts within the window, which are then scaled, hour by hour. So each query adds exactly
 * 1 to the expected count of its hour, whether its entry is kept or not, and counts are estimates without
 * bias, also after old hours have left the window. Frequent queries are never thinned, and their counts are
 * exact from the moment at which they have an entry.
 *
 * Entries are grouped by product and channel; those that are not configured are together "other". Thinning
 * leaves each group as many entries as `rare`, or all that it has. */
#ifndef BALROG_UPTAKE_RECENT_H
#define BALROG_UPTAKE_RECENT_H

#include "core/config_file.h"
#include "query/sample.h"

enum {
    RECENT_HOURS = 24,
    RECENT_RARE = 500, /* entries that a product and channel keep */
};

/* All queries of one product and channel, whether there are entries for them or not. */
struct recent_group {
    uint64_t hour[RECENT_HOURS];     /* a ring; so are the others */
    uint64_t left_out[RECENT_HOURS]; /* of them: paths that are too long */
    size_t n_entries;
    double threshold; /* while thinning */
};

struct recent_entry {
    struct recent_entry *next; /* in the same slot of the table */
    uint64_t total;            /* the sum of the hours; never 0 */
    uint32_t hour[RECENT_HOURS];
    uint32_t hash;
    uint32_t group;
    uint16_t n;
    char path[]; /* N bytes */
};

struct recent {
    struct config_list products, channels;
    size_t max, rare;
    uint64_t random;      /* state of the generator */
    int64_t hour;         /* the newest hour in the rings, since 1970 */
    int64_t last_s;       /* time of the newest query, s since 1970 */
    int64_t thinned_hour; /* the last hour in which entries were thinned, since 1970; 0: none */
    struct recent_group *group;
    struct recent_entry **slot;
    size_t n_slots, n;
};

/* Owned by CTX; the lists are borrowed. MAX: the number of entries, at least twice RECENT_RARE for each
 * product and channel, else each keeps less. SEED: any number, for the choice of what is kept. */
struct recent *recent_new(void *ctx, struct config_list products, struct config_list channels, size_t max,
                          uint64_t seed);
/* Counts a query that was answered at TIME_S; ignored if it is older than the window. CHANNEL is the part
 * before "-cck-". PATH is as query_print_canonical() prints it; absent if it is too long. */
void recent_add(struct recent *r, int64_t time_s, struct str product, struct str channel, struct str path);
/* Moves the end of the window to NOW_S and forgets what is no longer in it. */
void recent_move_window(struct recent *r, int64_t now_s);
/* Copies what the window holds of PRODUCT and CHANNEL, each of which may be absent (all of them), to the
 * empty sample OUT, not folded: LIMIT entries at most. */
void recent_sample(const struct recent *r, struct str product, struct str channel, size_t limit,
                   struct sample *out);

/* ---- for uptake/state.c ---- */

size_t recent_n_groups(const struct recent *r);
/* The number of the group of a product and channel. */
size_t recent_group(const struct recent *r, struct str product, struct str channel);
/* Adds COUNT queries of HOUR, hours since 1970, to the entry of PATH in the group number GROUP, and to
 * nothing else. */
void recent_put(struct recent *r, size_t group, struct str path, int64_t hour, uint32_t count);

#endif
