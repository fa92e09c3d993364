/* What balrog-uptake knows about the last 24 hours: the recent queries and the series. It survives restarts:
 * the state is saved every five minutes and at the end, with the place in the log that it goes to, and lines
 * before that place do not count again.
 *
 * Only the thread that follows the log changes anything here. It holds the caller's lock for keep_count() and
 * keep_move_window(), so that others may read RECENT and SERIES under that lock. */
#ifndef BALROG_UPTAKE_KEEP_H
#define BALROG_UPTAKE_KEEP_H

#include "query/query.h"
#include "settings/config.h"
#include "uptake/state.h"

struct keep {
    struct recent *recent;
    struct series *series;
    const char *path; /* of the state; NULL: it is not kept */
    const struct config *config;
    struct follow_mark mark; /* where the loaded state ends */
    int64_t mark_s;          /* the time of its newest query */
    enum follow_found found; /* where the mark is */
    bool resuming;           /* lines that the loaded state has are still being read */
    bool changed;            /* since it was saved */
    int64_t saved_ms;        /* CLOCK_MONOTONIC */
};

/* Owned by CTX; CONFIG is borrowed. */
struct keep *keep_new(void *ctx, const struct config *config);
/* Loads the state; F is new. A state that is damaged is renamed to PATH.damaged. What goes wrong is logged:
 * nothing of it keeps the program from starting. */
void keep_load(struct keep *k, const struct follow *f);
/* Counts the query of the line that F's reader sees, unless the loaded state has it. PATH is canonical, or
 * absent. */
void keep_count(struct keep *k, const struct follow *f, int64_t time_s, const struct query *q,
                struct str path);
void keep_move_window(struct keep *k, int64_t now_s);
/* To be called when F has read everything. */
void keep_caught_up(struct keep *k);
/* Saves the state where something has changed and, unless NOW is true, the last time was five minutes ago. A
 * failure is logged. */
void keep_save(struct keep *k, const struct follow *f, bool now);

#endif
