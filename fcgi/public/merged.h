/* Paths with empty fields, which mean something only without them. */
#ifndef BALROG_PUBLIC_MERGED_H
#define BALROG_PUBLIC_MERGED_H

#include "web/http.h"

/* Where R's path is none that the site has, but would be one with several slashes in a row taken for one:
 * answers a 308 that leads to that path (other methods than GET, HEAD and OPTIONS get a 405) and returns
 * true. The reference's framework does so. The address is a path without a host, which no client can make up
 * then. */
bool merged_redirect(const struct request *r, struct response *response);

#endif
