/* A gate that lets only a few threads through at a time: for work that takes much memory. */
#ifndef BALROG_CORE_GATE_H
#define BALROG_CORE_GATE_H

#include <pthread.h>
#include <stdbool.h>

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t left;
    unsigned slots;       /* free slots */
    unsigned waiting;     /* threads */
    unsigned waiting_max; /* at most so many threads wait; more are refused at once */
};

void gate_init(struct gate *gate, unsigned slots, unsigned waiting_max);
/* Takes a slot, and waits WAIT_MS at most for one. Returns false if there is none. */
bool gate_enter(struct gate *gate, unsigned wait_ms);
/* Gives the slot back; from any thread. GATE is a struct gate. */
void gate_leave(void *gate);

#endif
