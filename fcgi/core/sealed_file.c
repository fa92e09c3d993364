/* The last line of a sealed file is "sha256 " and the digest, in hexadecimal, of the lines before it. */
#include "core/sealed_file.h"

#include "core/hex.h"
#include "core/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SEAL "sha256 "
enum { SEAL_BYTES = 32, SEAL_LENGTH = sizeof SEAL - 1 + 2 * SEAL_BYTES };

struct sealed_file {
    const char *path, *new_path;
    FILE *file;
    EVP_MD_CTX *digest;
    bool failed;
};

static EVP_MD_CTX *digest_start(void)
{
    EVP_MD_CTX *digest = mem_check(EVP_MD_CTX_new());
    mem_check(EVP_DigestInit_ex2(digest, EVP_sha256(), NULL) == 1 ? digest : NULL);
    return digest;
}

static void digest_line(EVP_MD_CTX *digest, struct str line)
{
    EVP_DigestUpdate(digest, line.p, line.n);
    EVP_DigestUpdate(digest, "\n", 1);
}

/* Appends the line of the checksum to OUT, without a newline. */
static void print_seal(struct buf *out, EVP_MD_CTX *digest)
{
    unsigned char bytes[SEAL_BYTES] = { 0 };
    EVP_DigestFinal_ex(digest, bytes, NULL);
    buf_lit(out, SEAL);
    hex_print(out, (struct str){ (const char *)bytes, sizeof bytes });
}

/* ---- writing ---- */

static int discard_file(struct sealed_file *f)
{
    EVP_MD_CTX_free(f->digest);
    if (f->file != NULL) {
        fclose(f->file);
        unlink(f->new_path);
    }
    return 0;
}

struct sealed_file *sealed_file_create(void *ctx, const char *path, struct error *e)
{
    struct sealed_file *f = mem_new(ctx, struct sealed_file);
    f->path = mem_strdup(f, path);
    f->new_path = mem_printf(f, "%s.new", path);
    f->digest = digest_start();
    talloc_set_destructor(f, discard_file);
    unlink(f->new_path); /* left by a run that was interrupted, or put there by somebody else */
    int fd = open(f->new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    f->file = fd >= 0 ? mem_check(fdopen(fd, "w")) : NULL;
    if (f->file == NULL) {
        error_set(e, ERROR_INTERNAL, "cannot write %s: %s", f->new_path, strerror(errno));
        talloc_free(f);
        return NULL;
    }
    return f;
}

static void put_bytes(struct sealed_file *f, struct str line)
{
    f->failed = f->failed || fwrite(line.p, 1, line.n, f->file) != line.n || fputc('\n', f->file) == EOF;
}

void sealed_file_write(struct sealed_file *f, struct str line)
{
    f->failed = f->failed || line.n > SEALED_LINE_MAX;
    digest_line(f->digest, line);
    put_bytes(f, line);
}

/* Makes sure that the new name is on the disk. Not every file system can. */
static void sync_folder(const struct sealed_file *f)
{
    char *path = mem_strdup(NULL, f->path);
    int fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    talloc_free(path);
}

bool sealed_file_commit(struct sealed_file *f, struct error *e)
{
    struct buf seal;
    buf_init(&seal, SEAL_LENGTH, SEAL_LENGTH);
    print_seal(&seal, f->digest);
    put_bytes(f, buf_view(&seal));
    buf_free(&seal);
    bool ok = !f->failed && fflush(f->file) == 0 && fsync(fileno(f->file)) == 0 &&
              rename(f->new_path, f->path) == 0;
    if (!ok) {
        return error_set(e, ERROR_INTERNAL, "cannot write %s: %s", f->path, strerror(errno));
    }
    fclose(f->file);
    f->file = NULL;
    sync_folder(f);
    return true;
}

/* ---- reading ---- */

/* Reads the next line of FILE, without its newline, into ROOM (SEALED_LINE_MAX + 2 bytes). Returns false at
 * the end of the file, with an absent *LINE, and if the line is incomplete, with a *LINE that is not absent.
 */
static bool next_line(FILE *file, char *room, struct str *line)
{
    *line = STR_NONE;
    if (fgets(room, SEALED_LINE_MAX + 2, file) == NULL) {
        return false;
    }
    size_t n = strlen(room);
    *line = (struct str){ room, n - (n > 0) };
    return n > 0 && room[n - 1] == '\n';
}

/* Whether the last line of FILE is the checksum of the others. *N_LINES is the number of the others. */
static bool seal_fits(FILE *file, size_t *n_lines)
{
    char room[2][SEALED_LINE_MAX + 2];
    struct str line[2] = { STR_NONE, STR_NONE };
    EVP_MD_CTX *digest = digest_start();
    size_t n = 0;
    struct buf seal;
    while (next_line(file, room[n % 2], &line[n % 2])) {
        if (n > 0) {
            digest_line(digest, line[(n + 1) % 2]);
        }
        n++;
    }
    bool whole = n > 0 && str_absent(line[n % 2]); /* nothing is left behind the last newline */
    buf_init(&seal, SEAL_LENGTH, SEAL_LENGTH);
    print_seal(&seal, digest);
    bool fits = whole && str_eq(line[(n + 1) % 2], buf_view(&seal));
    buf_free(&seal);
    EVP_MD_CTX_free(digest);
    *n_lines = n > 0 ? n - 1 : 0;
    return fits;
}

bool sealed_file_read(const char *path, bool (*see)(void *arg, struct str line, struct error *e), void *arg,
                      struct error *e)
{
    char room[SEALED_LINE_MAX + 2];
    struct str line;
    size_t n;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_set(e, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_INTERNAL, "cannot read %s: %s", path,
                         strerror(errno));
    }
    bool ok =
        seal_fits(file, &n) || error_set(e, ERROR_BAD_REQUEST, "%s is damaged: its checksum is wrong", path);
    rewind(file);
    for (size_t i = 0; ok && i < n; i++) {
        ok = next_line(file, room, &line)
                 ? see(arg, line, e)
                 : error_set(e, ERROR_INTERNAL, "%s changed while it was read", path);
    }
    fclose(file);
    return ok;
}
