/* Numbers sent to a statsd server over UDP, by the reference's names: the counters of metrics.h that have a
 * name there, and timers.
 *
 * A thread of its own adds up the numbers and sends them once per second. No other thread waits for it: each
 * one writes into memory of its own, and a server that is away has no effect on them.
 *
 * Each thread keeps STATSD_KEPT timings per second, chosen at random among all. They are sent with the rate
 * at which they were chosen, so that the server's counts are right. Callers first ask whether a timing is
 * wanted: if not, they need not read the clock. */
#ifndef BALROG_OPS_STATSD_H
#define BALROG_OPS_STATSD_H

#include "core/error.h"
#include "ops/metrics.h"

enum {
    STATSD_KEPT = 32,
    STATSD_TIMES = 5,         /* timings taken together */
    STATSD_PACKET_MAX = 1400, /* bytes */
    STATSD_PORT = 8125,       /* where an address names none */
};

/* Timers whose timings belong to one event, by name, without the prefix; NULL behind the last. */
struct statsd_timers {
    const char *name[STATSD_TIMES];
};

/* Whether ADDRESS is HOST, HOST:PORT or [IPV6]:PORT, or "". */
bool statsd_check(const char *address, struct error *e);
/* Sends to ADDRESS from now on; names begin with PREFIX and a dot. Both are copied. The first call with an
 * address starts the thread; later ones change where it sends, within a second. With an empty ADDRESS nothing
 * more is sent, and what is counted meanwhile never is. Returns false if ADDRESS is not valid or there is no
 * thread. To be called after metrics_start(). Never waits for a name server. */
bool statsd_start(const char *address, const char *prefix, struct error *e);
/* Sends what was counted and ends the thread. Does nothing if it does not run. */
void statsd_stop(void);

/* Numbers about the sending itself; to be registered with the other tables. */
extern const struct metrics_table statsd_metrics;

/* ---- timing ---- */

extern atomic_bool statsd_on;

struct statsd_place {
    unsigned second, at;
};
bool statsd_choose(struct statsd_place *place);

/* Whether the timings of this event are wanted; if so, call statsd_keep() with PLACE. */
static inline bool statsd_wanted(struct statsd_place *place)
{
    return atomic_load_explicit(&statsd_on, memory_order_relaxed) && statsd_choose(place);
}

/* Keeps them: NS[i] nanoseconds for the i-th of TIMERS, which must live as long as the program; below 0:
 * there is none. */
void statsd_keep(const struct statsd_place *place, const struct statsd_timers *timers,
                 const int64_t ns[STATSD_TIMES]);

#endif
