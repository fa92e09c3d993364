/* The table app_instances: which programs of which version live. A schema upgrade that takes something away
 * asks it before it does. */
#ifndef BALROG_STORE_INSTANCES_H
#define BALROG_STORE_INSTANCES_H

#include "core/buf.h"
#include "store/db.h"

enum {
    INSTANCE_BEAT_MS = 10000,   /* how often a program says that it lives */
    INSTANCE_ALIVE_MS = 120000, /* one that was seen within this time counts as alive */
    INSTANCE_DETAIL_MAX = 2000, /* bytes */
};

/* A row. Times are ms since 1970 by the database's clock, which is the same for all. */
struct instance {
    struct str id; /* "HOST:PROGRAM:PID:STARTED", at most 160 bytes */
    struct str program;
    struct str host;
    int64_t pid;
    struct str version; /* "0.2" */
    int64_t started_at;
    int64_t seen_at;
    struct str detail; /* a JSON object of figures, or absent */
};

/* Writes the row: INSTANCE lives now. Its seen_at does not count, and its started_at is the database's time
 * when the row is made. */
bool instance_beat(struct db *db, const struct instance *instance, struct error *e);
/* Deletes it: a clean end. *LEFT (unless NULL) is whether it was there. */
bool instance_leave(struct db *db, struct str id, bool *left, struct error *e);
/* All rows, by program, host and pid, owned by CTX; *NOW_MS is the database's time. */
bool instances_list(struct db *db, void *ctx, struct instance **rows, size_t *n, int64_t *now_ms,
                    struct error *e);

#endif
