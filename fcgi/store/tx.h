/* One transaction a request: all or nothing.
 *
 * A body that fails is rolled back. A body that lost a deadlock, waited too long for a lock, or read a row
 * that another transaction has changed since is run again from its start, a few times, after a short random
 * wait: so it changes nothing but the database and what it resets itself at its start. */
#ifndef BALROG_STORE_TX_H
#define BALROG_STORE_TX_H

#include "core/config_file.h"
#include "release/allowlist.h"
#include "store/fail.h"
#include "store/pool.h"
#include "store/table.h"

enum {
    TX_ATTEMPTS = 10,       /* how often a body is run at most */
    TX_DEADLINE_MS = 20000, /* after so long it is not run again */
};

/* What the transactions of a program have in common. Must outlive them. */
struct tx_site {
    struct pool *pool;
    unsigned wait_ms; /* for a connection */
    struct config_list system_accounts;
    struct config_list signoff_content_except; /* PRODUCT[:PATTERN]: see store/signoff_content.h */
    const struct allowlist *allowlist;         /* where releases may be served from, for who validates them */
    int64_t (*now_ms)(void);                   /* the time, ms since 1970; NULL: the system's clock */
    void (*watch)(void *arg, const char *sql); /* for tests: called before each statement; or NULL */
    void *watch_arg;
};

/* Who asks for what kind of transaction, and what came of it besides. */
struct tx_request {
    const char *username; /* the one who asks; "" for nobody */
    struct str request_id;
    bool read_only; /* in: changes nothing, and takes no locks */

    unsigned statements; /* out: sent in all attempts, START TRANSACTION and COMMIT included */
    unsigned attempts;   /* out */
    cJSON *blob_errors;  /* out, with FAIL_BLOB: the reasons, an array of texts; the caller's */
};

struct tx {
    struct db *db;
    const struct tx_site *site;
    struct tx_request *request;
    /* In whose name rows are written and permissions are asked for: request->username, but while a scheduled
     * change is enacted or merged into, the one who scheduled it. */
    const char *actor;
    /* Lives as long as this attempt. What the functions of fcgi/store hand out "of TX" hangs off it: use it
     * until the body returns, free nothing. */
    void *mem;

    struct access_cache *access;   /* access.c's */
    struct signoff_cache *signoff; /* signoff.c's */
    struct table_writes *writes;   /* tx.c's */
    struct audit_entry *audit;     /* tx.c's */
};

/* Runs BODY in a transaction on a connection of SITE's pool, and commits when it returns true. False with
 * what BODY said, or with FAIL_DATABASE, FAIL_BUSY or FAIL_UNKNOWN; in all cases but the last nothing has
 * changed. After the commit each audit line that BODY left is logged. */
bool tx_run(const struct tx_site *site, struct tx_request *request,
            bool (*body)(struct tx *tx, void *arg, struct error *e), void *arg, struct error *e);

/* The time, ms since 1970. Asked for anew at every write, while the row is locked, so that a row's history is
 * in order. */
int64_t tx_now_ms(const struct tx *tx);
/* JSON, which TX frees with its attempt. Returns it. */
cJSON *tx_keep(struct tx *tx, cJSON *json);
/* " LOCK IN SHARE MODE" where TX writes, else "": what is appended to a SELECT on which a decision rests. */
const char *tx_share(const struct tx *tx);
/* Takes over ERRORS, an array of texts, for the answer; returns false with FAIL_BLOB in E. */
bool tx_fail_blob(struct tx *tx, cJSON *errors, struct error *e);

/* Counts a write to T. row_write.h calls it after each write. */
void tx_count_write(struct tx *tx, const struct table *t);
/* How many writes to T this attempt has made. What was read from T is out of date if the number has changed
 * since. */
unsigned tx_writes(const struct tx *tx, const struct table *t);

/* Leaves an audit line, logged after the commit: ACTION ("insert", "update", "delete", "enact", …) on the row
 * of T that KEY has the key columns of; 0 for a version that does not exist. */
void tx_audit(struct tx *tx, const char *action, const struct table *t, const cJSON *key, int64_t old_version,
              int64_t new_version);

#endif
