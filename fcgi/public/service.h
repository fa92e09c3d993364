/* Answers the requests of balrog-public: update queries from the snapshot, everything else by the routes of
 * the API. */
#ifndef BALROG_PUBLIC_SERVICE_H
#define BALROG_PUBLIC_SERVICE_H

#include "public/api.h"
#include "public/state.h"
#include "web/http.h"

struct service;

/* For THREADS threads. STATE must have its first snapshot before a request comes. Owned by CTX. */
struct service *service_new(void *ctx, struct public_state *state, struct api *api, unsigned threads);
/* Gives the epoch of STATE the slots for THREADS threads; owned by CTX. */
void service_init_epoch(void *ctx, struct public_state *state, unsigned threads);
/* For server_options.handle; ARG is the service. */
void service_handle(void *arg, unsigned thread, const struct request *request, struct response *response);

#endif
