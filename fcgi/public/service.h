/* What balrog-public does with one request: update queries from the snapshot, everything else by the API's
 * routes. */
#ifndef BALROG_PUBLIC_SERVICE_H
#define BALROG_PUBLIC_SERVICE_H

#include "public/api.h"
#include "public/state.h"
#include "web/http.h"

struct service;

/* THREADS threads will answer. STATE must have its first snapshot. Owned by CTX. */
struct service *service_new(void *ctx, struct public_state *state, struct api *api, unsigned threads);
/* The epoch slots that STATE's epoch needs for that many threads. */
void service_init_epoch(void *ctx, struct public_state *state, unsigned threads);
/* For server_options.handle; ARG is the service. */
void service_handle(void *arg, unsigned thread, const struct request *request, struct response *response);

#endif
