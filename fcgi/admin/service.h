/* What balrog-admin does with one request: who calls, what is asked for, one transaction, one answer. */
#ifndef BALROG_ADMIN_SERVICE_H
#define BALROG_ADMIN_SERVICE_H

#include "admin/admin.h"

struct admin;

/* Everything that requests need, as CONFIG (which must outlive it) says. NULL when something is wrong there.
 * Owned by CTX. */
struct admin *admin_new(void *ctx, const struct config *config, struct error *e);
/* See database_check(). */
bool admin_check_database(struct admin *admin, struct error *e);
/* For program_service.handle; ARG is the admin. */
void admin_handle(void *arg, unsigned thread, const struct request *request, struct response *response);

#endif
