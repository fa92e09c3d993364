/* Checks that the admin can be served from the database. */
#ifndef BALROG_ADMIN_DATABASE_H
#define BALROG_ADMIN_DATABASE_H

#include "settings/config.h"
#include "store/pool.h"

/* Checks the schema, the server's settings, the engine of the tables and the rights of the account. Fails
 * with FAIL_DATABASE or ERROR_UNAVAILABLE if the database cannot be reached, with FAIL_SCHEMA if the schema
 * does not fit this version, else with ERROR_INTERNAL. */
bool database_check(struct pool *pool, const struct config *config, struct error *e);

#endif
