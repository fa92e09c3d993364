/* Numbers about this process, from the operating system. */
#ifndef BALROG_OPS_PROCESS_H
#define BALROG_OPS_PROCESS_H

#include "ops/metrics.h"

/* The metric `info`, and process_resident_memory_bytes and so on under the names that Prometheus' own clients
 * use. */
extern const struct metrics_table process_metrics;

/* Remembers the time of the start, registers process_metrics and bounds the memory that threads keep once
 * they have freed it. To be called before metrics_start(), and before there are threads. */
void process_begin(void);
/* Seconds since 1970. */
double process_start_seconds(void);
double process_memory_bytes(void);
unsigned process_threads(void);
/* How many processors this process may use; fewer than all if it is bound to some. */
unsigned process_processors(void);

#endif
