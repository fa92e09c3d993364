/* Which changes of the feed are in the snapshot that is served: written by the loader, shown in the program's
 * report, so that the admin can tell when a change is served everywhere. */
#ifndef BALROG_PUBLIC_SERVED_H
#define BALROG_PUBLIC_SERVED_H

#include "core/buf.h"
#include "store/feed.h"

#include <pthread.h>

struct served {
    pthread_mutex_t lock;
    uint64_t stamp;   /* changes whenever anything below does; this and the rest under lock */
    uint64_t feed_id; /* the newest id; 0: nothing is served yet */
    size_t n_missing; /* how many ranges of ids below it are missing */
    struct feed_range missing[FEED_RANGES_SHOWN]; /* the newest of them, in the order of ids */
};

void served_init(struct served *served);
/* To be called when everything that FEED has reported is published. */
void served_set(struct served *served, const struct feed *feed);
/* A number that changes whenever what served_print() prints does. */
uint64_t served_stamp(struct served *served);
/* Appends the members feed_id and feed_missing, [[FIRST, LAST], …], of a JSON object; and feed_known_from, if
 * so many ranges are missing that of ids below it nothing is known. Nothing before the first snapshot. */
void served_print(struct served *served, struct buf *out);

#endif
