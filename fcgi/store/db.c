/* Every column is fetched as text, whatever its type. So numbers, JSON and blobs have one representation,
 * which does not depend on how a server declares a column. Results are fetched row by row, so that a big
 * table takes only the memory of its longest row. */
#include "store/db.h"

#include "ops/log.h"
#include "store/fail.h"
#include "store/metrics.h"

#include <mysql.h>
#include <errmsg.h>
#include <mysqld_error.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    STATEMENTS_MAX = 128,   /* prepared statements kept on a connection; the oldest goes first */
    PARAMS_MAX = 64,        /* number of '?' in a statement */
    BYTES_MIN = 4096,       /* an ASCII text of so many bytes is sent as bytes */
    COLUMN_START = 256,     /* bytes of a column's first buffer */
    COLUMN_MAX = 255 << 20, /* bytes of a value; under 256 MB, more than which talloc refuses to give */
    PACKET_MAX = 256 << 20,
};

struct prepared_statement {
    char *sql;
    MYSQL_STMT *stmt;
};

struct db {
    MYSQL *mysql;
    size_t host;
    struct db_watcher watcher;
    bool alive;
    struct prepared_statement statements[STATEMENTS_MAX];
    unsigned n_statements;
    unsigned oldest; /* index of the statement to replace if the array is full */
    struct db_rows *open;
    bool doomed; /* a lock could not be taken: only ROLLBACK may follow */
    uint64_t n_sent;
    void (*watch)(void *arg, const char *sql);
    void *watch_arg;
};

struct result_column {
    char *p;
    size_t cap;
    unsigned long n;
    my_bool null;
};

struct db_rows {
    bool failed;
    bool grew; /* buffers must be bound again before the next fetch: binding sets their lengths to 0 */
    struct db *db;
    MYSQL_STMT *stmt;
    unsigned n_columns;
    struct result_column *columns;
    MYSQL_BIND *binds;
};

/* ---- errors ---- */

/* Whether the connection cannot be used after the error CODE. */
static bool is_fatal(unsigned code)
{
    switch (code) {
    case ER_SERVER_SHUTDOWN:
    case ER_ABORTING_CONNECTION:
    case ER_NEW_ABORTING_CONNECTION:
    case ER_NET_PACKET_TOO_LARGE:
    case ER_NET_READ_ERROR_FROM_PIPE:
    case ER_NET_FCNTL_ERROR:
    case ER_NET_PACKETS_OUT_OF_ORDER:
    case ER_NET_UNCOMPRESS_ERROR:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
    case ER_NET_ERROR_ON_WRITE:
    case ER_NET_WRITE_INTERRUPTED:
    case ER_CONNECTION_KILLED:
    case ER_UNKNOWN_COM_ERROR: /* a node that is not part of its Galera cluster's majority does nothing */
        return true;
    default:
        /* Errors of the client library: the connection is lost, or its state is not known. */
        return (code >= CR_MIN_ERROR && code <= CR_MAX_ERROR) ||
               (code >= CER_MIN_ERROR && code <= CER_MAX_ERROR);
    }
}

/* The reason for an error that leaves the connection usable. */
static enum fail kind_of(unsigned code)
{
    switch (code) {
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT:
    case ER_CHECKREAD: /* under innodb_snapshot_isolation: the row has changed since the snapshot */
        return FAIL_BUSY;
    case ER_OPTION_PREVENTS_STATEMENT: /* read_only */
    case ER_READ_ONLY_MODE:            /* innodb_read_only */
    case ER_INNODB_READ_ONLY:
        return FAIL_LOCKED;
    case ER_DISK_FULL:
    case ER_RECORD_FILE_FULL: /* InnoDB has no place for another page */
    case ER_ERROR_ON_WRITE:   /* the binary log, for example */
        return FAIL_FULL;
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_USER_LIMIT_REACHED:
    case ER_OUT_OF_RESOURCES:
    case ER_CANT_CREATE_THREAD:
        return FAIL_CROWDED;
    case ER_ERROR_DURING_COMMIT: /* a Galera node that was cut off: the others may have the transaction */
        return FAIL_UNKNOWN;
    case ER_DUP_ENTRY:
        return FAIL_DUPLICATE;
    case ER_DATA_TOO_LONG:
    case ER_WARN_DATA_OUT_OF_RANGE:
    case ER_TRUNCATED_WRONG_VALUE_FOR_FIELD:
    case ER_BAD_NULL_ERROR:
    case ER_NO_DEFAULT_FOR_FIELD:
        return FAIL_INVALID;
    default:
        return FAIL_DATABASE;
    }
}

