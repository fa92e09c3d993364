/* What the handlers of the read-only API share. They read from the database, through a small pool
 * (reference: web/common/). */
#ifndef BALROG_PUBLIC_API_H
#define BALROG_PUBLIC_API_H

#include "core/gate.h"
#include "store/pool.h"
#include "store/table.h"
#include "web/router.h"

/* What the handlers need; struct call's app points to one. */
struct api {
    struct pool *pool;
    const char *version_file; /* "" : __version__ is built in */
    const char *openapi_file; /* "" : the installed one */
    struct gate *big;         /* for answers that may be large */
};

/* Runs WORK with a database connection (see pool_run(), and mind that it may be run twice). When that fails,
 * the response is a 503 and false is returned. */
bool api_read(struct call *call, bool (*work)(struct db *db, void *arg, struct error *e), void *arg);
/* Waits until few enough large answers are being made for one more; the place is given back once the answer
 * is sent. False: there is none, and a 503 has been answered. */
bool api_enter_big(struct call *call);
/* api_read() after api_enter_big(): for an answer that may be as large as a release. */
bool api_read_big(struct call *call, bool (*work)(struct db *db, void *arg, struct error *e), void *arg);
/* Reads the row of Q, which then goes with the request; NULL when there is none. False as above. */
bool api_read_row(struct call *call, const struct table_query *q, const cJSON **row);
/* Whether the parameter NAME is ASCII; if not, the response is a 400. Absent is fine. */
bool api_check_ascii(struct call *call, const char *name, struct str value);
/* Whether the query parameter NAME is given and not empty. */
bool api_flag(struct call *call, const char *name);

/* The response is JSON with status 200; the body is the caller's. */
void api_json(struct call *call);
/* The response is ROW, with its data_version as X-Data-Version, in STYLE. */
void api_respond_row(struct call *call, const cJSON *row, enum json_style style);
/* The response is the rows of Q and their number: {"count":1,NAME:[…]}. */
void api_respond_rows(struct call *call, const struct table_query *q, const char *name);
/* A 404 problem; EXCEPTION may be NULL. */
void api_not_found(struct call *call, const char *detail, const char *exception);

#endif
