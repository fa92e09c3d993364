/* See warmup.h. */
#include "public/warmup.h"

#include "core/clock.h"
#include "core/mem.h"
#include "core/thread.h"

#include <string.h>

void warmup_init(struct warmup *w)
{
    pthread_mutex_init(&w->lock, NULL);
    thread_cond_init(&w->published);
}

static bool is_wanted(const struct warmup *w, struct str name)
{
    for (unsigned i = 0; i < w->n; i++) {
        if (str_eq((struct str){ w->name[i].text, w->name[i].n }, name)) {
            return true;
        }
    }
    return false;
}

void warmup_want(struct warmup *w, struct str name)
{
    pthread_mutex_lock(&w->lock);
    if (w->n < WARMUP_NAMES && name.n <= sizeof w->name[0].text && !is_wanted(w, name)) {
        memcpy(w->name[w->n].text, name.p, name.n);
        w->name[w->n++].n = name.n;
    }
    pthread_mutex_unlock(&w->lock);
}

bool warmup_wait(struct warmup *w, uint64_t generation, int64_t until_ms)
{
    int64_t left_ms = until_ms - clock_ms();
    struct timespec until = clock_after_ms(left_ms > 0 ? left_ms : 0);
    pthread_mutex_lock(&w->lock);
    int rc = 0;
    while (w->generation <= generation && rc == 0) {
        rc = pthread_cond_timedwait(&w->published, &w->lock, &until);
    }
    bool newer = w->generation > generation;
    pthread_mutex_unlock(&w->lock);
    return newer;
}

struct str warmup_take(struct warmup *w, void *ctx)
{
    struct str name = STR_NONE;
    pthread_mutex_lock(&w->lock);
    if (w->n > 0) {
        w->n--;
        name = mem_str(ctx, (struct str){ w->name[w->n].text, w->name[w->n].n });
    }
    pthread_mutex_unlock(&w->lock);
    return name;
}

void warmup_publish(struct warmup *w, uint64_t generation)
{
    pthread_mutex_lock(&w->lock);
    w->generation = generation;
    pthread_cond_broadcast(&w->published);
    pthread_mutex_unlock(&w->lock);
}
