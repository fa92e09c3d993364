/* Reads the lines of a log as it grows, across its replacement by logrotate. */
#ifndef BALROG_UPTAKE_FOLLOW_H
#define BALROG_UPTAKE_FOLLOW_H

#include "core/buf.h"
#include "core/error.h"

enum {
    FOLLOW_LINE_MAX = 256 << 10, /* bytes; a longer line is skipped */
    FOLLOW_LATE_MS = 5000,       /* for how long nginx may still write to a renamed file */
};

struct follow;

/* Owned by CTX. PATH need not exist yet. If BEFORE is true, PATH.1, which is where logrotate puts the
 * previous file, is read first. */
struct follow *follow_new(void *ctx, const char *path, bool before);
/* Reads at most a few megabytes of new lines and calls SEE for each, without its newline. *N is the number of
 * bytes that were read; 0 means that there is nothing new: wait before the next call. NOW_MS is of the
 * monotonic clock. Returns false if the log cannot be read: E says why, and a later call tries again. */
bool follow_read(struct follow *f, int64_t now_ms, void (*see)(void *arg, struct str line), void *arg,
                 size_t *n, struct error *e);

#endif
