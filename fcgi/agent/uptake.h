/* The current uptake of a product on a channel: a number in the JSON answer of an HTTP service, for example
 * of Prometheus or of balrog-uptake. Each product and channel is asked for at most once per run. */
#ifndef BALROG_AGENT_UPTAKE_H
#define BALROG_AGENT_UPTAKE_H

#include "agent/settings.h"
#include "core/buf.h"

struct uptake_source;

/* Owned by CTX. */
struct uptake_source *uptake_new(void *ctx, const struct agent_settings *settings);

/* A run begins: forgets the answers of the last run. */
void uptake_begin(struct uptake_source *u);

/* Sets *CURRENT to the current uptake of PRODUCT on CHANNEL. Returns false if it is not known: E says why. A
 * source that does not answer at all is not asked again in this run. */
bool uptake_current(struct uptake_source *u, const char *product, const char *channel, double *current,
                    struct error *e);

/* Appends to OUT a JSON array of the uptakes that were read in this run, or, if they were not asked for yet,
 * in the run before, as many as fit into MAX bytes: {"product", "channel", "uptake"}. */
void uptake_print(const struct uptake_source *u, struct buf *out, size_t max);

/* The number of failed requests since the agent's start. */
unsigned uptake_failures(const struct uptake_source *u);

#endif
