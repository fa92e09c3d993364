/* Requests to the admin API with the agent's credentials. */
#ifndef BALROG_AGENT_API_H
#define BALROG_AGENT_API_H

#include "agent/settings.h"
#include "agent/token.h"
#include "core/json.h"

enum api_result {
    API_DONE,    /* 2xx */
    API_REFUSED, /* 4xx: asking again does not help until something changes */
    API_FAILED,  /* 5xx, an unreadable answer, or no answer in time: the change may have been made or not */
    API_UNREACHABLE, /* no connection: other requests would fail as well */
    API_UNKNOWN_US,  /* no credentials, or they were refused: other requests would fail as well */
};

struct agent_api;

/* A client of the admin that SETTINGS, which must outlive it, name. Sends nothing yet. Owned by CTX. */
struct agent_api *agent_api_new(void *ctx, const struct agent_settings *settings);

/* A request to the admin. */
struct agent_request {
    const char *method;
    const char *path; /* below admin_url, with a query if there is one */
    struct str body;  /* JSON, or absent */
};

/* Sends REQUEST. *STATUS is the status of the answer, 0 if there was none. Unless ANSWER is NULL, a
 * successful answer must be JSON: *ANSWER is set to it, and the caller frees it with cJSON_Delete(). If the
 * result is not API_DONE, E says why and quotes the admin. A bearer token that is refused is replaced once.
 */
enum api_result agent_api_send(struct agent_api *api, const struct agent_request *request, int *status,
                               cJSON **answer, struct error *e);

/* The number of bearer tokens received since the start. */
unsigned agent_api_tokens(const struct agent_api *api);

#endif
