/* balrog-admin from a handler's point of view: the call it answers, the table its route stands in, and how it
 * answers.
 *
 * A handler runs inside the one transaction of its request. It returns true when it has answered: the
 * transaction is committed, and only then is the response sent. It returns false and fills E when it refuses
 * or fails: everything is rolled back. Then E alone decides on the response: if its reason is FAIL_ANSWERED,
 * the one that admin_problem() wrote, else one that is made from E (problem.h). After a deadlock a handler is
 * run again from the start, so it must not keep anything outside CALL. */
#ifndef BALROG_ADMIN_ADMIN_H
#define BALROG_ADMIN_ADMIN_H

#include "admin/body.h"
#include "settings/config.h"
#include "store/tx.h"
#include "web/router.h"

/* One request on its way through a handler. */
struct admin_call {
    const struct config *config;
    const struct tx_site *site; /* for what needs a transaction of its own */
    void *ctx;                  /* goes with this run of the handler (tx->mem) */
    const struct request *request;
    struct response *response;          /* empty */
    struct tx *tx;                      /* NULL where the route is ADMIN_NO_DATABASE */
    const char *user;                   /* who calls; "" where the route is open to anyone */
    const cJSON *body;                  /* checked against the route's table; NULL where it has none */
    struct str param[ROUTE_PARAMS_MAX]; /* the path's parts, decoded and checked, in their order */
    int64_t now_ms;                     /* time of the request, the same throughout */
    struct call *http;
    const struct admin_route *route;
    struct error *error; /* the handler's E, for admin_problem() */
};

enum admin_who {
    ADMIN_ANYONE, /* nobody is asked who he is */
    ADMIN_USER, /* a verified account; a person (a name with an '@') must hold some permission, else 403, and
                   so must a program that sends a large body */
};

enum admin_flag {
    ADMIN_NO_DATABASE = 1, /* runs without a transaction */
    ADMIN_WRITES = 2,      /* a GET that writes; the other GETs have a transaction that only reads */
    ADMIN_ANY_ARGS = 4, /* query parameters are not looked at, as in the reference where a route has none */
    ADMIN_PRIVATE =
        8, /* no cache may keep the answer. So it is for every ADMIN_USER route without saying so */
};

struct admin_route {
    enum method method;
    const char *pattern; /* see struct route: "/rules/{id_or_alias}", without /api */
    bool (*handle)(struct admin_call *call, struct error *e);
    enum admin_who who;
    const char *metric;            /* the reference's name for it: "views_rules_update_post" */
    const struct body_field *body; /* NULL: a body is not looked at */
    const struct body_field *args; /* the query parameters it knows, any other is a 400; NULL: none */
    const struct body_field
        *params;    /* further conditions on the path's parts, a row each in their order, or NULL */
    unsigned flags; /* of enum admin_flag */
};

/* What one file adds to the API. */
struct admin_routes {
    const struct admin_route *route;
    size_t n;
};
#define ADMIN_ROUTES(ARRAY)                                                                                  \
    {                                                                                                        \
        (ARRAY), sizeof(ARRAY) / sizeof(ARRAY)[0]                                                            \
    }

/* ---- reading ---- */

/* A query parameter, decoded, owned by call->ctx; absent when it is not given. */
struct str admin_arg(struct admin_call *call, const char *name);
/* The same as a number, checked by the route's table; false when it is not given. */
bool admin_arg_int(struct admin_call *call, const char *name, int64_t *n);
/* PARAM[i], known to consist of digits ({…:int}), as a number; what is too large becomes INT64_MAX. */
int64_t admin_param_int(const struct admin_call *call, size_t i);
/* A C string of S, owned by call->ctx. */
const char *admin_text(struct admin_call *call, struct str s);

/* The columns to write that the call's body has: its members that FIELDS lists and that are columns, but for
 * those in EXCEPT (names separated by spaces, or NULL). The object is owned by the transaction; its values
 * are the body's. */
cJSON *admin_columns(struct admin_call *call, const struct body_field *fields, const char *except);

/* ---- answering; these return true, so that handlers can return them ---- */

/* 200 with VALUE (borrowed) as jsonify prints it: sorted, compact, with a newline. */
bool admin_json(struct admin_call *call, const cJSON *value);
/* STATUS with VALUE (borrowed) as json.dumps prints it. */
bool admin_dumps(struct admin_call *call, int status, const cJSON *value);
/* {"new_data_version": N}, 200. */
bool admin_new_version(struct admin_call *call, int64_t data_version);
/* The header X-Data-Version. */
void admin_data_version(struct admin_call *call, int64_t data_version);
/* text/html, as the reference's bare responses are: a rule's number after it was made, "" after a deletion.
 */
bool admin_text_answer(struct admin_call *call, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- refusing; these fill the handler's E and return false ---- */

/* A problem as the reference's handlers make it: application/json with type, title, detail, status and,
 * unless NULL, exception. */
bool admin_problem(struct admin_call *call, int status, const char *title, const char *detail,
                   const char *exception);
/* The same with a list of strings for its exception. EXCEPTIONS is borrowed. */
bool admin_problem_list(struct admin_call *call, int status, const char *title, const char *detail,
                        const cJSON *exceptions);
/* For handlers that tell what is wrong with a value in their own problem, as the reference prints an
 * exception's arguments ("('…',)"): to be called when something has failed. Other failures are left to the
 * one place. */
bool admin_refuse_value(struct admin_call *call, const struct error *e);
/* A problem as the reference's framework makes it: application/problem+json (validation, shutoffs, v1
 * releases and rules read in common with the public API). */
bool admin_problem_plain(struct admin_call *call, int status, const char *title, const char *detail,
                         const char *exception);

#endif
