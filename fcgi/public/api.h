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
    struct hosts *hosts;
    struct hosts *primary;    /* may be the same */
    const char *version_file; /* "": the version that was built in */
    const char *openapi_file; /* "": the installed file */
    struct gate *big;         /* limits large answers */
    struct gate *all;         /* limits requests to /api/, so that they leave threads to update queries */
};

/* Runs WORK with a database connection; see pool_run(), which may run it twice. Returns false when that
 * fails; the response is a 503 then. */
bool api_read(struct call *call, bool (*work)(struct db *db, void *arg, struct error *e), void *arg);
/* Takes one of the few slots for large answers, and waits for one if none is free; the slot is given back
 * once the response is sent. Returns false if there was none in time; the response is a 503 then. */
bool api_enter_big(struct call *call);
/* api_enter_big(), then api_read(): for an answer that may be as large as a release. */
bool api_read_big(struct call *call, bool (*work)(struct db *db, void *arg, struct error *e), void *arg);
/* Reads the row that Q selects; owned by call->ctx, NULL when there is none. Returns false as api_read(). */
bool api_read_row(struct call *call, const struct table_query *q, const cJSON **row);
/* Returns whether VALUE, the parameter NAME, is ASCII or absent; if not, the response is a 400. */
bool api_check_ascii(struct call *call, const char *name, struct str value);
/* Whether the query parameter NAME is given and not empty. */
bool api_flag(struct call *call, const char *name);

/* Makes the response JSON with status 200; the caller writes the body. */
void api_json(struct call *call);
/* Responds with ROW, printed in STYLE; its data_version is also sent as X-Data-Version. */
void api_respond_row(struct call *call, const cJSON *row, enum json_style style);
/* Responds with the rows that Q selects, and their number: {"count":1,NAME:[…]}. */
void api_respond_rows(struct call *call, const struct table_query *q, const char *name);
/* Responds with a 404 problem; EXCEPTION may be NULL. */
void api_not_found(struct call *call, const char *detail, const char *exception);

#endif
