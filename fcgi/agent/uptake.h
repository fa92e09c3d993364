/* The current uptake of a product on a channel: a number that a HTTP service gives as JSON, be it a
 * Prometheus query or the counts of Balrog's own log. It is asked about each product and channel once a run.
 */
#ifndef BALROG_AGENT_UPTAKE_H
#define BALROG_AGENT_UPTAKE_H

#include "agent/settings.h"
#include "core/json.h"

#include <stdint.h>

enum { UPTAKE_URL_MAX = 4096, UPTAKE_ANSWER_MAX = 1 << 20 };

/* Appends TEMPLATE to OUT, {product} and {channel} replaced, percent-encoded. Refused: names with quotes,
 * backslashes and control characters, which could mean something in the query language behind the URL. */
bool uptake_url(struct buf *out, const char *template, const char *product, const char *channel,
                struct error *e);

/* Whether TEMPLATE and POINTER can be used; if not, E names the key. The part of the URL that says where it
 * leads is appended to WHERE, with a NUL behind it. */
bool uptake_check(const char *template, const char *pointer, struct buf *where, struct error *e);

/* The number at POINTER in JSON: one, or a text that is one (as Prometheus has them). False when there is
 * none that is finite. */
bool uptake_number(const cJSON *json, const char *pointer, double *number);

struct uptake;

/* Owned by CTX. */
struct uptake *uptake_new(void *ctx, const struct agent_settings *settings);

/* Forgets what was answered: a run begins. */
void uptake_begin(struct uptake *u);

/* The current uptake of PRODUCT on CHANNEL. False when it cannot be had: E says why. After a source that does
 * not answer at all it is not asked again in this run. */
bool uptake_current(struct uptake *u, const char *product, const char *channel, double *current,
                    struct error *e);

/* How often the source was asked in vain. */
unsigned uptake_failures(const struct uptake *u);

#endif