static bool failed_with(struct db *db, unsigned code, const char *what, struct error *e)
{
    enum fail kind = kind_of(code);
    bool fatal = is_fatal(code);
    metric_count(&store_metric[STORE_ERRORS], store_error_kind(kind, fatal));
    if (fatal) {
        db->alive = false;
    }
    if (db->watcher.failed != NULL && (fatal || code == ER_OPTION_PREVENTS_STATEMENT)) {
        db->watcher.failed(db->watcher.arg, db);
    }
    db->doomed |= kind == FAIL_BUSY;
    if (kind == FAIL_DUPLICATE || kind == FAIL_INVALID) {
        /* The client sent a wrong value. It gets a text of ours, not the database's. */
        log_write(LOG_INFO, "database.refused", STR_NONE, "%s (error %u)", what, code);
        return fail(e, kind, "%s",
                    kind == FAIL_DUPLICATE ? "There is one already"
                                           : "A value is missing, too long or out of range");
    }
    return fail(e, kind, "database: %s (error %u)", what, code);
}

static bool connection_failed(struct db *db, struct error *e)
{
    return failed_with(db, mysql_errno(db->mysql), mysql_error(db->mysql), e);
}

/* A failed fetch sets the error of the connection only, not of the statement. A failure without any error
 * code is treated as fatal. */
static bool statement_failed(struct db *db, MYSQL_STMT *stmt, struct error *e)
{
    if (mysql_stmt_errno(stmt) != 0) {
        return failed_with(db, mysql_stmt_errno(stmt), mysql_stmt_error(stmt), e);
    }
    if (mysql_errno(db->mysql) != 0) {
        return connection_failed(db, e);
    }
    return failed_with(db, CR_UNKNOWN_ERROR, "failed without a reason", e);
}

/* ---- connecting ---- */

static void init_library(void)
{
    if (mysql_library_init(0, NULL, NULL) != 0) {
        abort();
    }
}

static int close_connection(struct db *db)
{
    if (db->watcher.closing != NULL) {
        db->watcher.closing(db->watcher.arg, db);
    }
    for (unsigned i = 0; i < db->n_statements; i++) {
        mysql_stmt_close(db->statements[i].stmt);
    }
    mysql_close(db->mysql);
    return 0;
}

static unsigned limited(int configured_s, unsigned limit_s)
{
    return limit_s != 0 && limit_s < (unsigned)configured_s ? limit_s : (unsigned)configured_s;
}

/* The server must encrypt, and prove that it has the name that was asked for. */
static void set_tls(MYSQL *mysql, const struct config_database *at)
{
    my_bool on = 1;
    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
    mysql_options(mysql, MYSQL_OPT_SSL_CA, at->tls_ca);
    if (at->tls_cert[0] != '\0') {
        mysql_options(mysql, MYSQL_OPT_SSL_CERT, at->tls_cert);
        mysql_options(mysql, MYSQL_OPT_SSL_KEY, at->tls_key);
    }
}

