/* The figures of balrog-public that the table app_instances, and by it the admin's /status, shows. */
#ifndef BALROG_PUBLIC_FIGURES_H
#define BALROG_PUBLIC_FIGURES_H

#include "core/buf.h"

/* Appends a JSON object of at most INSTANCE_DETAIL_MAX bytes. STATS is a struct loader_stats. */
void public_figures(void *stats, struct buf *out);

#endif
