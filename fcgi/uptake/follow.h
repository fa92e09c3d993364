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

/* A place in a log, between two lines, which can be found again after a restart. */
struct follow_mark {
    uint64_t device, inode; /* of the file; 0: no file was open */
    uint64_t offset;        /* bytes before the place */
    uint64_t hashed, hash; /* how many bytes of the file's beginning, and their hash: inodes are used again */
};

/* Where a place is found. */
enum follow_found {
    FOLLOW_FOUND_NOWHERE,
    FOLLOW_FOUND_PREVIOUS, /* in PATH.1 */
    FOLLOW_FOUND_CURRENT,  /* in PATH */
};

/* Follows the log PATH, which need not exist yet. If BEFORE is true, PATH.1 is read first, where logrotate
 * puts the previous file. Owned by CTX. */
struct follow *follow_new(void *ctx, const char *path, bool before);
/* Reads at most a few megabytes of new lines and calls SEE for each, without its newline. *N is the number of
 * bytes that were read; 0 means that there is nothing new: wait before the next call. NOW_MS is of the
 * monotonic clock. Returns false if the log cannot be read: E says why, and a later call tries again. */
bool follow_read(struct follow *f, int64_t now_ms, void (*see)(void *arg, struct str line), void *arg,
                 size_t *n, struct error *e);

/* The place behind the line that the callback of follow_read() is getting, or got last. */
struct follow_mark follow_place(const struct follow *f);
/* Finds out which of the two files that a new F reads contains MARK. */
enum follow_found follow_find(const struct follow *f, const struct follow_mark *mark);
/* Whether everything in PATH has been read. */
bool follow_is_at_end(const struct follow *f);
/* Whether the line that the callback is getting is behind MARK, which follow_find() has FOUND. */
bool follow_is_behind(const struct follow *f, const struct follow_mark *mark, enum follow_found found);

#endif
