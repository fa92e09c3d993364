/* Transactions: one per request, all or nothing.
 *
 * If the body of a transaction fails, it is rolled back. If it failed because of a deadlock, a lock timeout,
 * or a row that another transaction has changed since, it is run again from the start, a few times, each time
 * after a short random delay. So a body may change only the database, and what it resets at its start. */
#ifndef BALROG_STORE_TX_H
#define BALROG_STORE_TX_H

#include "core/config_file.h"
#include "release/allowlist.h"
#include "store/fail.h"
#include "store/pool.h"
#include "store/table.h"

enum {
    TX_ATTEMPTS = 10,       /* a body is run at most so many times */
    TX_DEADLINE_MS = 20000, /* after this time it is not run again */
};

struct tx;

/* What all transactions of a program share. Must live longer than they. */
struct tx_site {
    struct pool *pool;
    unsigned wait_ms; /* for a connection */
    struct config_list system_accounts;
    struct config_list signoff_content_except; /* items PRODUCT[:PATTERN], see store/signoff_content.h */
    const struct allowlist *allowlist;         /* from where files may be served; used to validate releases */
    /* Asked before a transaction that writes is committed; it may refuse what that has changed (noted.h).
     * NULL: nobody is asked. */
    bool (*approve)(struct tx *tx, const void *arg, struct error *e);
    const void *approve_arg;
    struct partial_sources *partial_sources;   /* NULL: whoever needs them reads them all */
    int64_t (*now_ms)(void);                   /* the time, ms since 1970; NULL: the system's clock */
    void (*watch)(void *arg, const char *sql); /* for tests: called before each statement; or NULL */
    void *watch_arg;
};

/* What transaction is asked for, by whom; and what is reported besides its result. */
struct tx_request {
    const char *username; /* the user who makes the request; "" if there is none */
    struct str request_id;
    bool read_only; /* in: it changes nothing, and takes no locks */
    bool single;    /* in: read_only, and one statement, which needs no START TRANSACTION and COMMIT */
    bool dry_run;   /* in: it is rolled back at its end, whatever BODY returns, and leaves no audit lines */

    unsigned statements; /* out: sent in all attempts, START TRANSACTION and COMMIT included */
    unsigned attempts;   /* out */
    cJSON *blob_errors;  /* out, with FAIL_BLOB: the reasons, an array of texts; the caller's */
};

struct tx {
    struct db *db;
    const struct tx_site *site;
    struct tx_request *request;
    /* The user in whose name rows are written and whose permissions are checked: request->username; but while
     * a scheduled change is enacted, or a direct write is merged into it, the user who scheduled it. */
    const char *actor;
    /* Owns what is called "owned by TX": use that until the body returns, or until tx_step_end() where the
     * body takes many steps, and do not free it. */
    void *mem;
    void *lasting; /* lives as long as this attempt, whatever the step; for caches, see tx_outlive_step() */

    struct access_cache *access;   /* used by access.c */
    struct signoff_cache *signoff; /* used by signoff.c */
    struct tx_notes *notes;        /* used by noted.c */
    struct seen_release *seen;     /* used by release_history.c */
    struct known_rows *rows;       /* used by admin/release_rows.c */
    struct table_writes *writes;   /* used by tx.c */
    struct audit_entry *audit;     /* used by tx.c */
    struct audit_entry **audit_end;
};

/* Runs BODY in a transaction on a connection of SITE's pool, and commits if it returns true (unless it is a
 * dry run: then true only means that it could have been committed). After the
 * commit, the audit lines that BODY has left are logged. Fails with the error of BODY, or with FAIL_DATABASE,
 * FAIL_BUSY or FAIL_UNKNOWN. After FAIL_UNKNOWN the change may have been made; after any other failure
 * nothing has changed. */
bool tx_run(const struct tx_site *site, struct tx_request *request,
            bool (*body)(struct tx *tx, void *arg, struct error *e), void *arg, struct error *e);

/* A body that does the same for thousands of rows takes a step for each: what becomes TX's between the two
 * calls is freed by the second. Returns what tx_step_end() wants. Steps may be nested. */
void *tx_step_begin(struct tx *tx);
void tx_step_end(struct tx *tx, void *outer);
/* What becomes TX's from here to tx_step_end() lives until the attempt ends, though a step be under way. For
 * what is read once and kept in TX, such as permissions. */
void *tx_outlive_step(struct tx *tx);

/* The time, ms since 1970. It is read again for every write, while the row is locked, so that the history of
 * a row is in order. */
int64_t tx_now_ms(const struct tx *tx);
/* Makes TX the owner of JSON (may be NULL), and returns it. */
cJSON *tx_keep(struct tx *tx, cJSON *json);
/* " LOCK IN SHARE MODE" if TX writes, else "". To be appended to a SELECT on whose result a decision is
 * based. */
const char *tx_share(const struct tx *tx);
/* Fails with FAIL_BLOB. ERRORS, an array of texts for the answer, is taken over. */
bool tx_fail_blob(struct tx *tx, cJSON *errors, struct error *e);

/* Counts a write to T. row_write.h calls it after each write. */
void tx_count_write(struct tx *tx, const struct table *t);
/* How many writes to T this attempt has made. What was read from T is out of date if the number has changed
 * since. */
unsigned tx_writes(const struct tx *tx, const struct table *t);
/* Whether the tables that were written belong to scheduled changes, all of them (and there are some): then
 * nothing takes effect with the commit. */
bool tx_only_schedules(const struct tx *tx);

/* Leaves an audit line, which is logged after the commit: ACTION ("insert", "update", "delete", "enact", …)
 * on the row of T with the key columns of KEY. A version is 0 if it does not exist. */
void tx_audit(struct tx *tx, const char *action, const struct table *t, const cJSON *key, int64_t old_version,
              int64_t new_version);

#endif
