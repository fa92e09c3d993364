/* The admin API as the agent sees it: a request goes out with its credentials, JSON comes back. */
#ifndef BALROG_AGENT_API_H
#define BALROG_AGENT_API_H

#include "agent/settings.h"
#include "agent/token.h"
#include "core/json.h"

enum api_result {
    API_DONE,        /* 2xx */
    API_REFUSED,     /* 4xx: asking again is no use before something changes */
    API_FAILED,      /* 5xx, an answer that cannot be read, none in time: whether it was done is not known */
    API_UNREACHABLE, /* there is no connection: nothing else can be asked either */
    API_UNKNOWN_US,  /* no credentials to be had, or they are not taken: nothing else can be asked either */
};

struct api;

/* Owned by CTX. */
struct api *api_new(void *ctx, const struct agent_settings *settings);

/* Sends METHOD PATH with BODY, JSON or absent. *STATUS is the answer's status, 0 without one. Unless ANSWER
 * is NULL, a success must be JSON: it goes there and is the caller's, cJSON_Delete(). Where the result is not
 * API_DONE E says why; it quotes what the admin said. A bearer token that is not taken is replaced once. */
enum api_result api_send(struct api *api, const char *method, const char *path, struct str body, int *status,
                         cJSON **answer, struct error *e);

/* How many tokens were given out. */
unsigned api_tokens(const struct api *api);

#endif
