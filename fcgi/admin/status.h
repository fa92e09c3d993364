/* What the database knows about the whole installation, for /status and /__metrics__. */
#ifndef BALROG_ADMIN_STATUS_H
#define BALROG_ADMIN_STATUS_H

#include "store/tx.h"

/* Adds to the object ANSWER: "scheduled_changes", with the number of "pending" and of "due" ones per table;
 * "feed", the first and last id of the change feed; "instances", the programs that run, as /app_instances
 * shows them. */
bool status_read(struct tx *tx, int64_t now_ms, cJSON *answer, struct error *e);

/* Appends the same to OUT in Prometheus' text format, with the agents' metrics. If the database cannot be
 * reached, only that is written. */
void status_metrics(const struct tx_site *site, struct buf *out);

#endif
