/* What Sentry is sent, and where. */
#ifndef BALROG_OPS_SENTRY_EVENT_H
#define BALROG_OPS_SENTRY_EVENT_H

#include "ops/sentry.h"

/* A DSN taken apart. */
struct sentry_target {
    char url[512];  /* of the envelope API */
    char auth[256]; /* the header, with the key in it */
};
/* False when DSN is none. E does not name it. */
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
    unsigned dropped; /* how many were dropped before it */
};

/* Appends EVENT as an envelope, scrubbed. */
void sentry_event_print(struct buf *out, const struct sentry_event *event, const struct sentry_options *o);

#endif
