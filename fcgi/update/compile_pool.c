/* A queue under one lock. It is taken twice a job, and a job takes milliseconds. */
#include "update/compile_pool.h"

#include "core/json_pool.h"

#include <pthread.h>

enum { THREADS_MAX = 16 };

struct compile_pool {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread[THREADS_MAX];
    unsigned n_threads;
    struct compile_job *first, *last; /* waiting */
    unsigned n_waiting;
    unsigned n_running;
    bool ending;
};

static void run_job(struct compile_job *job, struct json_pool *json)
{
    json_pool_enter(json);
    job->release = release_compile(NULL, &job->row, job->use, &job->why);
    json_pool_leave(json);
    talloc_free(job->memory);
    job->memory = NULL;
}

void compile_job_run(struct compile_job *job)
{
    struct json_pool *json = json_pool_new();
    run_job(job, json);
    json_pool_free(json);
}

/* The next job, or NULL when the pool ends. Called and returns with the lock held. */
static struct compile_job *take_job(struct compile_pool *pool)
{
    while (pool->first == NULL && !pool->ending) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    struct compile_job *job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        pool->n_waiting--;
        pool->n_running++;
        pthread_cond_broadcast(&pool->changed);
    }
    return job;
}

static void *compile_main(void *arg)
{
    struct compile_pool *pool = arg;
    struct compile_job *job;
    struct json_pool *json = json_pool_new();
    pthread_mutex_lock(&pool->lock);
    while ((job = take_job(pool)) != NULL) {
        pthread_mutex_unlock(&pool->lock);
        run_job(job, json);
        pthread_mutex_lock(&pool->lock);
        pool->n_running--;
        pthread_cond_broadcast(&pool->changed);
    }
    pthread_mutex_unlock(&pool->lock);
    json_pool_free(json);
    return NULL;
}

static int end_threads(struct compile_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->n_threads; i++) {
        pthread_join(pool->thread[i], NULL);
    }
    pthread_cond_destroy(&pool->changed);
    pthread_mutex_destroy(&pool->lock);
    return 0;
}

struct compile_pool *compile_pool_new(void *ctx, unsigned threads)
{
    struct compile_pool *pool = mem_new(ctx, struct compile_pool);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->changed, NULL);
    talloc_set_destructor(pool, end_threads);
    while (pool->n_threads < threads && pool->n_threads < THREADS_MAX &&
           pthread_create(&pool->thread[pool->n_threads], NULL, compile_main, pool) == 0) {
        pool->n_threads++;
    }
    if (pool->n_threads == 0) {
        talloc_free(pool);
        return NULL;
    }
    return pool;
}

void compile_pool_add(struct compile_pool *pool, struct compile_job *job)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->n_waiting >= pool->n_threads) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    job->next = NULL;
    if (pool->first == NULL) {
        pool->first = job;
    } else {
        pool->last->next = job;
    }
    pool->last = job;
    pool->n_waiting++;
    pthread_cond_broadcast(&pool->changed);
    pthread_mutex_unlock(&pool->lock);
}

void compile_pool_wait(struct compile_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->first != NULL || pool->n_running > 0) {
        pthread_cond_wait(&pool->changed, &pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
}
