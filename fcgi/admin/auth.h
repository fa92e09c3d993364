/* Who is calling: a bearer token, or the user that nginx has authenticated, where the configuration says so.
 *
 * Nothing that a client can send becomes a user by itself: REMOTE_USER is a FastCGI parameter that only nginx
 * sets, and of the request's headers Authorization alone is looked at. */
#ifndef BALROG_ADMIN_AUTH_H
#define BALROG_ADMIN_AUTH_H

#include "admin/jwt.h"
#include "settings/config.h"
#include "web/http.h"

struct auth;
/* As CONFIG says, which must outlive it. NULL when something is wrong or missing there. Owned by CTX. */
struct auth *auth_new(void *ctx, const struct config *config, struct error *e);

struct auth_caller {
    const char *user; /* the account's name, an e-mail address or a machine's; owned by CTX */
    bool by_server;   /* nginx said so: a browser may add the credentials by itself, see auth_origin() */
};

/* Finds out who sent R, at NOW_MS (ms since 1970). E is filled with AUTH_UNAVAILABLE. Safe from any thread.
 */
enum auth_result auth_caller(struct auth *auth, void *ctx, const struct request *r, int64_t now_ms,
                             struct auth_caller *caller, struct error *e);

/* "{'code': 'no_email', 'description': '…'}", as the reference's messages end. */
const char *auth_says(enum auth_result result);

/* Whether a request that changes something and comes with credentials that browsers add by themselves is
 * meant: it names no foreign Origin, and no content type that a page may send without being asked for it (a
 * body is JSON). E: 403 or 415. */
bool auth_origin(const struct auth *auth, const struct request *r, struct error *e);
/* Whether ORIGIN stands in the configuration's cors_origins, or everything does (*). */
bool auth_cors(const struct config *config, struct str origin);

/* Whether the media type is application/json, or ends in +json. */
bool auth_is_json(struct str content_type);

#endif
