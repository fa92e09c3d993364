/* Reports errors and crashes to Sentry, through its envelope API.
 *
 * Every line that is logged as an ERROR is reported, with the stack of the thread that logged it; and every
 * crash, at the next start. Texts are scrubbed first (scrub.h).
 *
 * A thread of its own sends. The thread that reports only copies a few kilobytes. At most SENTRY_QUEUE
 * reports wait, and the number per minute is limited, for each type to a third of all. Further reports, and
 * those that cannot be delivered, are dropped and counted; the next report says how many. */
#ifndef BALROG_OPS_SENTRY_H
#define BALROG_OPS_SENTRY_H

#include "core/buf.h"
#include "core/error.h"
#include "ops/crash.h"
#include "ops/metrics.h"

enum { SENTRY_QUEUE = 32, SENTRY_TYPES = 64, SENTRY_REST_MS = 60000, SENTRY_AGAIN_MS = 2000 };

struct sentry_options {
    const char *dsn; /* https://KEY@HOST[:PORT]/[PATH/]PROJECT; "": nothing is reported */
    const char *environment;
    const char *program; /* "balrog-public", constant text */
    int per_minute;
    /* POSTs BODY with the headers "Name: value"; false when there was no answer. Gives up once *STOP is true.
     */
    bool (*post)(const char *url, const char *const *headers, size_t n, struct str body,
                 const atomic_bool *stop, int *status, struct error *e);
};

/* Whether DSN is valid or "". E does not quote it, because it is a secret. */
bool sentry_check(const char *dsn, struct error *e);
/* Reports from now on what is logged, to the project that O names; later calls change where reports go. The
 * first call with a DSN starts the thread. With an empty DSN nothing more is reported; reports that wait
 * still go to the earlier project. The texts of O are copied. Returns false if the DSN is not valid or there
 * is no thread; what was set before stays in use then. To be called after metrics_start(). Never waits for
 * the server. */
bool sentry_start(const struct sentry_options *o, struct error *e);
/* Waits up to WITHIN_MS for the queue to be sent, and ends the thread. Does nothing if it does not run. */
void sentry_stop(unsigned within_ms);
/* Reports a crash of the past; for crash_tell(). */
void sentry_crash(void *arg, const struct crash_report *r);

/* Numbers about the reports; to be registered with the other tables. */
extern const struct metrics_table sentry_metrics;

#endif
