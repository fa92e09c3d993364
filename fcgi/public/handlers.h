/* The handlers of the read-only API, each the entry of one row of the table in routes.c. A handler checks its
 * parameters, reads everything it needs in one go with a connection from the pool, and writes the response.
 */
#ifndef BALROG_PUBLIC_HANDLERS_H
#define BALROG_PUBLIC_HANDLERS_H

#include "web/router.h"

/* api_releases.c */
void api_get_releases(struct call *call);
void api_get_release(struct call *call);
void api_get_release_locale(struct call *call);
/* api_rules.c */
void api_get_rules(struct call *call);
void api_get_rule(struct call *call);
void api_get_rule_revisions(struct call *call);
/* api_tables.c */
void api_get_shutoffs(struct call *call);
void api_get_shutoff(struct call *call);
void api_get_pin(struct call *call);
/* dockerflow.c */
void api_get_version(struct call *call);
void api_get_heartbeat(struct call *call);
void api_get_lbheartbeat(struct call *call);
void api_get_robots(struct call *call);
void api_get_contribute(struct call *call);
void api_get_swagger(struct call *call);

#endif
