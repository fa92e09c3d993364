/* What the threads of balrog-public share: the published state, which the loader replaces and everybody else
 * only reads. */
#ifndef BALROG_PUBLIC_STATE_H
#define BALROG_PUBLIC_STATE_H

#include "core/epoch.h"
#include "public/loader_stats.h"
#include "public/settings.h"

/* What one query needs, all of one moment. */
struct published {
    const struct snapshot *snapshot;
    const struct public_settings *settings;
};

struct public_state {
    struct epoch epoch;
    _Atomic(const struct published *) current; /* NULL until the first snapshot is there */
    struct loader_stats loader;
};

#endif
