/* The two snapshots that a simulation compares, built from the database. */
#ifndef BALROG_EXPLAIN_SIMULATE_BUILD_H
#define BALROG_EXPLAIN_SIMULATE_BUILD_H

#include "explain/changes.h"
#include "update/snapshot.h"

/* Builds *BEFORE from the rows as they are and *AFTER from the rows with CHANGES made. Releases that no
 * change touches are read and compiled once, and shared. Both are owned by CTX and borrow nothing but
 * SETTINGS: they can be used after TX has ended. Fails as the database does. */
bool simulate_build(void *ctx, struct tx *tx, const struct row_changes *changes,
                    const struct engine_settings *settings, const struct snapshot **before,
                    const struct snapshot **after, struct error *e);

#endif
