/* What observes a program, as its configuration says: numbers for Prometheus and statsd, reports of errors
 * and crashes.
 *
 * In main(): observe_check() with the configuration, metrics_register() for what the program counts,
 * observe_start() before any thread is started, observe_reload() on SIGHUP, observe_stop() at the end. */
#ifndef BALROG_WEB_OBSERVE_H
#define BALROG_WEB_OBSERVE_H

#include "settings/config.h"

/* Checks the sections [statsd] and [sentry]. Returns false, with the reason in E, if one is wrong. */
bool observe_check(const struct config *config, struct error *e);
/* Starts all of it for the program NAME ("balrog-public", constant text), and reports its earlier crashes. */
bool observe_start(const char *name, const struct config *config, struct error *e);
/* Uses the sections [statsd] and [sentry] of another CONFIG, which observe_check() has found valid, from now
 * on. Does not wait for the servers. What cannot be changed is logged as an error. */
void observe_reload(const char *name, const struct config *config);
/* Sends what is still to be sent; takes a few seconds at most. */
void observe_stop(void);

#endif
