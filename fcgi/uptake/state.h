/* The state that balrog-uptake keeps for its next start: the recent queries, the series, and the place in the
 * log up to which they were counted. It is one sealed text file (core/sealed_file.h), with these lines:
 *
 *     balrog-uptake 1
 *     log DEVICE INODE OFFSET BYTES HASH LAST_S      the place; the time of the newest query in the file
 *     group PRODUCT CHANNEL HOUR:QUERIES:LEFT_OUT…
 *     thinned HOUR
 *     query PATH HOUR:COUNT…
 *     series PRODUCT CHANNEL VERSION STEP:COUNT…
 *
 * Names are percent-encoded; a product or channel "*" stands for those that are not configured, a version "*"
 * for all versions. Hours and steps are counted from 1970.
 *
 * Numbers of a product or channel that is no longer configured go to "other". */
#ifndef BALROG_UPTAKE_STATE_H
#define BALROG_UPTAKE_STATE_H

#include "core/error.h"
#include "uptake/follow.h"
#include "uptake/recent.h"
#include "uptake/series.h"

struct state {
    struct recent *recent;
    struct series *series;
    struct follow_mark mark;
    int64_t last_s; /* time of the newest query, s since 1970; 0: none */
};

/* Writes STATE to PATH, replacing the file at once. On failure, E says why and the old file stays. */
bool state_save(const char *path, const struct state *state, struct error *e);
/* Reads PATH into STATE, whose recent and series are empty; entries that are older than the window at NOW_S
 * (s since 1970) are left out. On failure, E has the kind ERROR_NOT_FOUND if there is no such file,
 * ERROR_BAD_REQUEST if it is damaged or in another format, ERROR_INTERNAL if it cannot be read; recent and
 * series must then not be used. */
bool state_load(const char *path, struct state *state, int64_t now_s, struct error *e);

#endif
