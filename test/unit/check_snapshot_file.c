/* The snapshot file: what was written is read again, and nothing else is: not a file that was cut off
 * anywhere, nor one of which a bit has changed. */
#include "public/snapshot_file.h"
#include "suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/check_snapshot_file.XXXXXX";
static char path[64], copy[64];
static void *ctx;
static struct error error;

/* One rule of which everything is set, one of which nothing is; two releases, and one that is missing. */
static struct rule_row rules[2];
static struct pin_row pins[] = { { { "Firefox", 7 }, { "1.", 2 }, { "beta", 4 }, { "R", 1 } } };
static struct shutoff_row shutoffs[] = { { { "Firefox", 7 }, { "", 0 } } };
static const struct release_asset assets[] = { { { ".platforms.p", 12 }, { "{}", 2 }, 7 },
                                               { { ".x", 2 }, { NULL, 0 }, UINT64_MAX } };
static const struct release_row rows[] = {
    { { "A", 1 }, { "Firefox", 7 }, { "{\"name\": \"A\"}", 13 }, NULL, 0 },
    { { "B", 1 }, { NULL, 0 }, { NULL, 0 }, assets, 2 },
};

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/file", directory);
    snprintf(copy, sizeof copy, "%s/copy", directory);
    ctx = talloc_new(NULL);
    rules[0] = (struct rule_row){ .rule_id = INT64_MAX,
                                  .data_version = -1,
                                  .has_priority = true,
                                  .priority = INT64_MIN,
                                  .has_background_rate = true,
                                  .background_rate = 50,
                                  .jaws = TRI_TRUE,
                                  .mig64 = TRI_FALSE };
    for (size_t i = 0; i < RULE_ROW_TEXTS; i++) {
        *(struct str *)((char *)&rules[0] + rule_row_text[i]) = str_of(mem_printf(ctx, "text %zu", i));
    }
    rules[1] = (struct rule_row){ .rule_id = 2, .jaws = TRI_UNKNOWN, .mig64 = TRI_UNKNOWN };
}

static void teardown(void)
{
    unlink(path);
    unlink(copy);
    rmdir(directory);
    talloc_free(ctx);
}

static struct saved_index whole_index(struct saved_release *releases)
{
    return (struct saved_index){ .feed_id = 1,
                                 .feed_print = 2,
                                 .rules = rules,
                                 .n_rules = 2,
                                 .pins = pins,
                                 .n_pins = 1,
                                 .shutoffs = shutoffs,
                                 .n_shutoffs = 1,
                                 .stops = rules,
                                 .n_stops = 2,
                                 .stamps = { 3, 4, 5, 6 },
                                 .releases = releases,
                                 .n_releases = 3 };
}

static struct str printed_index(const struct saved_index *index)
{
    struct buf out;
    buf_init(&out, 0, SAVED_MAX);
    saved_print_index(&out, index);
    ck_assert(!out.full);
    return buf_keep(ctx, &out);
}

/* Writes all of it. With OLD (a file that was written so), the first release's frame is taken from there. */
static void write_file(const struct snapshot_file *old)
{
    struct saved_release releases[] = {
        { .name = STR("A"), .use = RELEASE_SERVED, .stamps = { 1, 2, 3 }, .place = SNAPSHOT_FILE_HEAD },
        { .name = STR("B"), .use = RELEASE_BUILD_IDS, .stamps = { 4, 5, 6 } },
        { .name = STR("C") },
    };
    struct frame_source frames[3] = { { .length = 0 } };
    for (int i = 0; i < 2; i++) {
        frames[i].bytes = snapshot_file_pack(ctx, &rows[i], &releases[i].size, &error);
        ck_assert(!str_absent(frames[i].bytes));
        releases[i].length = frames[i].bytes.n;
    }
    releases[1].place = SNAPSHOT_FILE_HEAD + releases[0].length;
    if (old != NULL) {
        frames[0] = (struct frame_source){ STR_NONE, SNAPSHOT_FILE_HEAD, releases[0].length };
    }
    struct saved_index index = whole_index(releases);
    struct snapshot_content content = { frames, 3, printed_index(&index), old != NULL ? old->fd : -1 };
    int fd = snapshot_file_write(path, &content, &error);
    ck_assert_msg(fd >= 0, "%s", error.what);
    close(fd);
}

