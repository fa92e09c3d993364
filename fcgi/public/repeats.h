/* Which of many failures for the same reason are logged: the first, and then one a minute, which says how
 * many were left out. A release that is broken for every client would otherwise write a line per query. Any
 * number of threads may use it. */
#ifndef BALROG_PUBLIC_REPEATS_H
#define BALROG_PUBLIC_REPEATS_H

#include "core/str.h"

#include <stdatomic.h>

enum {
    REPEATS_PAUSE_MS = 60000,
    REPEATS_KEPT = 256, /* reasons that are told apart; a power of two */
};

/* All zero at first. */
struct repeats {
    struct {
        _Atomic uint32_t reason;   /* hash; 0: free */
        _Atomic int64_t logged_ms; /* when it was logged last */
        _Atomic uint64_t left_out; /* since then */
    } kept[REPEATS_KEPT];
};

/* Whether a failure for the reason WHY is to be logged at NOW_MS, by the monotonic clock. *LEFT_OUT is then
 * how many for the same reason were not, since the last line. Two reasons that share a place push each other
 * out: then more is logged than needed. */
bool repeats_due(struct repeats *r, struct str why, int64_t now_ms, uint64_t *left_out);

#endif
