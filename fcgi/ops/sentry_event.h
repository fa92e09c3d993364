/* The text of a report to Sentry, and the address that it goes to. No I/O. */
#ifndef BALROG_OPS_SENTRY_EVENT_H
#define BALROG_OPS_SENTRY_EVENT_H

#include "core/buf.h"
#include "core/error.h"
#include "ops/crash.h"

/* The parts of a DSN. */
struct sentry_target {
    char url[512];  /* of the envelope API */
    char auth[256]; /* the header, with the key in it */
};
/* Returns false if DSN is not valid. E does not quote it, because it is a secret. */
bool sentry_target_parse(const char *dsn, struct sentry_target *target, struct error *e);

struct sentry_event {
    int64_t time_ms;   /* since 1970 */
    const char *level; /* "error", "fatal" */
    char type[64];
    char version[32];
    char request_id[65];
    char message[1024];
    char method[16];
    char uri[1024];
    struct crash_frame frame[CRASH_FRAMES]; /* innermost first */
    unsigned n_frames;
    unsigned dropped; /* number of reports that were dropped since the last one */
};

/* Appends EVENT as an envelope; its texts are scrubbed (scrub.h). PROGRAM is a name such as "balrog-public".
 */
void sentry_event_print(struct buf *out, const struct sentry_event *event, const char *program,
                        const char *environment);

#endif
