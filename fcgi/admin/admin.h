/* The admin API from a handler's point of view: the call that it answers, the route table that it is listed
 * in, and the functions that write its answer.
 *
 * A handler runs inside the one transaction of its request. It returns true when it has answered: the
 * transaction is committed, and only then is the response sent. It returns false and fills E when it refuses
 * or fails: everything is rolled back. Then E alone decides on the response: if its reason is FAIL_ANSWERED,
 * the one that admin_problem() wrote, else one that is made from E (problem.h). After a deadlock a handler is
 * run again from the start, so it must not keep anything outside CALL. */
#ifndef BALROG_ADMIN_ADMIN_H
#define BALROG_ADMIN_ADMIN_H

#include "admin/body.h"
#include "core/mem.h"
#include "settings/config.h"
#include "store/tx.h"
#include "update/snapshot.h"
#include "web/router.h"

/* One request on its way through a handler. */
struct admin_call {
    const struct config *config;
    const struct tx_site *site; /* for handlers that run transactions of their own */
    struct keeper *keeper;      /* see explain/keeper.h */
    struct known_texts *known_texts;
    void *ctx; /* freed after this run of the handler (tx->mem) */
    const struct request *request;
    struct response *response; /* empty when the handler is called */
    struct tx *tx;             /* NULL where the route is ADMIN_NO_DATABASE */
    const struct auth_caller
        *caller;       /* how the caller was identified (auth.h); its user is NULL if nobody was */
    const char *user;  /* the account that sent the request; "" where the route is ADMIN_ANYONE */
    const cJSON *body; /* fits the table of the route; NULL where the route has no such table */
    struct str param[ROUTE_PARAMS_MAX]; /* the parameters in the path, decoded and checked, in their order */
    int64_t now_ms;                     /* when the request came, ms since 1970 */
    struct call *http;
    const struct admin_route *route;
    struct error *error; /* the handler's E, for admin_problem() */
};

enum admin_who {
    ADMIN_ANYONE,  /* the caller is not identified */
    ADMIN_USER,    /* the caller must be a verified account. A person (a name with an '@') must also have some
                      permission, else 403; so must a program that sends a large body */
    ADMIN_IF_SENT, /* anyone; credentials that are sent are verified, and tell what the answer says of the
                      caller */
};

enum admin_flag {
    ADMIN_NO_DATABASE = 1, /* runs without a transaction */
    ADMIN_WRITES = 2,      /* a GET that writes; the transaction of any other GET only reads */
    ADMIN_ANY_ARGS = 4, /* any query parameter is allowed, as in the reference where a route declares none */
    ADMIN_PRIVATE =
        8,            /* no cache may store the answer; every ADMIN_USER route is private without this flag */
    ADMIN_READS = 16, /* not a GET, but its transaction only reads */
    ADMIN_CHANGES_RULES = 32, /* may change rules or pins at once: see expect_take_turn() */
};

struct admin_route {
    enum method method;
    const char *pattern; /* see struct route: "/rules/{id_or_alias}", without /api */
    bool (*handle)(struct admin_call *call, struct error *e);
    enum admin_who who;
    const char *metric; /* the endpoint's name in metrics; the reference's name, where it has one */
    const struct body_field *body; /* the members that the body may have; NULL: the body is ignored */
    const struct body_field *args; /* the query parameters that it takes; any other is a 400; NULL: none */
    const struct body_field
        *params;    /* more conditions on the parameters in the path, a row each in their order; or NULL */
    unsigned flags; /* of enum admin_flag */
};

/* The routes of one file. */
struct admin_routes {
    const struct admin_route *route;
    size_t n;
};
#define ADMIN_ROUTES(ARRAY)                                                                                  \
    {                                                                                                        \
        (ARRAY), ARRAY_LEN(ARRAY)                                                                            \
    }

/* ---- reading ---- */

/* The value of a query parameter, decoded; absent if it was not given. Owned by call->ctx. */
struct str admin_arg(struct admin_call *call, const char *name);
/* The same as a number; false if it was not given. The route's table must say that it is a number. */
bool admin_arg_int(struct admin_call *call, const char *name, int64_t *n);
/* call->param[i] as a number. The pattern must say that it consists of digits ({…:int}). A number that is too
 * large becomes INT64_MAX. */
int64_t admin_param_int(const struct admin_call *call, size_t i);
/* S as a C string, owned by call->ctx. */
const char *admin_text(struct admin_call *call, struct str s);

/* What answers to clients depend on besides rows. It refers to CONFIG and SITE. */
struct engine_settings admin_engine_settings(const struct config *config, const struct tx_site *site);

/* Enters call->keeper (explain/keeper.h), which has rows and releases that would have to be read otherwise.
 * False if the database fails. If other requests are busy with it, *ENTERED is NULL: then this one has to
 * read for itself. What the call's transaction has read before is out of date. */
bool admin_enter_keeper(struct admin_call *call, struct keeper **entered, struct error *e);
/* Sets *ENTERED, which may be NULL, to NULL. */
void admin_leave_keeper(struct keeper **entered);

/* The columns to write that the call's body has: its members that FIELDS lists and that are columns, but for
 * those in EXCEPT (names separated by spaces, or NULL). The object is owned by the transaction; its values
 * are the body's. */
cJSON *admin_columns(struct admin_call *call, const struct body_field *fields, const char *except);

/* ---- answering; these return true, so that handlers can return them ---- */

/* 200 with VALUE as Flask's jsonify prints it: sorted, compact, with a newline. */
bool admin_json(struct admin_call *call, const cJSON *value);
/* STATUS with VALUE as json.dumps prints it. */
bool admin_dumps(struct admin_call *call, int status, const cJSON *value);
/* {"new_data_version": N}, 200. */
bool admin_new_version(struct admin_call *call, int64_t data_version);
/* Adds the header X-Data-Version. */
void admin_data_version(struct admin_call *call, int64_t data_version);
/* STATUS with a text as text/html, as the reference answers where it does not make JSON: the number of a new
 * rule, "" after a deletion. */
bool admin_text_answer(struct admin_call *call, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- refusing; these fill the handler's E and return false ---- */

/* A problem in the form that the reference's handlers make: application/json with type, title, detail, status
 * and, unless it is NULL, exception. */
bool admin_problem(struct admin_call *call, int status, const char *title, const char *detail,
                   const char *exception);
/* The same where the exception is a list of strings, EXCEPTIONS. */
bool admin_problem_list(struct admin_call *call, int status, const char *title, const char *detail,
                        const cJSON *exceptions);
/* To be called when something has failed with E. If E is FAIL_INVALID, it becomes a problem whose detail is
 * the text of E as the reference prints the arguments of an exception ("('…',)"). Other failures are left as
 * they are. */
bool admin_refuse_value(struct admin_call *call, const struct error *e);
/* The same for routes that the reference does not have: if E is FAIL_INVALID or FAIL_OUTDATED, the detail is
 * its text, which is a sentence for people. */
bool admin_refuse_sentence(struct admin_call *call, const struct error *e);
/* A problem in the form that the reference's framework makes: application/problem+json. Used for validation,
 * shutoffs, and the reading of v1 releases and rules that the public API has, too. */
bool admin_problem_plain(struct admin_call *call, int status, const char *title, const char *detail,
                         const char *exception);

#endif
