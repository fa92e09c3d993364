/* The table app_instances: which programs run, and their versions. A schema upgrade that removes something
 * reads it first. */
#ifndef BALROG_STORE_INSTANCES_H
#define BALROG_STORE_INSTANCES_H

#include "core/buf.h"
#include "store/db.h"

enum {
    INSTANCE_BEAT_MS = 10000,   /* how often a program refreshes its row */
    INSTANCE_HURRY_MS = 500,    /* how soon it reports what is urgent */
    INSTANCE_ALIVE_MS = 120000, /* a program whose row was refreshed within this time counts as running */
    INSTANCE_DETAIL_MAX = 2000, /* bytes */
};

/* A row. Times are ms since 1970, by the database's clock, so that they can be compared. */
struct instance {
    struct str id; /* "HOST:PROGRAM:PID:STARTED", at most 160 bytes */
    struct str program;
    struct str host;
    int64_t pid;
    struct str version; /* "0.2" */
    int64_t started_at;
    int64_t seen_at;
    struct str detail; /* a JSON object with figures, or absent */
};

/* Inserts or refreshes the row of INSTANCE. seen_at becomes the database's time; started_at does, too, if the
 * row is new. Both are ignored in INSTANCE. */
bool instance_beat(struct db *db, const struct instance *instance, struct error *e);
/* Deletes the row ID because the program ends. *LEFT (unless NULL): whether there was such a row. */
bool instance_leave(struct db *db, struct str id, bool *left, struct error *e);
/* Reads all rows, sorted by program, host and pid, owned by CTX. *NOW_MS is the database's time. */
bool instances_list(struct db *db, void *ctx, struct instance **rows, size_t *n, int64_t *now_ms,
                    struct error *e);

#endif
