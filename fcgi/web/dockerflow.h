/* The endpoints for operators that every web program has (Mozilla's Dockerflow). */
#ifndef BALROG_WEB_DOCKERFLOW_H
#define BALROG_WEB_DOCKERFLOW_H

#include "web/http.h"

/* Answers __version__ with the file at PATH; if PATH is "", with version.json of the release that the program
 * is in. Without that file, or if it cannot be read (then a line is logged), the answer is the version that
 * was built in. */
void dockerflow_version(const struct request *request, struct response *response, const char *path);
/* __lbheartbeat__: the program runs. */
void dockerflow_lbheartbeat(struct response *response);
/* __heartbeat__: the database answered with NUMBER, or did not answer; E is logged then. */
void dockerflow_heartbeat(struct response *response, int64_t number);
void dockerflow_no_heartbeat(const struct request *request, struct response *response, const struct error *e);

#endif
