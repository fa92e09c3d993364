/* What the database tells about the whole installation, for /status and for /__metrics__. */
#ifndef BALROG_ADMIN_STATUS_H
#define BALROG_ADMIN_STATUS_H

#include "store/tx.h"

/* Adds to ANSWER, an object: "scheduled_changes", by table how many are "pending" and how many of these
 * "due"; "feed", the ends of the change feed; "instances", those that live, as /app_instances shows them. */
bool status_read(struct tx *tx, int64_t now_ms, cJSON *answer, struct error *e);

/* Appends the same in Prometheus' text format, agents' figures included; without a database only that there
 * is none. */
void status_metrics(const struct tx_site *site, struct buf *out);

#endif
