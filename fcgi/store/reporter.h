/* A thread that keeps this process's row in app_instances up to date, over a connection of its own. If the
 * database cannot be reached, that is logged and tried again; nobody waits for it. */
#ifndef BALROG_STORE_REPORTER_H
#define BALROG_STORE_REPORTER_H

#include "store/hosts.h"
#include "store/instances.h"

struct reporter;

/* What a program says of itself; both functions are called in the thread. */
struct reporter_figures {
    /* Appends a JSON object of at most INSTANCE_DETAIL_MAX bytes to OUT. NULL: there is none. */
    void (*print)(void *arg, struct buf *out);
    /* A number whose change is reported within INSTANCE_HURRY_MS. NULL: nothing is that urgent. */
    uint64_t (*stamp)(void *arg);
    void *arg;
};

/* Writes the row once, if the database can be reached, and starts the thread, which writes it again every
 * INSTANCE_BEAT_MS. It writes to the server of HOSTS that can be written to;
 * HOSTS must live longer than the reporter. PROGRAM is constant text, "balrog-public". Owned
 * by CTX. NULL if the thread cannot be started. */
struct reporter *reporter_start(void *ctx, struct hosts *hosts, const char *program,
                                struct reporter_figures figures, struct error *e);
/* Deletes the row, if the database can be reached at once, ends the thread and frees REPORTER. */
void reporter_stop(struct reporter *reporter);

#endif