static void same_row(struct snapshot_file *file, const struct release_row *wanted)
{
    struct release_source source = snapshot_file_source(file);
    struct release_row row;
    struct release_stamps stamps;
    bool found;
    ck_assert(source.release(source.arg, ctx, wanted->name, &row, &stamps, &found, &error) && found);
    ck_assert(str_eq(row.name, wanted->name) && str_eq(row.product, wanted->product));
    ck_assert(str_eq(row.json, wanted->json) && row.n_assets == wanted->n_assets);
    ck_assert_uint_eq(stamps.rows, saved_find(&file->index, wanted->name)->stamps.rows);
    for (size_t i = 0; i < row.n_assets; i++) {
        ck_assert(str_eq(row.assets[i].path, wanted->assets[i].path));
        ck_assert(str_eq(row.assets[i].json, wanted->assets[i].json));
        ck_assert_uint_eq(row.assets[i].stamp, wanted->assets[i].stamp);
    }
}

static void is_whole(struct snapshot_file *file)
{
    ck_assert_msg(file != NULL, "%s", error.what);
    struct str read = printed_index(&file->index), wanted;
    struct saved_index index = whole_index(file->index.releases);
    wanted = printed_index(&index);
    ck_assert(str_eq(read, wanted));
    same_row(file, &rows[0]);
    same_row(file, &rows[1]);
    struct release_source source = snapshot_file_source(file);
    struct release_row row;
    struct release_stamps stamps;
    bool found = true;
    ck_assert(source.release(source.arg, ctx, STR("C"), &row, &stamps, &found, &error) && !found);
    ck_assert(source.release(source.arg, ctx, STR("D"), &row, &stamps, &found, &error) && !found);
}

START_TEST(what_was_written)
{
    write_file(NULL);
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    struct snapshot_file *first = snapshot_file_open(ctx, path, &error);
    is_whole(first);
    write_file(first); /* copies a frame */
    is_whole(first);
    is_whole(snapshot_file_open(ctx, path, &error));
    ck_assert_int_eq(access(mem_printf(ctx, "%s.new", path), F_OK), -1);
}
END_TEST

static struct str file_bytes(void)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    ck_assert(fd >= 0 && fstat(fd, &st) == 0);
    char *bytes = mem_array(ctx, char, st.st_size);
    ck_assert_int_eq((int)read(fd, bytes, (size_t)st.st_size), (int)st.st_size);
    close(fd);
    return (struct str){ bytes, (size_t)st.st_size };
}

