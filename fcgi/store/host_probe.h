/* Asks one server how it is, over a connection of its own. For one thread. */
#ifndef BALROG_STORE_HOST_PROBE_H
#define BALROG_STORE_HOST_PROBE_H

#include "store/db.h"
#include "store/host_choice.h"

struct host_probe;

/* For the server number HOST of AT. Owned by CTX. */
struct host_probe *host_probe_new(void *ctx, const struct config_database *at, size_t host);
/* Fills all of *STATE but its label. Takes about two seconds at most. */
void host_probe_ask(struct host_probe *probe, struct host_state *state);

#endif
