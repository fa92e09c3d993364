/* MariaDB/MySQL: connections, prepared statements, typed rows. Uses Connector/C.
 *
 * Errors have a reason (store/fail.h): FAIL_BUSY for a deadlock or lock timeout, FAIL_INVALID for a value
 * that does not fit its column, FAIL_DUPLICATE, FAIL_UNKNOWN if COMMIT failed so that the outcome is not
 * known, else FAIL_DATABASE. The texts of FAIL_INVALID and FAIL_DUPLICATE are sent to clients; so the
 * database's own text is only logged.
 *
 * Auto-reconnect is off, connect/read/write timeouts are set, sessions run in strict mode, utf8mb4, UTC and
 * autocommit. A connection belongs to one thread. */
#ifndef BALROG_STORE_DB_H
#define BALROG_STORE_DB_H

#include "settings/database.h"
#include "core/error.h"
#include "core/mem.h"
#include "core/str.h"

struct db;

/* Connects to the first server of AT. NULL with a 503 in E when that fails. Owned by CTX: freeing it closes
 * the connection. */
struct db *db_open(void *ctx, const struct config_database *at, struct error *e);
/* The most that something may take, where the configuration allows more; 0: no limit but that one. */
struct db_limits {
    unsigned connect_s;
    unsigned answer_s; /* reading an answer, or writing a statement */
};
/* The same for the server number HOST of AT. */
struct db *db_open_host(void *ctx, const struct config_database *at, size_t host, struct db_limits limits,
                        struct error *e);
/* The number of the server that it is connected to. */
size_t db_host(const struct db *db);
/* Who wants to know of a connection; both are called in its thread. */
struct db_watcher {
    void (*failed)(void *arg, struct db *db);  /* it is lost, or the server is read-only now */
    void (*closing)(void *arg, struct db *db); /* it will be closed */
    void *arg;
};
void db_set_watcher(struct db *db, struct db_watcher watcher);
/* Has what is under way on the connection fail soon. May be called by another thread, between
 * db_set_watcher() and the end of closing(). */
void db_break(struct db *db);
/* Whether the connection can still be used. False after a failure such as a lost server or a timeout: then
 * close it. */
bool db_alive(const struct db *db);

/* A parameter of a statement. */
struct db_value {
    enum { DB_NULL, DB_INT, DB_TEXT } type;
    int64_t i;
    struct str text;
};
#define DB_I(N) ((struct db_value){ .type = DB_INT, .i = (N) })
#define DB_S(S) db_str(S)

/* An absent text is NULL. */
static inline struct db_value db_str(struct str s)
{
    return (struct db_value){ .type = s.p != NULL ? DB_TEXT : DB_NULL, .text = s };
}

/* A statement without parameters or result: START TRANSACTION, COMMIT, ROLLBACK, SET. */
bool db_exec(struct db *db, const char *sql, struct error *e);

/* Runs SQL, an INSERT, UPDATE or DELETE, with N parameters (at most 64) for its '?'. *AFFECTED (unless NULL)
 * is the number of rows that it changed; a row that was set to the values that it had already does not count.
 * *ID (unless NULL) is the number that the database gave to the inserted row. */
bool db_execute(struct db *db, const char *sql, const struct db_value *params, size_t n, uint64_t *affected,
                int64_t *id, struct error *e);
/* The number of statements sent on this connection: SELECTs, writes, COMMITs. Preparing does not count. */
uint64_t db_statements(const struct db *db);
/* For tests: calls WATCH(ARG, SQL) before each statement. NULL ends that. */
void db_watch(struct db *db, void (*watch)(void *arg, const char *sql), void *arg);

/* A running SELECT. */
struct db_rows;
/* Runs SQL with N parameters (at most 64) for its '?'. NULL on failure. Each text is prepared once per
 * connection. Only one result may be open on a connection at a time. Rows are fetched one by one; a value may
 * have up to 255 MB. */
struct db_rows *db_query(struct db *db, const char *sql, const struct db_value *params, size_t n,
                         struct error *e);
/* Goes to the next row. Returns false at the end, after a failure (E says why), and if ROWS is NULL:
 *
 *     struct db_rows *rows = db_query(db, sql, params, n, e);
 *     while (db_next(rows, e)) {
 *         … db_text(rows, 0) …
 *     }
 *     return db_finish(rows);
 */
bool db_next(struct db_rows *rows, struct error *e);
/* Ends the query and frees ROWS. To be called after every db_query(). Returns false if ROWS is NULL, or if a
 * db_next() has failed. Rows that were not fetched are dropped. */
bool db_finish(struct db_rows *rows);
unsigned db_columns(const struct db_rows *rows);
/* Column I of the current row: as text (absent if it is NULL; valid until the next row), or as a number (0 if
 * it is NULL). A number can be read as text, too. */
struct str db_text(const struct db_rows *rows, unsigned i);
bool db_is_null(const struct db_rows *rows, unsigned i);
int64_t db_int(const struct db_rows *rows, unsigned i);
/* The number that TEXT, a column as text, stands for. */
int64_t db_number(struct str text);

#endif
