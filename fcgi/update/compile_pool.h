/* Compiles releases on a few threads, while the caller reads the next ones. Everything else about them stays
 * the caller's business: which ones, where they come from and where they go. */
#ifndef BALROG_UPDATE_COMPILE_POOL_H
#define BALROG_UPDATE_COMPILE_POOL_H

#include "release/release.h"

/* One release. It is the pool's from compile_pool_add() to compile_pool_wait(). */
struct compile_job {
    void *memory; /* owns what ROW points to, and is freed once that has been compiled; without a parent,
                     since talloc contexts of one family belong to one thread */
    struct release_row row;
    enum release_use use;
    struct release *release; /* the outcome, without a parent; NULL: WHY says why not */
    struct error why;
    struct compile_job *next; /* the pool's own */
};

/* Does the job here and now. */
void compile_job_run(struct compile_job *job);

/* A pool of THREADS, owned by CTX; they run until it is freed. NULL if not one thread can be started. */
struct compile_pool *compile_pool_new(void *ctx, unsigned threads);
/* Waits while more jobs are waiting than the threads will soon have done, so that rows do not pile up. */
void compile_pool_add(struct compile_pool *pool, struct compile_job *job);
/* Returns when all jobs are done. */
void compile_pool_wait(struct compile_pool *pool);

#endif
