/* Compiles releases on a few threads while the caller reads the next ones. The caller decides which ones,
 * where they come from and where they go. */
#ifndef BALROG_UPDATE_COMPILE_POOL_H
#define BALROG_UPDATE_COMPILE_POOL_H

#include "release/release.h"

/* One release to compile. It belongs to the pool from compile_pool_add() to compile_pool_wait(). */
struct compile_job {
    void *memory; /* owns what ROW points to; freed after compiling. It has no parent, because a tree of
                     talloc contexts belongs to one thread */
    struct release_row row;
    enum release_use use;
    struct release *release; /* the result, without a parent; NULL: WHY has the reason */
    struct error why;
    struct compile_job *next; /* used by the pool */
};

/* Does JOB in the caller's thread. */
void compile_job_run(struct compile_job *job);

/* A pool of THREADS threads, which run until it is freed; owned by CTX. NULL if no thread could be started.
 */
struct compile_pool *compile_pool_new(void *ctx, unsigned threads);
/* Adds JOB to the queue. Waits first while the queue is as long as the number of threads, so that rows do not
 * pile up in memory. */
void compile_pool_add(struct compile_pool *pool, struct compile_job *job);
/* Returns when all jobs are done. */
void compile_pool_wait(struct compile_pool *pool);

#endif
