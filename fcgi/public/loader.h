/* The thread that keeps the snapshot up to date: it loads the snapshot file, if there is one; it follows the
 * change feed, reads what has changed and publishes the next snapshot. While the database cannot be read, the
 * last snapshot stays in use. Only this thread frees what it published. */
#ifndef BALROG_PUBLIC_LOADER_H
#define BALROG_PUBLIC_LOADER_H

#include "public/state.h"
#include "store/hosts.h"

struct loader;

/* Starts the thread, which reads from HOSTS. SETTINGS, which must live longer, were made from the file
 * CONFIG_PATH, which loader_reload() reads again. The thread writes to READY_FD, an eventfd, once the first
 * snapshot is published or loader_refused() is true. Owned by CTX. NULL, with the reason in E, when the
 * thread cannot be started. */
struct loader *loader_start(void *ctx, struct public_state *state, struct public_settings *settings,
                            struct hosts *hosts, const char *config_path, int ready_fd, struct error *e);
/* To be called once READY_FD is readable, and once the program is told to end. Returns true, with the reason
 * in E, if the database's schema does not fit this version; the thread has ended then. If a snapshot from the
 * file was published before that was known, the thread has sent this process a SIGTERM. */
bool loader_refused(const struct loader *loader, struct error *e);
/* Has the thread read the configuration again; the old one stays in use if the new one is wrong. Returns at
 * once. */
void loader_reload(struct loader *loader);
/* Stops the thread and frees everything that it published. Nobody may read a snapshot any more. */
void loader_stop(struct loader *loader);

#endif
