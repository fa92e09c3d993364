/* Reads the lines of a log that grows and is replaced now and then (logrotate). */
#ifndef BALROG_UPTAKE_FOLLOW_H
#define BALROG_UPTAKE_FOLLOW_H

#include "core/buf.h"
#include "core/error.h"

enum {
    FOLLOW_LINE_MAX = 256 << 10, /* bytes; a longer line is passed over */
    FOLLOW_LATE_MS = 5000,       /* nginx may write to a file that was renamed for so long */
};

struct follow;

/* PATH need not be there yet. With BEFORE, PATH.1 (where logrotate puts the previous file) is read first.
 * Owned by CTX. */
struct follow *follow_new(void *ctx, const char *path, bool before);
/* Calls SEE for the lines there are, without their newlines, of at most a few megabytes; *N is how many bytes
 * were read: 0 when it is time to wait. NOW_MS is monotonic. False when the log cannot be read, as E says:
 * try again later. */
bool follow_read(struct follow *f, int64_t now_ms, void (*see)(void *arg, struct str line), void *arg,
                 size_t *n, struct error *e);

#endif
