/* /__metrics__ in Prometheus' text format. nginx shows it to the loopback only. */
#ifndef BALROG_PUBLIC_METRICS_H
#define BALROG_PUBLIC_METRICS_H

#include "public/service.h"

void metrics_print(struct buf *out, const struct counters *counters, const struct loader_stats *loader);

#endif