static void set_options(MYSQL *mysql, const struct config_database *at, bool tcp, struct db_limits limits)
{
    unsigned connect_s = limited(at->connect_timeout_s, limits.connect_s);
    unsigned read_s = limited(at->read_timeout_s, limits.answer_s);
    unsigned write_s = limited(at->write_timeout_s, limits.answer_s);
    unsigned protocol = tcp ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET;
    unsigned no_local_infile = 0;
    unsigned long packet_max = PACKET_MAX;
    my_bool off = 0;
    if (tcp && at->tls_ca[0] != '\0') {
        set_tls(mysql, at);
    }
    mysql_options(mysql, MYSQL_OPT_RECONNECT, &off);
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &read_s);
    mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &write_s);
    mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no_local_infile);
    mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_max);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(
        mysql, MYSQL_INIT_COMMAND,
        "SET NAMES utf8mb4, time_zone = '+00:00', autocommit = 1, innodb_lock_wait_timeout = 10, "
        "sql_mode = 'STRICT_ALL_TABLES,"
        "NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'"
        /* Sort whole rows, although rules may be long: otherwise each row is looked up a second time. */
        " /*M! , max_length_for_sort_data = 65535 */");
    mysql_options(mysql, MYSQL_INIT_COMMAND, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
}

struct db *db_open_host(void *ctx, const struct config_database *at, size_t host, struct db_limits limits,
                        struct error *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, init_library);
    const struct config_host *server = &at->server[host];
    bool tcp = server->name[0] != '\0';
    struct db *db = mem_new(ctx, struct db);
    db->mysql = mem_check(mysql_init(NULL));
    db->host = host;
    talloc_set_destructor(db, close_connection);
    set_options(db->mysql, at, tcp, limits);
    if (mysql_real_connect(db->mysql, tcp ? server->name : NULL, at->user, at->password, at->name,
                           tcp ? (unsigned)server->port : 0, tcp ? NULL : server->socket, 0) == NULL) {
        connection_failed(db, e);
        talloc_free(db);
        return NULL;
    }
    db->alive = true;
    return db;
}

struct db *db_open(void *ctx, const struct config_database *at, struct error *e)
{
    return db_open_host(ctx, at, 0, (struct db_limits){ 0 }, e);
}

size_t db_host(const struct db *db)
{
    return db->host;
}

void db_set_watcher(struct db *db, struct db_watcher watcher)
{
    db->watcher = watcher;
}

void db_break(struct db *db)
{
    shutdown(mysql_get_socket(db->mysql), SHUT_RDWR);
}

bool db_alive(const struct db *db)
{
    return db->alive;
}

/* Checks that a statement may be sent now, and counts it. */
static bool may_send(struct db *db, const char *sql, struct error *e)
{
    if (db->open != NULL) {
        return error_set(e, ERROR_INTERNAL, "database: a result is still open");
    }
    if (db->doomed) {
        return fail(e, FAIL_BUSY, "database: the transaction has failed");
    }
    db->n_sent++;
    metric_count(&store_metric[STORE_STATEMENTS], 0);
    if (db->watch != NULL) {
        db->watch(db->watch_arg, sql);
    }
    return true;
}

uint64_t db_statements(const struct db *db)
{
    return db->n_sent;
}

void db_watch(struct db *db, void (*watch)(void *arg, const char *sql), void *arg)
{
    db->watch = watch;
    db->watch_arg = arg;
}

bool db_exec(struct db *db, const char *sql, struct error *e)
{
    if (strcmp(sql, "ROLLBACK") == 0) {
        db->doomed = false;
    }
    if (!may_send(db, sql, e)) {
        return false;
    }
    return mysql_real_query(db->mysql, sql, strlen(sql)) == 0 || connection_failed(db, e);
}

/* ---- statements ---- */

static void drop_statement(struct db *db, MYSQL_STMT *stmt)
{
    for (unsigned i = 0; i < db->n_statements; i++) {
        if (db->statements[i].stmt == stmt) {
            talloc_free(db->statements[i].sql);
            db->statements[i] = db->statements[--db->n_statements];
            break;
        }
    }
    mysql_stmt_close(stmt);
}

static void keep_statement(struct db *db, const char *sql, MYSQL_STMT *stmt)
{
    struct prepared_statement *place;
    if (db->n_statements < STATEMENTS_MAX) {
        place = &db->statements[db->n_statements++];
    } else {
        place = &db->statements[db->oldest];
        db->oldest = (db->oldest + 1) % STATEMENTS_MAX;
        mysql_stmt_close(place->stmt);
        talloc_free(place->sql);
    }
    *place = (struct prepared_statement){ .sql = mem_strdup(db, sql), .stmt = stmt };
}

