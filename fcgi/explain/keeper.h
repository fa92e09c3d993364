/* Keeps between requests what explanations and simulations are made from: rules, pins, shutoffs and the
 * compiled releases that queries were led to so far. It is built when it is first needed, follows the change
 * feed while it is used, and is dropped when nobody has used it for some time. A request never gets an answer
 * from rows that are older than its own transaction: the feed is polled inside it.
 *
 *     body of a transaction that only reads:
 *         if (keeper_enter(keeper, tx, WAIT_MS, &e)) {
 *             (read what is to be changed: row_changes_add())
 *             kept = keeper_take(keeper, tx, ctx, &request, &e);
 *             keeper_leave(keeper);
 *         }
 *     then, in or after it:
 *         (answer queries from kept->now and kept->changed)
 *         talloc_free(kept);
 *
 * One thread at a time is between enter and leave; any number may use what they have taken. */
#ifndef BALROG_EXPLAIN_KEEPER_H
#define BALROG_EXPLAIN_KEEPER_H

#include "explain/changes.h"
#include "update/snapshot.h"

#include <stdatomic.h>

struct keeper_settings {
    const struct tx_site *site; /* must outlive the keeper, as what ENGINE points at */
    struct engine_settings engine;
    unsigned idle_s;  /* unused for so long, it is dropped */
    size_t bytes_max; /* of rules and compiled releases; requests that need more are refused. Twice as much is
                         there while requests still use what others have replaced */
};

/* Nothing is read before it is needed. Registers its metrics. Owned by CTX. */
struct keeper *keeper_new(void *ctx, const struct keeper_settings *settings);
/* Ends the keeper's thread, and frees what no request uses. */
void keeper_stop(struct keeper *keeper);

/* Waits at most WAIT_MS until no other thread is inside; then begins the transaction TX, which must only
 * read, again, so that it sees everything that was committed up to now. Returns false if another thread stays
 * inside (E is of ERROR_NONE), or if the database fails. */
bool keeper_enter(struct keeper *keeper, struct tx *tx, unsigned wait_ms, struct error *e);
void keeper_leave(struct keeper *keeper);

/* What a request needs. */
struct kept_request {
    const struct row_changes *changes; /* read since keeper_enter(). NULL, or empty: none */
    /* Calls SEE for each query that will be answered. It is called more than once. */
    void (*each_query)(void *arg, void (*see)(void *see_arg, const struct query *q), void *see_arg);
    /* Asked often; true: the request is not wanted any more. NULL: never. */
    bool (*stop)(void *arg);
    void *arg;
};

struct kept {
    const struct snapshot *now;
    const struct snapshot *changed; /* the same with the changes made; NULL: there are none */
    uint64_t position;              /* of the change feed */
    struct generation *generation;
};

/* Both snapshots, with all rules, and with the releases that the request's queries can lead to. Owned by CTX,
 * which any thread may free. Fails as the database does; with FAIL_INVALID, and a sentence for the caller, if
 * the releases need more memory than the keeper may use; with ERROR_UNAVAILABLE once stop() says so. */
struct kept *keeper_take(struct keeper *keeper, struct tx *tx, void *ctx, const struct kept_request *request,
                         struct error *e);

#endif
