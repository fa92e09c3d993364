/* The file that balrog-public leaves on its disk: the rows that its snapshot was made of. From it the next
 * start serves before the database has answered, or without one. It holds rows as the database has them, not
 * compiled releases, so that another version of the program can read it.
 *
 *     the head: "balrog snapshot\n", u32 format, u32 0, u64 place, length and size of the index
 *     a zstd frame per release (saved_print_row())
 *     a zstd frame, the index (saved_print_index())
 *     the SHA-256 of everything before
 *
 * Numbers are little-endian. "Length" is that of a frame, "size" that of its content. */
#ifndef BALROG_PUBLIC_SNAPSHOT_FILE_H
#define BALROG_PUBLIC_SNAPSHOT_FILE_H

#include "public/saved.h"
#include "update/snapshot_build.h"

enum {
    SNAPSHOT_FILE_FORMAT =
        2,                   /* another number whenever programs that know this one could not read the file */
    SNAPSHOT_FILE_HEAD = 48, /* bytes of the head: the place of the first frame */
};

/* ---- writing ---- */

/* The frame of the release ROW, owned by CTX. *SIZE is the size of its content. Absent, with the reason in E,
 * if the release is too large. */
struct str snapshot_file_pack(void *ctx, const struct release_row *row, uint64_t *size, struct error *e);

/* Where a frame comes from. */
struct frame_source {
    struct str bytes;       /* absent: from the older file */
    uint64_t place, length; /* there */
};

/* What is written: the frames follow each other, and INDEX (a printed saved_index; absent: it is too large)
 * has their places. */
struct snapshot_content {
    const struct frame_source *frames;
    size_t n_frames;
    struct str index;
    int old_fd; /* the older file; -1: none */
};

/* Writes PATH.new, makes sure that it is on the disk, and then renames it to PATH. Returns a descriptor of
 * the new file; or -1, with the reason in E, and PATH is what it was. Not to be called for the same PATH at
 * the same time.
 */
int snapshot_file_write(const char *path, const struct snapshot_content *content, struct error *e);

/* ---- reading ---- */

struct snapshot_file {
    int fd;
    int64_t fresh_ms; /* wall clock: when the database was last known to have the same (the file's mtime) */
    struct saved_index index;
};

/* Opens PATH and compares its checksum. Owned by CTX; freeing it closes FD. NULL, with the reason in E, if
 * there is no such file (ERROR_NOT_FOUND), or if it belongs to another user, others may write to it, it is
 * damaged, or it is of another format. */
struct snapshot_file *snapshot_file_open(void *ctx, const char *path, struct error *e);
/* The same for a file that is open; closes FD also if it fails. PATH is for messages. */
struct snapshot_file *snapshot_file_open_fd(void *ctx, int fd, const char *path, struct error *e);

/* Reads whole releases from FILE, for snapshot_build(). A read fails if the content of a release is damaged.
 */
struct release_source snapshot_file_source(struct snapshot_file *file);

#endif
