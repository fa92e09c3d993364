/* What the threads of balrog-public share: the published state, which the loader replaces and everybody else
 * only reads. */
#ifndef BALROG_PUBLIC_STATE_H
#define BALROG_PUBLIC_STATE_H

#include "core/config.h"
#include "core/epoch.h"
#include "public/sign.h"
#include "update/engine.h"

/* Made from one configuration; a new one on SIGHUP. */
struct public_settings {
    const struct config *config;
    struct settings engine;
    struct signer *signer;
};

/* Allow-list, special force hosts and signing keys as CONFIG (which is adopted) says. NULL when something is
 * wrong with them. Owned by CTX. */
struct public_settings *public_settings_new(void *ctx, struct config *config, struct error *e);

/* Sets the log's level and format as they say. */
void public_settings_log(const struct public_settings *settings);

/* What one query needs, all of one moment. */
struct published {
    const struct snapshot *snapshot;
    const struct public_settings *settings;
};

/* What the loader tells about itself, in whole numbers of 64 bits; for metrics and the log. */
struct loader_stats {
    _Atomic uint64_t generation;
    _Atomic uint64_t rules;
    _Atomic uint64_t releases;
    _Atomic uint64_t bytes;   /* of memory */
    _Atomic uint64_t missing; /* names that something points at, missing or broken */
    _Atomic int64_t
        fresh_ms; /* monotonic time when the snapshot was last known to be what the database says */
    _Atomic int64_t build_us; /* how long the last build took */
    _Atomic uint64_t feed_cursor;
    _Atomic uint64_t feed_gaps;
    _Atomic int64_t feed_lag_ms;  /* how old the last change was when it was published */
    _Atomic uint64_t failures;    /* reads that failed */
    _Atomic uint64_t feed_missed; /* changes that only the comparison of data versions found */
};

struct public_state {
    struct epoch epoch;
    _Atomic(const struct published *) current; /* NULL until the first snapshot is there */
    struct loader_stats loader;
};

#endif