static MYSQL_STMT *prepare_statement(struct db *db, const char *sql, struct error *e)
{
    for (unsigned i = 0; i < db->n_statements; i++) {
        if (strcmp(db->statements[i].sql, sql) == 0) {
            return db->statements[i].stmt;
        }
    }
    MYSQL_STMT *stmt = mem_check(mysql_stmt_init(db->mysql));
    if (mysql_stmt_prepare(stmt, sql, strlen(sql)) != 0) {
        statement_failed(db, stmt, e);
        mysql_stmt_close(stmt);
        return NULL;
    }
    keep_statement(db, sql, stmt);
    return stmt;
}

/* A long text is sent as bytes if it is ASCII, which is the same in all character sets that we meet. The
 * server reads each text once more than it reads bytes, to learn about its characters: with a release of 250
 * KB that takes a third of an UPDATE. Short texts may be keys, which are compared as text. */
static enum enum_field_types type_of(const struct db_value *value)
{
    switch (value->type) {
    case DB_INT:
        return MYSQL_TYPE_LONGLONG;
    case DB_TEXT:
        return value->text.n >= BYTES_MIN && str_is_ascii(value->text) ? MYSQL_TYPE_LONG_BLOB
                                                                       : MYSQL_TYPE_STRING;
    default:
        return MYSQL_TYPE_NULL;
    }
}

static bool execute_statement(struct db *db, MYSQL_STMT *stmt, const struct db_value *params, size_t n,
                              struct error *e)
{
    MYSQL_BIND binds[PARAMS_MAX] = { 0 };
    if (n > PARAMS_MAX || mysql_stmt_param_count(stmt) != n) {
        return error_set(e, ERROR_INTERNAL, "database: a statement with %lu parameters was given %zu",
                         mysql_stmt_param_count(stmt), n);
    }
    for (size_t i = 0; i < n; i++) {
        binds[i].buffer_type = type_of(&params[i]);
        /* The interface lacks the const; the library only reads. */
        binds[i].buffer = params[i].type == DB_INT ? (void *)&params[i].i : (void *)params[i].text.p;
        binds[i].buffer_length = (unsigned long)params[i].text.n;
    }
    if ((n > 0 && mysql_stmt_bind_param(stmt, binds) != 0) || mysql_stmt_execute(stmt) != 0) {
        return statement_failed(db, stmt, e);
    }
    return true;
}

static void bind_column(struct db_rows *rows, unsigned i)
{
    struct result_column *c = &rows->columns[i];
    rows->binds[i] = (MYSQL_BIND){
        .buffer_type = MYSQL_TYPE_STRING,
        .buffer = c->p,
        .buffer_length = (unsigned long)c->cap,
        .length = &c->n,
        .is_null = &c->null,
    };
}

static struct db_rows *open_rows(struct db *db, MYSQL_STMT *stmt, struct error *e)
{
    unsigned n_columns = mysql_stmt_field_count(stmt);
    if (n_columns == 0) {
        error_set(e, ERROR_INTERNAL, "database: a query without a result");
        return NULL;
    }
    struct db_rows *rows = mem_new(db, struct db_rows);
    rows->db = db;
    rows->stmt = stmt;
    rows->n_columns = n_columns;
    rows->columns = mem_array(rows, struct result_column, rows->n_columns);
    rows->binds = mem_array(rows, MYSQL_BIND, rows->n_columns);
    for (unsigned i = 0; i < rows->n_columns; i++) {
        rows->columns[i].cap = COLUMN_START;
        rows->columns[i].p = mem_array(rows, char, COLUMN_START);
        bind_column(rows, i);
    }
    if (mysql_stmt_bind_result(stmt, rows->binds) != 0) {
        statement_failed(db, stmt, e);
        talloc_free(rows);
        return NULL;
    }
    db->open = rows;
    return rows;
}

