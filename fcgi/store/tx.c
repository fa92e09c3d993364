/* See tx.h. After a failure because of locks, the next attempt is made on the same connection. Any other
 * failure ends the transaction. If the connection was lost, pool_run() may call run_attempts() again with a
 * new one; that is right, unless COMMIT had been sent. */
#include "store/tx.h"

#include "core/clock.h"
#include "ops/log.h"
#include "store/metrics.h"

#include <stdlib.h>
#include <time.h>

struct audit_entry {
    struct audit_entry *next;
    const char *line; /* JSON */
};

/* How many writes to a table there were. */
struct table_writes {
    struct table_writes *next;
    const struct table *table;
    unsigned n;
};

struct tx_attempt {
    const struct tx_site *site;
    struct tx_request *request;
    bool (*body)(struct tx *tx, void *arg, struct error *e);
    void *arg;
    int64_t start_ms;
    unsigned seed;
    bool done;           /* committed */
    bool unknown;        /* the connection was lost after COMMIT was sent */
    struct error failed; /* why it failed, if the connection can still be used */
};

/* ---- what a body may use ---- */

int64_t tx_now_ms(const struct tx *tx)
{
    if (tx->site->now_ms != NULL) {
        return tx->site->now_ms();
    }
    return clock_wall_ms();
}

void *tx_step_begin(struct tx *tx)
{
    void *outer = tx->mem;
    tx->mem = mem_check(talloc_new(outer));
    return outer;
}

void *tx_outlive_step(struct tx *tx)
{
    void *outer = tx->mem;
    tx->mem = tx->lasting;
    return outer;
}

void tx_step_end(struct tx *tx, void *outer)
{
    if (tx->mem != tx->lasting) {
        talloc_free(tx->mem);
    }
    tx->mem = outer;
}

cJSON *tx_keep(struct tx *tx, cJSON *json)
{
    json_keep(tx->mem, json);
    return json;
}

const char *tx_share(const struct tx *tx)
{
    return tx->request->read_only ? "" : " LOCK IN SHARE MODE";
}

bool tx_fail_blob(struct tx *tx, cJSON *errors, struct error *e)
{
    cJSON_Delete(tx->request->blob_errors);
    tx->request->blob_errors = errors;
    return fail(e, FAIL_BLOB, "Invalid Blob");
}

/* ---- writes ---- */

static struct table_writes *find_writes(const struct tx *tx, const struct table *t)
{
    struct table_writes *w = tx->writes;
    while (w != NULL && w->table != t) {
        w = w->next;
    }
    return w;
}

void tx_count_write(struct tx *tx, const struct table *t)
{
    struct table_writes *w = find_writes(tx, t);
    if (w == NULL) {
        w = mem_new(tx->lasting, struct table_writes);
        *w = (struct table_writes){ .next = tx->writes, .table = t };
        tx->writes = w;
    }
    w->n++;
}

unsigned tx_writes(const struct tx *tx, const struct table *t)
{
    const struct table_writes *w = find_writes(tx, t);
    return w != NULL ? w->n : 0;
}

static bool is_of_schedule(const struct table *t)
{
    return strstr(t->name, "_scheduled_changes") != NULL;
}

bool tx_only_schedules(const struct tx *tx)
{
    const struct table_writes *w = tx->writes;
    while (w != NULL && is_of_schedule(w->table)) {
        w = w->next;
    }
    return w == NULL && tx->writes != NULL;
}

static bool approve_changes(struct tx *tx, struct error *e)
{
    const struct tx_site *site = tx->site;
    return tx->request->read_only || site->approve == NULL || site->approve(tx, site->approve_arg, e);
}

/* ---- audit ---- */

static void add_version(cJSON *line, const char *name, int64_t version)
{
    if (version > 0) {
        cJSON_AddNumberToObject(line, name, (double)version);
    }
}

static cJSON *key_of(const struct table *t, const cJSON *row)
{
    cJSON *key = mem_check(cJSON_CreateObject());
    for (const struct column *c = t->column; c->name != NULL; c++) {
        const cJSON *value = (c->flags & COLUMN_KEY) != 0 ? json_get(row, c->name) : NULL;
        if (value != NULL) {
            cJSON_AddItemToObject(key, c->name, mem_check(cJSON_Duplicate(value, true)));
        }
    }
    return key;
}

void tx_audit(struct tx *tx, const char *action, const struct table *t, const cJSON *key, int64_t old_version,
              int64_t new_version)
{
    struct buf text;
    cJSON *line = mem_check(cJSON_CreateObject());
    cJSON_AddStringToObject(line, "user", tx->request->username);
    if (strcmp(tx->actor, tx->request->username) != 0) {
        cJSON_AddStringToObject(line, "in_the_name_of", tx->actor);
    }
    cJSON_AddStringToObject(line, "action", action);
    cJSON_AddStringToObject(line, "table", t->name);
    cJSON_AddItemToObject(line, "key", key_of(t, key));
    add_version(line, "old_data_version", old_version);
    add_version(line, "new_data_version", new_version);
    buf_init(&text, 256, LOG_LINE_MAX);
    json_print(&text, line, JSON_DUMPS);
    cJSON_Delete(line);
    struct audit_entry *entry = mem_new(tx->lasting, struct audit_entry);
    entry->line = mem_strndup(entry, text.p, text.n);
    buf_free(&text);
    *tx->audit_end = entry;
    tx->audit_end = &entry->next;
}

