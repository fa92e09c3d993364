/* The way of one request through balrog-admin: identify the caller, check the request, run its handler in one
 * transaction, answer. */
#ifndef BALROG_ADMIN_SERVICE_H
#define BALROG_ADMIN_SERVICE_H

#include "admin/admin.h"

struct admin;

/* Makes everything that requests need from CONFIG, which must outlive it. Returns NULL and fills E if
 * something there is wrong. Owned by CTX. */
struct admin *admin_new(void *ctx, const struct config *config, struct error *e);
/* Starts threads of its own: they ask the database's servers, and write the heartbeat. To be called once the
 * process will not fork any more. */
bool admin_start(struct admin *admin, struct error *e);
/* The same for those that need a database that was checked. */
void admin_start_readers(struct admin *admin);
/* The database's servers. */
struct hosts *admin_hosts(struct admin *admin);
/* To be called once no more requests are accepted: ends threads of its own. */
void admin_stop(struct admin *admin);
/* See database_check(). */
bool admin_check_database(struct admin *admin, struct error *e);
/* For program_service.handle; ARG is the admin. */
void admin_handle(void *arg, unsigned thread, const struct request *request, struct response *response);

#endif
