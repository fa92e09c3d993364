/* Which changes could not be enacted, and when they are tried again: after a while that doubles with each
 * failure. Kept in memory; a change that is listed no more, or that was edited or signed since, is forgotten,
 * so that there are never more than the admin lists. */
#ifndef BALROG_AGENT_RETRY_H
#define BALROG_AGENT_RETRY_H

#include "agent/pending.h"

struct retry_limits {
    int min_s;
    int max_s;
};

struct retry;

/* Owned by CTX. */
struct retry *retry_new(void *ctx, struct retry_limits limits);

/* After how many seconds what has failed FAILURES times, at least once, is tried again. */
int retry_delay_s(struct retry_limits limits, unsigned failures);

/* For how many ms P is still held back; 0: it may be tried. Monotonic time. */
int64_t retry_wait_ms(const struct retry *r, const struct pending *p, int64_t now_ms);

/* P has failed. MENDABLE: it was not its own fault (the service is not available), so the time does not grow.
 * Returns after how many seconds it is tried again. */
int retry_failed(struct retry *r, const struct pending *p, bool mendable, int64_t now_ms);

/* Forgets those of KIND that LIST does not hold, or not as they were. */
void retry_keep(struct retry *r, const struct pending_kind *kind, const struct pending_list *list);

/* How many are held back. */
size_t retry_count(const struct retry *r);

#endif