static void log_audit(const struct tx *tx)
{
    for (const struct audit_entry *a = tx->audit; a != NULL; a = a->next) {
        log_write(LOG_INFO, "audit", tx->request->request_id, "%s", a->line);
    }
}

/* ---- running ---- */

static bool begin_transaction(struct tx *tx, struct error *e)
{
    return tx->request->single ||
           db_exec(tx->db, tx->request->read_only ? "START TRANSACTION READ ONLY" : "START TRANSACTION", e);
}

/* Commits; a dry run is rolled back instead. Nothing else in this program commits a transaction that wrote.
 */
static bool end_transaction(struct tx_attempt *run, struct tx *tx, struct error *e)
{
    if (tx->request->single) {
        return true;
    }
    if (tx->request->dry_run) {
        return db_exec(tx->db, "ROLLBACK", e);
    }
    if (db_exec(tx->db, "COMMIT", e)) {
        return true;
    }
    if ((!db_alive(tx->db) || failed_as(e, FAIL_UNKNOWN)) && !tx->request->read_only) {
        run->unknown = true;
        fail(e, FAIL_UNKNOWN,
             "The connection to the database was lost while the change was committed. "
             "Whether it was made is not known: look before you try again.");
    }
    return false;
}

/* Makes one attempt. If it fails, it is rolled back. *USABLE is false if the connection cannot be used any
 * more. */
static bool run_attempt(struct tx_attempt *run, struct db *db, bool *usable, struct error *e)
{
    struct tx tx = { .db = db, .site = run->site, .request = run->request, .actor = run->request->username };
    tx.mem = tx.lasting = mem_check(talloc_new(NULL));
    tx.audit_end = &tx.audit;
    cJSON_Delete(run->request->blob_errors);
    run->request->blob_errors = NULL;
    run->request->attempts++;
    bool ok = (run->request->read_only || pool_may_write(run->site->pool, e)) && begin_transaction(&tx, e) &&
              run->body(&tx, run->arg, e) && approve_changes(&tx, e) && end_transaction(run, &tx, e);
    *usable = db_alive(db) && (ok || db_exec(db, "ROLLBACK", NULL));
    if (ok && !tx.request->dry_run) {
        log_audit(&tx);
    }
    talloc_free(tx.lasting);
    return ok;
}

/* Waits a random time: 1 to 10 ms first, then up to twice as long each time, at most 200 ms. */
static void back_off(struct tx_attempt *run, unsigned n)
{
    unsigned limit_ms = n < 5 ? 10u << n : 200;
    unsigned ms = 1 + (unsigned)rand_r(&run->seed) % limit_ms;
    struct timespec t = { .tv_sec = 0, .tv_nsec = (long)ms * 1000000 };
    nanosleep(&t, NULL);
}

static bool may_retry(const struct tx_attempt *run, const struct error *e, unsigned n)
{
    return failed_as(e, FAIL_BUSY) && n + 1 < TX_ATTEMPTS && clock_ms() - run->start_ms < TX_DEADLINE_MS;
}

/* For pool_run(): returns whether the connection can still be used. The result of the transaction is in the
 * attempt. */
static bool run_attempts(struct db *db, void *arg, struct error *e)
{
    struct tx_attempt *run = arg;
    bool usable = false;
    if (run->unknown) {
        return fail(e, FAIL_UNKNOWN, "not tried again");
    }
    uint64_t sent = db_statements(db);
    db_watch(db, run->site->watch, run->site->watch_arg);
    for (unsigned n = 0;; n++) {
        run->failed = (struct error){ .kind = ERROR_INTERNAL };
        run->done = run_attempt(run, db, &usable, &run->failed);
        if (run->done || !usable || !may_retry(run, &run->failed, n)) {
            break;
        }
        metric_count(&store_metric[STORE_TX_RETRIES], 0);
        back_off(run, n);
    }
    db_watch(db, NULL, NULL);
    run->request->statements += (unsigned)(db_statements(db) - sent);
    if (!usable && !run->done && e != NULL) {
        *e = run->failed;
    }
    return usable || run->done;
}

bool tx_run(const struct tx_site *site, struct tx_request *request,
            bool (*body)(struct tx *tx, void *arg, struct error *e), void *arg, struct error *e)
{
    struct tx_attempt run = {
        .site = site,
        .request = request,
        .body = body,
        .arg = arg,
        .start_ms = clock_ms(),
        .seed = (unsigned)clock_us() ^ (unsigned)(uintptr_t)&run,
    };
    request->statements = 0;
    request->attempts = 0;
    request->blob_errors = NULL;
    struct error no_connection = { .kind = ERROR_UNAVAILABLE };
    bool reached = pool_run(site->pool, site->wait_ms, run_attempts, &run, &no_connection);
    if (run.done) {
        return true;
    }
    if (e != NULL) {
        *e = reached || run.unknown ? run.failed : no_connection;
        if (e->reason == FAIL_OTHER && e->kind == ERROR_UNAVAILABLE) {
            e->reason = FAIL_DATABASE;
        }
    }
    return false;
}
