/* What the threads of balrog-public share: the published snapshot, which the loader replaces and all others
 * only read. */
#ifndef BALROG_PUBLIC_STATE_H
#define BALROG_PUBLIC_STATE_H

#include "core/epoch.h"
#include "public/loader_stats.h"
#include "public/settings.h"
#include "public/warmup.h"

/* What a query is answered from, all of one moment. */
struct published {
    const struct snapshot *snapshot;
    const struct public_settings *settings;
};

struct public_state {
    struct epoch epoch;
    _Atomic(const struct published *) current; /* NULL until the first snapshot */
    struct loader_stats loader;
    struct warmup warmup;
};

#endif
