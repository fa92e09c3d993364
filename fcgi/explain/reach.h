/* The snapshot of a world for one query: all rules, but of the releases only those that the query can lead
 * to, whatever the dice say. */
#ifndef BALROG_EXPLAIN_REACH_H
#define BALROG_EXPLAIN_REACH_H

#include "explain/world.h"

/* Reads and compiles these releases; the snapshot is owned by CTX, and borrows from WORLD and SETTINGS. NULL
 * with a reason in E when the database fails. */
struct snapshot *reach_snapshot(void *ctx, struct tx *tx, const struct world *world,
                                const struct engine_settings *settings, const struct query *q,
                                struct error *e);

#endif
