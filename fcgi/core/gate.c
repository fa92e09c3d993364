/* See gate.h. */
#include "core/gate.h"

#include "core/clock.h"
#include "core/thread.h"

#include <errno.h>

void gate_init(struct gate *gate, unsigned slots, unsigned waiting_max)
{
    *gate = (struct gate){ .slots = slots, .waiting_max = waiting_max };
    pthread_mutex_init(&gate->lock, NULL);
    thread_cond_init(&gate->left);
}

bool gate_enter(struct gate *gate, unsigned wait_ms)
{
    struct timespec end = clock_after_ms(wait_ms);
    pthread_mutex_lock(&gate->lock);
    if (gate->slots == 0 && gate->waiting < gate->waiting_max) {
        gate->waiting++;
        while (gate->slots == 0 && pthread_cond_timedwait(&gate->left, &gate->lock, &end) != ETIMEDOUT) {
        }
        gate->waiting--;
    }
    bool entered = gate->slots > 0;
    gate->slots -= entered;
    pthread_mutex_unlock(&gate->lock);
    return entered;
}

void gate_leave(void *arg)
{
    struct gate *gate = arg;
    pthread_mutex_lock(&gate->lock);
    gate->slots++;
    pthread_cond_signal(&gate->left);
    pthread_mutex_unlock(&gate->lock);
}
