/* The figures of balrog-public that the table app_instances, and by it the admin's /status, shows. */
#ifndef BALROG_PUBLIC_FIGURES_H
#define BALROG_PUBLIC_FIGURES_H

#include "public/loader_stats.h"
#include "store/reporter.h"

/* Those in STATS, which must live longer than the reporter. What is served is urgent. */
struct reporter_figures public_figures(struct loader_stats *stats);

#endif
