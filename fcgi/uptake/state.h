/* What balrog-uptake keeps for its next start: the recent queries, the series, and up to which place of the
 * log they go. One file, sealed (core/sealed_file.h), in text:
 *
 *     balrog-uptake 1
 *     log DEVICE INODE OFFSET BYTES HASH LAST_S      the place; the time of the newest query in the file
 *     group PRODUCT CHANNEL HOUR:QUERIES:LEFT_OUT…   names are percent-encoded, hours since 1970; "*": not
 * configured thinned HOUR query PATH HOUR:COUNT… series PRODUCT CHANNEL VERSION STEP:COUNT…     without a
 * version ("*"): all
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

/* Writes STATE to PATH. */
bool state_save(const char *path, const struct state *state, struct error *e);
/* Fills STATE, whose recent and series are empty, with what PATH holds and NOW_S, s since 1970, leaves in the
 * window. False with a kind in E: ERROR_NOT_FOUND if there is no such file, ERROR_BAD_REQUEST if it is
 * damaged or of another format, ERROR_INTERNAL if it cannot be read. Then recent and series are not to be
 * used. */
bool state_load(const char *path, struct state *state, int64_t now_s, struct error *e);

#endif
