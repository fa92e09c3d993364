/* After the log has been replaced, the old file is still read until nothing new has come for FOLLOW_LATE_MS.
 * A file that became shorter was truncated in place; it is read from its beginning. */
#include "uptake/follow.h"

#include "core/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_SIZE = 1 << 20, HASHED_MAX = 80 /* a line's time and request id, no client's address */ };

struct follow {
    const char *path;
    int fd; /* -1: none open */
    ino_t inode;
    dev_t device;
    off_t at;
    off_t line_end;      /* behind the line that was seen last */
    struct buf part;     /* the beginning of a line whose end has not been read yet */
    bool skipping;       /* the rest of a line that is too long */
    bool previous;       /* the open file is PATH.1 */
    int64_t replaced_ms; /* when it was noticed that the log has been replaced; 0: it has not been */
};

static int close_file(struct follow *f)
{
    if (f->fd >= 0) {
        close(f->fd);
    }
    buf_free(&f->part);
    return 0;
}

static bool open_file(struct follow *f, const char *path, struct error *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int why = errno;
        if (fd >= 0) {
            close(fd);
        }
        return error_set(e, ERROR_INTERNAL, "cannot read %s: %s", path, strerror(why));
    }
    if (f->fd >= 0) {
        close(f->fd);
    }
    f->fd = fd;
    f->inode = st.st_ino;
    f->device = st.st_dev;
    f->at = 0;
    f->line_end = 0;
    f->replaced_ms = 0;
    f->skipping = false;
    buf_reset(&f->part);
    return true;
}

struct follow *follow_new(void *ctx, const char *path, bool before)
{
    struct error ignored;
    struct follow *f = mem_new(ctx, struct follow);
    *f = (struct follow){ .path = mem_strdup(f, path), .fd = -1 };
    buf_init(&f->part, 4096, FOLLOW_LINE_MAX);
    talloc_set_destructor(f, close_file);
    f->previous = before && open_file(f, mem_printf(f, "%s.1", path), &ignored);
    return f;
}

static void split_lines(struct follow *f, struct str chunk, void (*see)(void *arg, struct str line),
                        void *arg)
{
    while (chunk.n > 0) {
        const char *end = memchr(chunk.p, '\n', chunk.n);
        size_t n = end != NULL ? (size_t)(end - chunk.p) : chunk.n;
        if (!f->skipping) {
            buf_bytes(&f->part, chunk.p, n);
            f->skipping = f->part.full;
        }
        if (end == NULL) {
            return;
        }
        f->line_end = f->at - (off_t)(chunk.n - n - 1);
        if (!f->skipping) {
            see(arg, buf_view(&f->part));
        }
        f->skipping = false;
        buf_reset(&f->part);
        chunk = str_slice(chunk, n + 1, chunk.n);
    }
}

static bool read_some(struct follow *f, void (*see)(void *arg, struct str line), void *arg, size_t *n,
                      struct error *e)
{
    char *chunk = mem_check(talloc_size(f, READ_SIZE));
    ssize_t got = pread(f->fd, chunk, READ_SIZE, f->at);
    *n = got > 0 ? (size_t)got : 0;
    if (got > 0) {
        f->at += got;
        split_lines(f, (struct str){ chunk, *n }, see, arg);
    }
    talloc_free(chunk);
    return got >= 0 || error_set(e, ERROR_INTERNAL, "cannot read %s: %s", f->path, strerror(errno));
}

/* The open file has nothing new: checks whether it was replaced or truncated. */
static bool look_for_next(struct follow *f, int64_t now_ms, struct error *e)
{
    struct stat at_path, mine;
    if (f->previous) {
        f->previous = !open_file(f, f->path, e);
        return !f->previous;
    }
    if (fstat(f->fd, &mine) == 0 && mine.st_size < f->at) {
        f->at = 0;
        f->line_end = 0;
        buf_reset(&f->part);
        return true;
    }
    if (stat(f->path, &at_path) != 0 || (at_path.st_ino == f->inode && at_path.st_dev == f->device)) {
        f->replaced_ms = 0;
        return true; /* renamed, and the new file does not exist yet: the old file still grows */
    }
    if (f->replaced_ms == 0) {
        f->replaced_ms = now_ms;
    }
    return now_ms - f->replaced_ms < FOLLOW_LATE_MS || open_file(f, f->path, e);
}

bool follow_read(struct follow *f, int64_t now_ms, void (*see)(void *arg, struct str line), void *arg,
                 size_t *n, struct error *e)
{
    *n = 0;
    if (f->fd < 0 && !open_file(f, f->path, e)) {
        return false;
    }
    if (!read_some(f, see, arg, n, e)) {
        return false;
    }
    if (*n > 0) {
        f->replaced_ms = f->replaced_ms != 0 ? now_ms : 0;
        return true;
    }
    return look_for_next(f, now_ms, e);
}

/* ---- places ---- */

/* FNV-1a of the first N bytes of the file FD, at most HASHED_MAX; 0 if it is shorter. */
static uint64_t hash_start(int fd, uint64_t n)
{
    char start[HASHED_MAX];
    uint64_t hash = 0xcbf29ce484222325u;
    if (n > sizeof start || pread(fd, start, (size_t)n, 0) != (ssize_t)n) {
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ (unsigned char)start[i]) * 0x100000001b3u;
    }
    return hash;
}

struct follow_mark follow_place(const struct follow *f)
{
    if (f->fd < 0) {
        return (struct follow_mark){ 0 };
    }
    struct follow_mark mark = { f->device, f->inode, (uint64_t)f->line_end, (uint64_t)f->line_end, 0 };
    mark.hashed = mark.hashed < HASHED_MAX ? mark.hashed : HASHED_MAX;
    mark.hash = hash_start(f->fd, mark.hashed);
    return mark;
}

static bool file_has(const char *path, const struct follow_mark *mark)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool has = fstat(fd, &st) == 0 && st.st_ino == mark->inode && st.st_dev == mark->device &&
               (uint64_t)st.st_size >= mark->offset && hash_start(fd, mark->hashed) == mark->hash;
    close(fd);
    return has;
}

enum follow_found follow_find(const struct follow *f, const struct follow_mark *mark)
{
    char *previous = mem_printf(NULL, "%s.1", f->path);
    enum follow_found found = file_has(f->path, mark)    ? FOLLOW_FOUND_CURRENT
                              : file_has(previous, mark) ? FOLLOW_FOUND_PREVIOUS
                                                         : FOLLOW_FOUND_NOWHERE;
    talloc_free(previous);
    return found;
}

bool follow_is_at_end(const struct follow *f)
{
    struct stat st;
    return f->fd >= 0 && !f->previous && fstat(f->fd, &st) == 0 && st.st_size <= f->at;
}

bool follow_is_behind(const struct follow *f, const struct follow_mark *mark, enum follow_found found)
{
    if (f->previous != (found == FOLLOW_FOUND_PREVIOUS)) {
        return !f->previous;
    }
    bool same = f->inode == mark->inode && f->device == mark->device; /* else it was replaced since */
    return !same || (uint64_t)f->line_end > mark->offset;
}