/* A file in memory with BYTES, opened; NULL, with the reason in ERROR, if it is refused. */
static struct snapshot_file *open_bytes(struct str bytes)
{
    int fd = memfd_create("snapshot", MFD_CLOEXEC);
    ck_assert(fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
    return snapshot_file_open_fd(ctx, fd, "memory", &error);
}

static void is_refused(struct str bytes, const char *what, size_t at)
{
    ck_assert_msg(open_bytes(bytes) == NULL, "%s at %zu", what, at);
    ck_assert_int_eq(error.kind, ERROR_BAD_REQUEST);
    ck_assert_ptr_nonnull(strstr(error.what, "is not used: "));
}

START_TEST(cut_off_anywhere)
{
    write_file(NULL);
    struct str bytes = file_bytes();
    for (size_t n = 0; n < bytes.n; n++) {
        is_refused(str_slice(bytes, 0, n), "cut off", n);
    }
    char *longer = mem_array(ctx, char, bytes.n + 1);
    memcpy(longer, bytes.p, bytes.n);
    is_refused((struct str){ longer, bytes.n + 1 }, "longer", bytes.n);
}
END_TEST

START_TEST(any_bit_flipped)
{
    write_file(NULL);
    struct str bytes = file_bytes();
    char *flipped = mem_array(ctx, char, bytes.n);
    memcpy(flipped, bytes.p, bytes.n);
    for (size_t i = 0; i < 8 * bytes.n; i++) {
        flipped[i / 8] ^= (char)(1 << i % 8);
        is_refused((struct str){ flipped, bytes.n }, "bit", i);
        flipped[i / 8] ^= (char)(1 << i % 8);
    }
    is_whole(open_bytes((struct str){ flipped, bytes.n }));
}
END_TEST

/* A printed index or row that is cut off is refused, and so is every byte that is changed to what cannot be:
 * no checksum helps here. */
START_TEST(printed_parts)
{
    struct saved_release release = { .name = STR("A"), .use = RELEASE_SERVED };
    struct saved_index index = whole_index(&release), parsed;
    index.n_releases = 1;
    struct str raw = printed_index(&index);
    ck_assert(saved_parse_index(ctx, raw, &parsed, &error));
    for (size_t n = 0; n < raw.n; n++) {
        char *exact = mem_strndup(ctx, raw.p, n);
        ck_assert(!saved_parse_index(ctx, (struct str){ exact, n }, &parsed, &error));
    }
    struct buf out;
    struct release_row row;
    buf_init(&out, 0, SAVED_MAX);
    saved_print_row(&out, &rows[1]);
    ck_assert(saved_parse_row(ctx, buf_view(&out), &row, &error));
    for (size_t n = 0; n < out.n; n++) {
        ck_assert(!saved_parse_row(ctx, (struct str){ mem_strndup(ctx, out.p, n), n }, &row, &error));
    }
    buf_char(&out, 0);
    ck_assert(!saved_parse_row(ctx, buf_view(&out), &row, &error));
    buf_free(&out);
}
END_TEST

/* Names must be sorted, or they would not be found. */
START_TEST(unsorted_names)
{
    struct saved_release releases[] = { { .name = STR("B") }, { .name = STR("A") } };
    struct saved_index index = { .releases = releases, .n_releases = 2 }, parsed;
    ck_assert(!saved_parse_index(ctx, printed_index(&index), &parsed, &error));
    releases[1].name = STR("B");
    ck_assert(!saved_parse_index(ctx, printed_index(&index), &parsed, &error));
    releases[1].name = STR("C");
    ck_assert(saved_parse_index(ctx, printed_index(&index), &parsed, &error));
    ck_assert_ptr_null(saved_find(&parsed, STR("A")));
    ck_assert_ptr_nonnull(saved_find(&parsed, STR("C")));
}
END_TEST

START_TEST(files_of_others)
{
    ck_assert_ptr_null(snapshot_file_open(ctx, path, &error));
    ck_assert_int_eq(error.kind, ERROR_NOT_FOUND);
    write_file(NULL);
    ck_assert_int_eq(chmod(path, 0620), 0);
    ck_assert_ptr_null(snapshot_file_open(ctx, path, &error));
    ck_assert_ptr_nonnull(strstr(error.what, "other users may write to it"));
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(symlink(path, copy), 0);
    ck_assert_ptr_null(snapshot_file_open(ctx, copy, &error));
    ck_assert_ptr_null(snapshot_file_open(ctx, directory, &error));
    ck_assert_ptr_nonnull(strstr(error.what, "not a regular file"));
}
END_TEST

START_TEST(a_folder_that_is_not_there)
{
    struct snapshot_content content = { .index = STR(""), .old_fd = -1 };
    ck_assert_int_eq(snapshot_file_write("/proc/none/file", &content, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.what, "cannot write /proc/none/file.new"));
}
END_TEST

SUITE_MAIN_WITH("snapshot_file", setup, teardown, what_was_written, cut_off_anywhere, any_bit_flipped,
                printed_parts, unsorted_names, files_of_others, a_folder_that_is_not_there)
