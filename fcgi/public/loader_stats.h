/* The numbers that the loader keeps for metrics, the log and the admin's /status. */
#ifndef BALROG_PUBLIC_LOADER_STATS_H
#define BALROG_PUBLIC_LOADER_STATS_H

#include "public/saver.h"
#include "public/served.h"
#include "store/hosts.h"

#include <stdatomic.h>
#include <stdint.h>

/* All but the last four are whole numbers of 64 bits: metrics.c reads them by their offsets. */
struct loader_stats {
    _Atomic uint64_t generation; /* of the published snapshot; 0 before the first one */
    _Atomic uint64_t rules;
    _Atomic uint64_t partial_stops;
    _Atomic uint64_t releases;
    _Atomic uint64_t bytes;       /* of memory, for the snapshot and its releases */
    _Atomic uint64_t missing;     /* names that something points at and that are missing or broken */
    _Atomic int64_t fresh_ms;     /* monotonic time at which the snapshot was last known to be up to date */
    _Atomic int64_t build_us;     /* how long the last build took */
    _Atomic uint64_t feed_cursor; /* the newest change id that was seen */
    _Atomic uint64_t feed_gaps;   /* change ids that are missing and still waited for */
    _Atomic int64_t feed_lag_ms;  /* how old the last change was when it was published */
    _Atomic uint64_t failures;    /* reads that failed */
    _Atomic uint64_t feed_missed; /* changes that only the comparison of data versions found */
    _Atomic uint64_t stale; /* 1: it is not known whether the database still has what the snapshot shows */
    _Atomic uint64_t kept;  /* releases of which an older version is served, because they are broken */
    struct saver_stats saver;
    struct served served;
    struct hosts *hosts, *primary; /* the database's servers; set before the loader starts */
};

#endif
