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

/* A thread that reports this process with a connection of its own, every INSTANCE_BEAT_MS. A database that is
 * away is logged and tried again; nobody waits for it. */
struct reporter;
/* Reports once before it returns, if the database can be had. AT must outlive the reporter. PROGRAM:
 * "balrog-public", constant text. FIGURES (may be NULL) is called in the reporter's thread and appends a JSON
 * object of at most INSTANCE_DETAIL_MAX bytes. NULL when the thread cannot be started. */
struct reporter *reporter_start(void *ctx, const struct config_database *at, const char *program,
                                void (*figures)(void *arg, struct buf *out), void *arg, struct error *e);
/* Takes the row away, if the database can be had at once, and ends the thread. */
void reporter_stop(struct reporter *reporter);

#endif
