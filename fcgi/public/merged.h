/* Redirects paths with empty segments to those without. */
#ifndef BALROG_PUBLIC_MERGED_H
#define BALROG_PUBLIC_MERGED_H

#include "web/http.h"

/* If R's path does not exist here, but would if several slashes in a row counted as one: responds with a 308
 * to that path (with a 405 to methods other than GET, HEAD and OPTIONS) and returns true, as the reference's
 * framework does. The address is a path without a host, so that a client cannot choose the host. */
bool merged_redirect(const struct request *r, struct response *response);

#endif
