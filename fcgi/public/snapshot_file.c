/* See snapshot_file.h. The whole file is read once when it is opened, to compare its checksum; then only what
 * is needed. It is not mapped into memory: a disk that fails would kill the program. */
#include "public/snapshot_file.h"

#include "core/mem.h"
#include "store/frame.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGEST = 32, PIECE = 1 << 20 };

static const char magic[16] = "balrog snapshot\n";

struct file_head {
    char magic[sizeof magic];
    uint32_t format, zero;
    uint64_t place, length, size; /* of the index */
};
_Static_assert(sizeof(struct file_head) == SNAPSHOT_FILE_HEAD, "the head has no padding");

static EVP_MD_CTX *digest_new(void)
{
    EVP_MD_CTX *digest = mem_check(EVP_MD_CTX_new());
    mem_check(EVP_DigestInit_ex2(digest, EVP_sha256(), NULL) == 1 ? digest : NULL);
    return digest;
}

/* Reads all of N bytes at PLACE. False, with errno set (0: the file ends before), if that fails. */
static bool read_all(int fd, char *p, size_t n, uint64_t place)
{
    while (n > 0) {
        ssize_t got = pread(fd, p, n, (off_t)place);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            errno = got < 0 ? errno : 0;
            return false;
        }
        p += got;
        n -= (size_t)got;
        place += (uint64_t)got;
    }
    return true;
}

/* ---- writing ---- */

struct file_output {
    const char *path;
    char *new_path;
    int fd;
    EVP_MD_CTX *digest;
    char *piece; /* PIECE bytes */
};

struct str snapshot_file_pack(void *ctx, const struct release_row *row, uint64_t *size, struct error *e)
{
    struct buf raw;
    struct str frame = STR_NONE;
    buf_init(&raw, 1 << 16, SAVED_MAX);
    saved_print_row(&raw, row);
    if (raw.full) {
        error_set(e, ERROR_TOO_LARGE, "it has more than %d MB", SAVED_MAX / MEGABYTE);
    } else {
        *size = raw.n;
        frame = frame_pack(ctx, buf_view(&raw), STR_NONE, e);
    }
    buf_free(&raw);
    return frame;
}

static bool fail_writing(const struct file_output *w, struct error *e)
{
    return error_set(e, ERROR_INTERNAL, "cannot write %s: %s", w->new_path, strerror(errno));
}

static bool write_all(struct file_output *w, struct str bytes, struct error *e)
{
    EVP_DigestUpdate(w->digest, bytes.p, bytes.n);
    while (bytes.n > 0) {
        ssize_t n = write(w->fd, bytes.p, bytes.n);
        if (n < 0 && errno != EINTR) {
            return fail_writing(w, e);
        }
        bytes = str_slice(bytes, n > 0 ? (size_t)n : 0, bytes.n);
    }
    return true;
}

static bool write_frame(struct file_output *w, const struct frame_source *frame, int old_fd, struct error *e)
{
    if (!str_absent(frame->bytes)) {
        return write_all(w, frame->bytes, e);
    }
    for (uint64_t done = 0; done < frame->length;) {
        uint64_t left = frame->length - done;
        size_t n = left < PIECE ? (size_t)left : PIECE;
        if (!read_all(old_fd, w->piece, n, frame->place + done)) {
            return error_set(e, ERROR_INTERNAL, "cannot read the older %s: %s", w->path, strerror(errno));
        }
        if (!write_all(w, (struct str){ w->piece, n }, e)) {
            return false;
        }
        done += n;
    }
    return true;
}

static bool write_content(struct file_output *w, const struct snapshot_content *content, struct error *e)
{
    void *tmp = mem_check(talloc_new(NULL));
    struct str packed = STR_NONE;
    if (str_absent(content->index)) {
        error_set(e, ERROR_TOO_LARGE, "the rules do not fit into %s", w->path);
    } else {
        packed = frame_pack(tmp, content->index, STR_NONE, e);
    }
    struct file_head head = { .format = htole32(SNAPSHOT_FILE_FORMAT) };
    uint64_t place = SNAPSHOT_FILE_HEAD;
    memcpy(head.magic, magic, sizeof magic);
    for (size_t i = 0; i < content->n_frames; i++) {
        const struct frame_source *frame = &content->frames[i];
        place += str_absent(frame->bytes) ? frame->length : frame->bytes.n;
    }
    head.place = htole64(place);
    head.length = htole64(packed.n);
    head.size = htole64(content->index.n);
    bool ok = !str_absent(packed) && write_all(w, (struct str){ (const char *)&head, sizeof head }, e);
    for (size_t i = 0; ok && i < content->n_frames; i++) {
        ok = write_frame(w, &content->frames[i], content->old_fd, e);
    }
    ok = ok && write_all(w, packed, e);
    talloc_free(tmp);
    return ok;
}

