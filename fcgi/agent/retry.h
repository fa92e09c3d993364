/* Changes that could not be enacted, and when each is tried again: the delay doubles with each failure. This
 * is kept in memory. A change that is no longer listed, or that was edited or signed since, is forgotten, so
 * there are never more entries than the admin lists. */
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

/* The delay in seconds after FAILURES failures; FAILURES is at least 1. */
int retry_delay_s(struct retry_limits limits, unsigned failures);

/* For how many ms P is still held back; 0 if it may be tried now. NOW_MS is of the monotonic clock. */
int64_t retry_wait_ms(const struct retry *r, const struct pending *p, int64_t now_ms);

/* Records a failure of P. TEMPORARY: the service was not available, so the delay does not grow. Returns the
 * delay in seconds until the next try. */
int retry_failed(struct retry *r, const struct pending *p, bool temporary, int64_t now_ms);

/* Notes why P, which has failed, could not be enacted: WHAT, at AT_MS; it is tried again at NEXT_MS (both ms
 * since 1970). */
void retry_explain(struct retry *r, const struct pending *p, const char *what, int64_t at_ms,
                   int64_t next_ms);

/* Appends to OUT a JSON array of at most 20 changes that have failed and why, as many as fit into MAX bytes:
 * {"kind", "id": sc_id or a release's name, "at", "next": ms since 1970, "what"}. */
void retry_print(const struct retry *r, struct buf *out, size_t max);

/* Forgets the changes of KIND that are not in LIST, or that differ from their entry in LIST. */
void retry_keep(struct retry *r, const struct pending_kind *kind, const struct pending_list *list);

/* The number of changes that are held back. */
size_t retry_count(const struct retry *r);

#endif
