/* The thread that keeps the snapshot fresh: it follows the change feed, reads what changed and publishes the
 * next snapshot. While the database is away, or a read fails, the last snapshot stays. It alone frees what it
 * published. */
#ifndef BALROG_PUBLIC_LOADER_H
#define BALROG_PUBLIC_LOADER_H

#include "public/state.h"

struct loader;

/* Starts the thread. SETTINGS were made from the file CONFIG_PATH, which is read again by loader_reload().
 * READY_FD, an eventfd, is written to once the first snapshot is published, or the start has been
 * refused. Owned by CTX. */
struct loader *loader_start(void *ctx, struct public_state *state, struct public_settings *settings,
                            const char *config_path, int ready_fd, struct error *e);
/* To be asked once READY_FD is readable: whether the database's schema does not fit this version, as E says.
 * The thread has ended then. */
bool loader_refused(const struct loader *loader, struct error *e);
/* Reads the configuration again; keeps the old one when the new one is wrong. Returns at once. */
void loader_reload(struct loader *loader);
/* Stops the thread and frees everything published: nobody may read any more. */
void loader_stop(struct loader *loader);

#endif
