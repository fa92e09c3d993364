/* Threads, and condition variables that wait by the monotonic clock. */
#ifndef BALROG_CORE_THREAD_H
#define BALROG_CORE_THREAD_H

#include <pthread.h>

/* Initializes COND for pthread_cond_timedwait() until a moment that clock_after_ms() gave. */
void thread_cond_init(pthread_cond_t *cond);

/* Starts WORK(ARG) in a new thread, with all signals blocked: they are for the program's main thread. Returns
 * 0 or an errno. */
int thread_start(pthread_t *thread, void *(*work)(void *arg), void *arg);

#endif
