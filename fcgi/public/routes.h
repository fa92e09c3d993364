/* The routes of the read-only API. */
#ifndef BALROG_PUBLIC_ROUTES_H
#define BALROG_PUBLIC_ROUTES_H

#include "web/router.h"

/* /api/v1/…, /__version__, /__heartbeat__, /__lbheartbeat__, /robots.txt, /contribute.json and /swagger.json.
 * Without a database: 503 problem with Retry-After (the heartbeat: 502). Handlers set Cache-Control where it
 * is not the default one. struct call's app is a struct api. */
extern const struct route public_routes[];
extern const size_t public_n_routes;

#endif
