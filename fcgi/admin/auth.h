/* Identifies the caller: by a bearer token, or as the user whom nginx has authenticated, where the
 * configuration allows that.
 *
 * A client cannot choose the user name that it gets: REMOTE_USER is a FastCGI parameter that only nginx sets,
 * and Authorization is the only header of the request that is read. */
#ifndef BALROG_ADMIN_AUTH_H
#define BALROG_ADMIN_AUTH_H

#include "admin/jwt.h"
#include "settings/config.h"
#include "web/http.h"

struct auth;
/* Prepares authentication by the section [admin] of CONFIG, which must outlive the result. The result is
 * owned by CTX. Returns NULL and fills E if a setting is wrong or missing. */
struct auth *auth_new(void *ctx, const struct config *config, struct error *e);

struct auth_caller {
    const char *user; /* the account's name, an e-mail address or a machine's; owned by CTX */
    int64_t until_ms; /* when the credentials expire, ms since 1970; 0: they have no such time */
    bool by_server;   /* nginx authenticated the user: a browser may have added the credentials by itself, see
                         auth_origin() */
};

/* Finds out who sent R, at NOW_MS (ms since 1970), and fills *CALLER if the result is AUTH_OK. E is filled
 * only for AUTH_UNAVAILABLE. Any thread may call this. */
enum auth_result auth_caller(struct auth *auth, void *ctx, const struct request *r, int64_t now_ms,
                             struct auth_caller *caller, struct error *e);

/* RESULT as the text with which the reference's messages end: "{'code': 'no_email', 'description': '…'}".
 * Constant. */
const char *auth_says(enum auth_result result);

/* Protects users whose browser adds the credentials by itself from requests that other sites' pages send:
 * refuses a request that names a foreign Origin, or whose content type is one that a page may send without
 * being allowed to (so a body must be JSON). Returns false if R is refused; E then has the kind
 * ERROR_FORBIDDEN or ERROR_MEDIA_TYPE. */
bool auth_origin(const struct auth *auth, const struct request *r, struct error *e);
/* Whether the configuration's cors_origins contain ORIGIN or "*". */
bool auth_cors(const struct config *config, struct str origin);

/* Whether the media type in CONTENT_TYPE is application/json, or ends in +json. Parameters are ignored. */
bool auth_is_json(struct str content_type);

#endif
