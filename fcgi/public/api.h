/* The read-only public API, /api/v1: straight from the database, through a small pool (reference:
 * web/common/). */
#ifndef BALROG_PUBLIC_API_H
#define BALROG_PUBLIC_API_H

#include "core/gate.h"
#include "store/pool.h"
#include "web/router.h"

/* What the handlers need; struct call's app points to one. */
struct api {
    struct pool *pool;
    const char *version_file; /* "" : __version__ is built in */
    const char *openapi_file; /* "" : the installed one */
    struct gate *big;         /* for answers that may be large */
};

/* /api/v1/…, /__version__, /__heartbeat__, /__lbheartbeat__, /robots.txt, /contribute.json, /swagger.json.
 * Without a database: 503 problem with Retry-After (the heartbeat: 502). Handlers set Cache-Control where it
 * is not the default one. */
extern const struct route api_routes[];
extern const size_t api_n_routes;

#endif
