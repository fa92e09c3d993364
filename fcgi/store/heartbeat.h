/* The heartbeat: a row that is written each second on the server that is written to. Replication carries it
 * to the others, where its age shows how far they are behind; it grows when replication has stopped.
 *
 * The row also has the term: a number that is raised when another server is made the primary
 * (docs/many-machines.md). A server with an older term was the primary before. */
#ifndef BALROG_STORE_HEARTBEAT_H
#define BALROG_STORE_HEARTBEAT_H

#include "store/hosts.h"

enum { HEARTBEAT_MS = 1000 };

struct heartbeat;

/* Starts a thread that writes it every HEARTBEAT_MS on the server to which HOSTS allow to write, unless
 * another program has just done so. Owned by CTX. NULL if the thread cannot be started. */
struct heartbeat *heartbeat_start(void *ctx, struct hosts *hosts, struct error *e);
/* Ends the thread and frees HEARTBEAT. */
void heartbeat_stop(struct heartbeat *heartbeat);

#endif
