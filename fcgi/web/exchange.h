/* One request and its response, by libfcgi, on a connection on which all of the request has come. */
#ifndef BALROG_WEB_EXCHANGE_H
#define BALROG_WEB_EXCHANGE_H

#include "web/http.h"

#include <fcgiapp.h>

/* Has libfcgi parse the request on FCGI's connection; or in the file *GATHERED, unless that is -1, which
 * libfcgi then takes for the connection until exchange_end_input(). *SOCKET receives the connection. False
 * when there is none; *GATHERED is closed and -1 then. */
bool exchange_begin(FCGX_Request *fcgi, int *gathered, int *socket);
/* What was parsed. */
struct request exchange_request(const FCGX_Request *fcgi, int gathered, void *worker);
/* Discards what the handler did not read of the body, which libfcgi would take for the next request, and
 * closes *GATHERED. */
void exchange_end_input(FCGX_Request *fcgi, int *gathered, int socket);

/* Replaces a response that cannot be sent (no status, too long) by a 500. */
void exchange_repair(struct response *response, const struct request *r);
/* Writes RESPONSE; HEAD is used for its head. */
void exchange_send(FCGX_Request *fcgi, struct buf *head, const struct response *response, enum method method);

#endif
