/* The keeper from inside: keeper.c has its locks and its thread, keeper_build.c what it keeps,
 * keeper_metrics.c its numbers. */
#ifndef BALROG_EXPLAIN_KEEPER_STATE_H
#define BALROG_EXPLAIN_KEEPER_STATE_H

#include "explain/keeper.h"
#include "explain/reach.h"
#include "store/feed.h"
#include "store/reader.h"

#include <pthread.h>

enum keeper_drop { DROP_IDLE, DROP_FEED, DROP_MEMORY, KEEPER_DROPS };

/* Numbers for people; any thread may read them. */
struct keeper_stats {
    atomic_size_t bytes, rules, releases;
    _Atomic int64_t used_ms; /* when it was used last; 0: nothing is kept */
    _Atomic int64_t build_us;
};

/* The rows of the small tables at one moment. */
struct kept_tables {
    struct world world;
    struct snapshot_input input;
    struct table_stamps stamps;
};

/* What a request's changes make of the current tables. */
struct changed_world {
    struct world world;
    struct snapshot_input input;
};

/* A snapshot, and how many requests use it. MEMORY owns the snapshot and, once there is a newer generation,
 * what only this one and older ones use. It is a talloc context without a parent. */
struct generation {
    struct generation *next;
    atomic_uint users;
    void *memory;
    struct snapshot *snapshot;
};

struct keeper {
    struct keeper_settings settings;
    struct keeper_stats stats;

    pthread_mutex_t entered; /* held by the thread that is inside; the following belongs to that thread */
    void *memory;            /* owns the next four; NULL: nothing is kept */
    struct feed *feed;
    struct release_cache *cache;
    struct kept_tables *tables;
    struct reach *roots;                 /* releases that requests have needed */
    struct generation *oldest, *current; /* a list; CURRENT is its last, or NULL when nothing is kept */
    bool tables_changed;                 /* the tables have to be read again */
    bool stale;                          /* CURRENT does not show everything that is known to have changed */
    int64_t used_ms, compared_ms;
    size_t host;  /* the database server that it was read from */
    bool started; /* the thread */

    pthread_t thread;
    pthread_mutex_t lock; /* of STOPPING */
    pthread_cond_t wake;
    bool stopping;
};

/* Brings what is known of the database up to date, inside TX; starts anew if nothing is kept. What has to be
 * read is read by the next keeper_build(). */
bool keeper_refresh(struct keeper *k, struct tx *tx, struct error *e);
/* Compares what is kept with the database, inside TX and after keeper_refresh(). */
bool keeper_compare(struct keeper *k, struct tx *tx, struct error *e);
/* Makes a new generation if anything that is kept has changed, or a root is new. Fails as keeper_take() does
 * for REQUEST (NULL: the keeper's thread); *FULL: because of the limit of memory. */
bool keeper_build(struct keeper *k, struct tx *tx, const struct kept_request *request, bool *full,
                  struct error *e);
/* The snapshot of CHANGED with the releases WANTED, which the current generation has: those that no change
 * touches are shared with it. Owned by CTX with all that is its own. Fails as above. */
const struct snapshot *keeper_build_changed(struct keeper *k, struct tx *tx, void *ctx,
                                            const struct changed_world *changed, const struct reach *wanted,
                                            const struct kept_request *request, struct error *e);
/* Drops everything that is kept, but for what requests still use. */
void keeper_drop(struct keeper *k, enum keeper_drop why);
/* Frees generations that nobody uses any more. */
void keeper_collect(struct keeper *k);

void keeper_metrics_register(struct keeper *k);
/* Counts why something was dropped; a request that found another thread inside; a build. */
void keeper_count_drop(enum keeper_drop why);
void keeper_count_busy(void);
void keeper_count_build(void);

#endif
