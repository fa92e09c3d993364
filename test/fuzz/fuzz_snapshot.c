/* The parsers of the snapshot file. What they accept is what they print again: nothing is read in two ways.
 *
 * Input: a byte that chooses the parser (0: an index, 1: a release, 2: a file, of which the checksum is set
 * right), and what it gets. */
#include "public/snapshot_file.h"

#include "world.h"

#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { DIGEST = 32 };

static void check_index(void *ctx, struct str raw)
{
    struct saved_index index;
    struct buf out;
    struct error e;
    if (saved_parse_index(ctx, raw, &index, &e)) {
        buf_init(&out, 0, SAVED_MAX);
        saved_print_index(&out, &index);
        must(str_eq(buf_view(&out), raw), "an index is printed as it was read");
        buf_free(&out);
    }
}

static void check_row(void *ctx, struct str raw)
{
    struct release_row row = { .name = { "X", 1 } };
    struct buf out;
    struct error e;
    if (saved_parse_row(ctx, raw, &row, &e)) {
        buf_init(&out, 0, SAVED_MAX);
        saved_print_row(&out, &row);
        must(str_eq(buf_view(&out), raw), "a release is printed as it was read");
        buf_free(&out);
        talloc_free(release_compile(ctx, &row, RELEASE_SERVED, NULL));
    }
}

static void check_file(void *ctx, struct str raw)
{
    unsigned char digest[DIGEST];
    unsigned length = 0;
    struct error e;
    int fd = memfd_create("snapshot", 0);
    must(EVP_Digest(raw.p, raw.n, digest, &length, EVP_sha256(), NULL) == 1, "there is a digest");
    must(fd >= 0 && write(fd, raw.p, raw.n) == (ssize_t)raw.n && write(fd, digest, DIGEST) == DIGEST &&
             fchmod(fd, 0600) == 0,
         "there is memory for a file");
    struct snapshot_file *file = snapshot_file_open_fd(ctx, dup(fd), "memory", &e);
    if (file != NULL) {
        struct release_source source = snapshot_file_source(file);
        for (size_t i = 0; i < file->index.n_releases; i++) {
            struct release_row row;
            struct release_stamps stamps;
            bool found;
            source.release(source.arg, ctx, file->index.releases[i].name, &row, &stamps, &found, &e);
        }
    }
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static void (*const checks[])(void *ctx, struct str raw) = { check_index, check_row, check_file };
    void *ctx = mem_check(talloc_new(NULL));
    if (n > 0) {
        checks[data[0] % ARRAY_LEN(checks)](ctx, (struct str){ (const char *)data + 1, n - 1 });
    }
    talloc_free(ctx);
    return 0;
}
