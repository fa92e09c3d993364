/* Clocks. Functions read CLOCK_MONOTONIC; those with "wall" in their name read the time of day. */
#ifndef BALROG_CORE_CLOCK_H
#define BALROG_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { MS_PER_S = 1000 };

static inline int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline int64_t clock_us(void)
{
    return clock_ns() / 1000;
}

static inline int64_t clock_ms(void)
{
    return clock_us() / 1000;
}

/* The moment MS from now, for pthread_cond_timedwait() with a condition variable on CLOCK_MONOTONIC. */
static inline struct timespec clock_after_ms(int64_t ms)
{
    int64_t ns = clock_ns() + ms * 1000000;
    return (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
}

/* The time of day, by this machine's clock. */
static inline struct timespec clock_wall(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t;
}

/* The same in ms since 1970. */
static inline int64_t clock_wall_ms(void)
{
    struct timespec t = clock_wall();
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The moment MS from now, for what waits by the time of day, as pthread_timedjoin_np() does. */
static inline struct timespec clock_wall_after_ms(int64_t ms)
{
    int64_t end_ms = clock_wall_ms() + ms;
    return (struct timespec){ .tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000 };
}

#endif