static bool write_digest(struct file_output *w, struct error *e)
{
    unsigned char digest[DIGEST];
    EVP_DigestFinal_ex(w->digest, digest, NULL);
    return write_all(w, (struct str){ (const char *)digest, sizeof digest }, e);
}

/* Makes sure that the new name is on the disk. Not every file system can. */
static void sync_folder(const char *path)
{
    char *copy = mem_strdup(NULL, path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    talloc_free(copy);
}

int snapshot_file_write(const char *path, const struct snapshot_content *content, struct error *e)
{
    void *tmp = mem_check(talloc_new(NULL));
    struct file_output w = { .path = path,
                             .new_path = mem_printf(tmp, "%s.new", path),
                             .digest = digest_new(),
                             .piece = mem_array(tmp, char, PIECE) };
    unlink(w.new_path); /* of a program that was killed */
    w.fd = open(w.new_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = w.fd >= 0 || fail_writing(&w, e);
    ok = ok && write_content(&w, content, e) && write_digest(&w, e);
    ok = ok && ((fsync(w.fd) == 0 && rename(w.new_path, path) == 0) || fail_writing(&w, e));
    if (ok) {
        sync_folder(path);
    } else if (w.fd >= 0) {
        close(w.fd);
        unlink(w.new_path);
        w.fd = -1;
    }
    EVP_MD_CTX_free(w.digest);
    talloc_free(tmp);
    return w.fd;
}

/* ---- reading ---- */

static int close_file(struct snapshot_file *file)
{
    close(file->fd);
    return 0;
}

static bool refuse_file(struct error *e, const char *path, const char *why)
{
    return error_set(e, ERROR_BAD_REQUEST, "%s is not used: %s", path, why);
}

/* Others could have put anything there. */
static bool check_owner(const char *path, const struct stat *st, struct error *e)
{
    if (!S_ISREG(st->st_mode)) {
        return refuse_file(e, path, "it is not a regular file");
    }
    if (st->st_uid != geteuid()) {
        return refuse_file(e, path, "it belongs to another user");
    }
    return (st->st_mode & (S_IWGRP | S_IWOTH)) == 0 || refuse_file(e, path, "other users may write to it");
}

/* Compares the checksum of the first N bytes with what comes after them. */
static bool check_digest(int fd, uint64_t n, const char *path, struct error *e)
{
    unsigned char digest[DIGEST], wanted[DIGEST];
    EVP_MD_CTX *context = digest_new();
    char *piece = mem_check(malloc(PIECE));
    bool ok = true;
    for (uint64_t place = 0; ok && place < n;) {
        size_t length = n - place < PIECE ? (size_t)(n - place) : PIECE;
        ok = read_all(fd, piece, length, place);
        if (ok) {
            EVP_DigestUpdate(context, piece, length);
        }
        place += length;
    }
    ok = ok && read_all(fd, (char *)wanted, DIGEST, n);
    int reason = errno;
    EVP_DigestFinal_ex(context, digest, NULL);
    EVP_MD_CTX_free(context);
    free(piece);
    if (!ok) {
        return error_set(e, ERROR_INTERNAL, "cannot read %s: %s", path, strerror(reason));
    }
    return memcmp(digest, wanted, DIGEST) == 0 ||
           refuse_file(e, path, "it is damaged (its checksum is wrong)");
}

/* The head comes first: of a file of another format nothing else is known. N: bytes before the checksum. */
static bool check_head(const struct file_head *head, uint64_t n, const char *path, struct error *e)
{
    if (memcmp(head->magic, magic, sizeof magic) != 0) {
        return refuse_file(e, path, "it is not a snapshot file");
    }
    if (le32toh(head->format) != SNAPSHOT_FILE_FORMAT) {
        return error_set(e, ERROR_BAD_REQUEST, "%s is not used: its format is %u, and this version reads %d",
                         path, le32toh(head->format), SNAPSHOT_FILE_FORMAT);
    }
    uint64_t place = le64toh(head->place), length = le64toh(head->length);
    bool fits = place >= SNAPSHOT_FILE_HEAD && place <= n && length == n - place &&
                length <= SAVED_FRAME_MAX && le64toh(head->size) <= SAVED_MAX;
    return fits || refuse_file(e, path, "it is damaged (its parts do not fit into it)");
}

static char *read_frame(int fd, void *ctx, uint64_t place, uint64_t length)
{
    char *frame = mem_array(ctx, char, length + 1);
    return read_all(fd, frame, length, place) ? frame : NULL;
}

/* The content of a frame; owned by CTX. */
static bool unpack(int fd, void *ctx, const struct saved_release *at, struct str *raw, struct error *e)
{
    void *tmp = mem_check(talloc_new(NULL));
    char *frame = read_frame(fd, tmp, at->place, at->length);
    *raw = STR_NONE;
    if (frame == NULL) {
        error_set(e, ERROR_INTERNAL, "cannot read the snapshot file: %s", strerror(errno));
    } else {
        *raw = frame_unpack(ctx, (struct str){ frame, at->length }, STR_NONE, at->size, e);
    }
    talloc_free(tmp);
    return !str_absent(*raw);
}

/* Whether each release is between the head and the index, at INDEX. */
static bool frames_fit(const struct saved_index *index, uint64_t end)
{
    for (size_t i = 0; i < index->n_releases; i++) {
        const struct saved_release *r = &index->releases[i];
        bool fits = r->place >= SNAPSHOT_FILE_HEAD && r->place <= end && r->length <= end - r->place;
        if (r->length > 0 && (!fits || r->length > SAVED_FRAME_MAX)) {
            return false;
        }
    }
    return true;
}

static bool read_index(struct snapshot_file *file, const struct file_head *head, const char *path,
                       struct error *e)
{
    struct saved_release at = { .place = le64toh(head->place),
                                .length = le64toh(head->length),
                                .size = le64toh(head->size) };
    struct str raw;
    if (!unpack(file->fd, file, &at, &raw, e) || !saved_parse_index(file, raw, &file->index, e)) {
        return error_prefix(e, "%s is not used", path);
    }
    return frames_fit(&file->index, at.place) ||
           refuse_file(e, path, "it is damaged (a release is outside of it)");
}

static bool read_file(struct snapshot_file *file, const char *path, struct error *e)
{
    struct stat st;
    struct file_head head;
    if (fstat(file->fd, &st) != 0) {
        return error_set(e, ERROR_INTERNAL, "cannot read %s: %s", path, strerror(errno));
    }
    if (!check_owner(path, &st, e)) {
        return false;
    }
    if (st.st_size < SNAPSHOT_FILE_HEAD + DIGEST || !read_all(file->fd, (char *)&head, sizeof head, 0)) {
        return refuse_file(e, path, "it is damaged (it is too short)");
    }
    file->fresh_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    uint64_t n = (uint64_t)st.st_size - DIGEST;
    return check_head(&head, n, path, e) && check_digest(file->fd, n, path, e) &&
           read_index(file, &head, path, e);
}

struct snapshot_file *snapshot_file_open_fd(void *ctx, int fd, const char *path, struct error *e)
{
    struct snapshot_file *file = mem_new(ctx, struct snapshot_file);
    file->fd = fd;
    talloc_set_destructor(file, close_file);
    if (!read_file(file, path, e)) {
        talloc_free(file);
        return NULL;
    }
    return file;
}

struct snapshot_file *snapshot_file_open(void *ctx, const char *path, struct error *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        error_set(e, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL, "cannot read %s: %s", path,
                  strerror(errno));
        return NULL;
    }
    return snapshot_file_open_fd(ctx, fd, path, e);
}

static bool read_release(void *arg, void *ctx, struct str name, struct release_row *row,
                         struct release_stamps *stamps, bool *found, struct error *e)
{
    const struct snapshot_file *file = arg;
    const struct saved_release *saved = saved_find(&file->index, name);
    struct str raw;
    *found = saved != NULL && saved->length > 0;
    if (!*found) {
        return true;
    }
    *stamps = saved->stamps;
    *row = (struct release_row){ .name = saved->name };
    return (unpack(file->fd, ctx, saved, &raw, e) && saved_parse_row(ctx, raw, row, e)) ||
           error_prefix(e, "release %.*s", STR_ARG(name));
}

struct release_source snapshot_file_source(struct snapshot_file *file)
{
    return (struct release_source){ .release = read_release, .arg = file };
}