struct db_rows *db_query(struct db *db, const char *sql, const struct db_value *params, size_t n,
                         struct error *e)
{
    MYSQL_STMT *stmt = may_send(db, sql, e) ? prepare_statement(db, sql, e) : NULL;
    if (stmt == NULL) {
        return NULL;
    }
    struct db_rows *rows = execute_statement(db, stmt, params, n, e) ? open_rows(db, stmt, e) : NULL;
    if (rows == NULL) {
        drop_statement(db, stmt);
    }
    return rows;
}

bool db_execute(struct db *db, const char *sql, const struct db_value *params, size_t n, uint64_t *affected,
                int64_t *id, struct error *e)
{
    MYSQL_STMT *stmt = may_send(db, sql, e) ? prepare_statement(db, sql, e) : NULL;
    if (stmt == NULL) {
        return false;
    }
    if (!execute_statement(db, stmt, params, n, e)) {
        drop_statement(db, stmt);
        return false;
    }
    if (affected != NULL) {
        *affected = mysql_stmt_affected_rows(stmt);
    }
    if (id != NULL) {
        *id = (int64_t)mysql_stmt_insert_id(stmt);
    }
    return true;
}

/* ---- rows ---- */

/* Fetches column I again into a longer buffer, because its value was truncated. */
static bool fetch_rest(struct db_rows *rows, unsigned i, struct error *e)
{
    struct result_column *c = &rows->columns[i];
    if (c->n > COLUMN_MAX) {
        return error_set(e, ERROR_INTERNAL, "database: a value of %lu bytes is too long", c->n);
    }
    size_t cap = c->cap * 2 > c->n ? c->cap * 2 : c->n;
    talloc_free(c->p);
    c->cap = cap < COLUMN_MAX ? cap : COLUMN_MAX;
    c->p = mem_check(talloc_size(rows, c->cap));
    bind_column(rows, i);
    return mysql_stmt_fetch_column(rows->stmt, &rows->binds[i], i, 0) == 0 ||
           statement_failed(rows->db, rows->stmt, e);
}

static bool fetch_row(struct db_rows *rows, struct error *e)
{
    if (rows->grew && mysql_stmt_bind_result(rows->stmt, rows->binds) != 0) {
        rows->failed = true;
        return statement_failed(rows->db, rows->stmt, e);
    }
    rows->grew = false;
    int rc = mysql_stmt_fetch(rows->stmt);
    if (rc == MYSQL_NO_DATA) {
        return false;
    }
    if (rc != 0 && rc != MYSQL_DATA_TRUNCATED) {
        rows->failed = true;
        return statement_failed(rows->db, rows->stmt, e);
    }
    for (unsigned i = 0; i < rows->n_columns && !rows->failed; i++) {
        if (!rows->columns[i].null && rows->columns[i].n > rows->columns[i].cap) {
            rows->failed = !fetch_rest(rows, i, e);
            rows->grew = true;
        }
    }
    return !rows->failed;
}

bool db_next(struct db_rows *rows, struct error *e)
{
    return rows != NULL && !rows->failed && fetch_row(rows, e);
}

unsigned db_columns(const struct db_rows *rows)
{
    return rows->n_columns;
}

struct str db_text(const struct db_rows *rows, unsigned i)
{
    const struct result_column *c = &rows->columns[i];
    return c->null ? STR_NONE : (struct str){ c->p, c->n };
}

bool db_is_null(const struct db_rows *rows, unsigned i)
{
    return rows->columns[i].null != 0;
}

int64_t db_number(struct str text)
{
    char digits[32];
    size_t n = text.n < sizeof(digits) - 1 ? text.n : sizeof(digits) - 1;
    if (n > 0) {
        memcpy(digits, text.p, n);
    }
    digits[n] = '\0';
    return strtoll(digits, NULL, 10);
}

int64_t db_int(const struct db_rows *rows, unsigned i)
{
    return db_number(db_text(rows, i));
}

bool db_finish(struct db_rows *rows)
{
    if (rows == NULL) {
        return false;
    }
    bool ok = !rows->failed;
    mysql_stmt_free_result(rows->stmt);
    rows->db->open = NULL;
    talloc_free(rows);
    return ok;
}
