/* Is the database one that the admin can be served from? */
#ifndef BALROG_ADMIN_DATABASE_H
#define BALROG_ADMIN_DATABASE_H

#include "settings/config.h"
#include "store/pool.h"

/* Looks at the schema, the server's settings, the tables' engine and the account's rights. False with a 503
 * when the database cannot be reached, with FAIL_SCHEMA when the schema does not fit this version, else with
 * a 500 when it is not what is relied on. */
bool database_check(struct pool *pool, const struct config *config, struct error *e);

#endif
