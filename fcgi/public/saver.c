/* See saver.h. The entries are the releases of the last file or of the one that is being collected: their
 * frames are in that file or, if they have changed since, in memory. They are sorted by name, so that the new
 * list and the former one can be merged. While the thread writes, nothing is collected, so the thread needs
 * no lock for them. */
#include "public/saver.h"

#include "core/clock.h"
#include "core/thread.h"
#include "ops/log.h"
#include "store/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    COLLECT_BATCH = 8, /* releases that are read in one go: changes wait meanwhile */
    WRITER_NICE = 19,
};

struct collected {
    struct saved_release release; /* place and length: in the last file, unless FRAME is there */
    struct str frame;             /* a talloc chunk; absent: in the last file */
    bool ready;
};

/* What the thread gets, and its result. */
struct writing {
    struct snapshot_content content;
    struct collected *entries; /* with their places in the new file */
    uint64_t bytes;
    int fd; /* -1: ERROR says why */
    struct error error;
    bool busy; /* another program is writing */
    atomic_bool done;
};

struct saver {
    char *path, *lock_path;
    int64_t every_ms;
    struct saver_stats *stats;
    int fd; /* the last file; -1: none */
    struct collected *entries;
    size_t n;
    uint64_t saved;       /* the generation that was written last, or is being written */
    int64_t attempted_ms; /* 0: never */
    bool collecting;
    bool failing;
    pthread_t thread;
    struct writing *writing; /* NULL: the thread does not run */
};

/* ---- the thread ---- */

/* At most one program writes at a time. */
static int lock_folder(const char *path, struct writing *w)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        error_set(&w->error, ERROR_INTERNAL, "cannot open %s: %s", path, strerror(errno));
    } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        w->busy = true;
        close(fd);
        fd = -1;
    }
    return fd;
}

static void *write_main(void *arg)
{
    struct saver *s = arg;
    struct writing *w = s->writing;
    setpriority(PRIO_PROCESS, 0, WRITER_NICE);
    int lock = lock_folder(s->lock_path, w);
    if (lock >= 0) {
        w->fd = snapshot_file_write(s->path, &w->content, &w->error);
        close(lock);
    }
    atomic_store(&w->done, true);
    return NULL;
}

static void log_failed(struct saver *s, const struct error *e)
{
    atomic_fetch_add(&s->stats->failed, 1);
    if (!s->failing) {
        log_error("snapshot_file.failed", "%s; the former file stays, and the next attempt is in %d s",
                  e->what, (int)(s->every_ms / 1000));
    }
    s->failing = true;
}

static void take_written(struct saver *s, struct writing *w)
{
    if (s->fd >= 0) {
        close(s->fd);
    }
    s->fd = w->fd;
    talloc_free(s->entries);
    s->entries = talloc_steal(s, w->entries);
    atomic_fetch_add(&s->stats->written, 1);
    atomic_store(&s->stats->bytes, w->bytes);
    if (s->failing) {
        log_info("snapshot_file.back", "%s can be written again", s->path);
    }
    s->failing = false;
}

/* Waits for the thread, if it runs, and takes over its result. */
static void join_thread(struct saver *s)
{
    struct writing *w = s->writing;
    if (w == NULL) {
        return;
    }
    pthread_join(s->thread, NULL);
    s->writing = NULL;
    if (w->fd >= 0) {
        take_written(s, w);
    } else {
        s->saved = 0;
        if (!w->busy) {
            log_failed(s, &w->error);
        }
    }
    talloc_free(w);
}

/* ---- starting ---- */

static int free_saver(struct saver *s)
{
    join_thread(s);
    if (s->fd >= 0) {
        close(s->fd);
    }
    return 0;
}

static bool make_folder(const char *folder)
{
    struct stat st;
    if ((mkdir(folder, 0700) != 0 && errno != EEXIST) || stat(folder, &st) != 0) {
        log_warning("snapshot_file.off",
                    "[public] state_dir %s cannot be used: %s. Without it, a program that starts "
                    "while the database is away serves nothing",
                    folder, strerror(errno));
        return false;
    }
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        log_warning("snapshot_file.off",
                    "[public] state_dir %s is not used: it must belong to this user, and others "
                    "must not be allowed to write there",
                    folder);
        return false;
    }
    return true;
}

struct saver *saver_new(void *ctx, const char *folder, int64_t every_ms, struct saver_stats *stats)
{
    if (folder[0] == '\0' || !make_folder(folder)) {
        return NULL;
    }
    struct saver *s = mem_new(ctx, struct saver);
    *s = (struct saver){ .path = mem_printf(s, "%s/snapshot-%d", folder, SNAPSHOT_FILE_FORMAT),
                         .lock_path = mem_printf(s, "%s/lock", folder),
                         .every_ms = every_ms,
                         .stats = stats,
                         .fd = -1 };
    talloc_set_destructor(s, free_saver);
    return s;
}

struct snapshot_file *saver_open(const struct saver *s, void *ctx, struct error *e)
{
    return snapshot_file_open(ctx, s->path, e);
}

void saver_adopt(struct saver *s, const struct snapshot_file *file, uint64_t generation)
{
    s->fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
    if (s->fd < 0) {
        return; /* then everything is collected */
    }
    s->saved = generation;
    s->attempted_ms = clock_ms();
    s->n = file->index.n_releases;
    s->entries = mem_array(s, struct collected, s->n);
    for (size_t i = 0; i < s->n; i++) {
        s->entries[i] = (struct collected){ .release = file->index.releases[i], .ready = true };
        s->entries[i].release.name = mem_str(s->entries, s->entries[i].release.name);
    }
}

/* ---- collecting ---- */

struct listing {
    struct saver *s;
    struct collected *entries;
    size_t n;
};

static void list_entry(void *arg, const struct cache_entry *seen)
{
    struct listing *l = arg;
    l->entries = mem_grow(l->s, l->entries, struct collected, l->n);
    l->entries[l->n++] =
        (struct collected){ .release = { .name = seen->name, .use = seen->use, .stamps = seen->stamps },
                            .ready = release_stamps_sum(&seen->stamps) == 0 || seen->kept };
}

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct collected *)a)->release.name, ((const struct collected *)b)->release.name);
}

/* Takes the frame of OLD for ENTRY if it is of the same version; or if ENTRY is broken (ready, although it
 * has stamps): then OLD is the version that is still served, and keeps its stamps, so that the next start
 * finds out that the database has another one. */
static void take_frame(struct saver *s, struct collected *entry, const struct collected *old)
{
    const struct release_stamps *a = &entry->release.stamps, *b = &old->release.stamps;
    bool same = a->rows == b->rows && a->assets == b->assets;
    bool kept = entry->ready && release_stamps_sum(a) != 0;
    if (!old->ready || old->release.length == 0 || (!same && !kept)) {
        return;
    }
    struct str name = entry->release.name;
    enum release_use use = entry->release.use;
    *entry = *old;
    entry->release.name = name;
    entry->release.use = use;
    entry->frame.p = str_absent(old->frame) ? NULL : talloc_steal(s, old->frame.p);
}

/* Replaces the entries by those of CACHE, with all frames that are still good. */
static void list_entries(struct saver *s, const struct release_cache *cache)
{
    struct listing l = { .s = s };
    release_cache_list(cache, list_entry, &l);
    if (l.n > 0) {
        qsort(l.entries, l.n, sizeof l.entries[0], by_name);
    }
    for (size_t i = 0, old = 0; i < l.n; i++) {
        while (old < s->n && by_name(&s->entries[old], &l.entries[i]) < 0) {
            old++;
        }
        if (old < s->n && by_name(&s->entries[old], &l.entries[i]) == 0) {
            take_frame(s, &l.entries[i], &s->entries[old]);
        }
        l.entries[i].release.name = mem_str(l.entries, l.entries[i].release.name);
        if (!str_absent(l.entries[i].frame)) {
            talloc_steal(l.entries, l.entries[i].frame.p);
        }
    }
    talloc_free(s->entries);
    s->entries = l.entries;
    s->n = l.n;
}

/* Reads the release of ENTRY and packs it. */
static bool read_entry(struct saver *s, struct db *db, struct collected *entry, struct error *e)
{
    void *tmp = mem_check(talloc_new(NULL));
    struct release_row row;
    struct error why;
    bool found;
    bool ok = reader_release(db, tmp, entry->release.name, &row, &entry->release.stamps, &found, e);
    if (ok && found) {
        entry->frame = snapshot_file_pack(s->entries, &row, &entry->release.size, &why);
        entry->release.length = entry->frame.n;
        if (str_absent(entry->frame)) {
            log_warning("snapshot_file.too_large", "release %.*s is not saved: %s",
                        STR_ARG(entry->release.name), why.what);
        }
    }
    entry->ready = ok;
    talloc_free(tmp);
    return ok;
}

/* Reads a few of the releases that lack. *ALL: no more lack. */
static bool read_entries(struct saver *s, struct db *db, bool *all, struct error *e)
{
    unsigned read = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!s->entries[i].ready) {
            if (read++ == COLLECT_BATCH) {
                *all = false;
                return true;
            }
            if (!read_entry(s, db, &s->entries[i], e)) {
                return false;
            }
        }
    }
    *all = true;
    return true;
}

/* The entries as they will be in the new file, and where their frames are now. */
static struct frame_source *place_entries(const struct saver *s, struct writing *w)
{
    struct frame_source *frames = mem_array(w, struct frame_source, s->n);
    uint64_t place = SNAPSHOT_FILE_HEAD;
    w->entries = mem_array(w, struct collected, s->n);
    for (size_t i = 0; i < s->n; i++) {
        const struct collected *entry = &s->entries[i];
        frames[i] = (struct frame_source){ entry->frame, entry->release.place, entry->release.length };
        w->entries[i] = (struct collected){ .release = entry->release, .ready = true };
        w->entries[i].release.name = mem_str(w->entries, entry->release.name);
        w->entries[i].release.place = place;
        place += entry->release.length;
    }
    w->bytes = place - SNAPSHOT_FILE_HEAD;
    return frames;
}

static struct str print_index(const struct saver *s, struct writing *w, const struct saver_snapshot *snapshot,
                              uint64_t feed_print)
{
    const struct tables *tables = snapshot->tables;
    struct saved_index index = { .feed_id = snapshot->feed_id,
                                 .feed_print = feed_print,
                                 .rules = mem_array(w, struct rule_row, tables->rules->n),
                                 .n_rules = tables->rules->n,
                                 .pins = tables->pins,
                                 .n_pins = tables->n_pins,
                                 .shutoffs = tables->shutoffs,
                                 .n_shutoffs = tables->n_shutoffs,
                                 .n_stops = tables->stops != NULL ? tables->stops->n : 0,
                                 .stamps = tables->stamps,
                                 .releases = mem_array(w, struct saved_release, s->n),
                                 .n_releases = s->n };
    struct buf out;
    for (size_t i = 0; i < index.n_rules; i++) {
        index.rules[i] = tables->rules->rules[i].row;
    }
    index.stops = mem_array(w, struct rule_row, index.n_stops);
    for (size_t i = 0; i < index.n_stops; i++) {
        index.stops[i] = tables->stops->rules[i].row;
    }
    for (size_t i = 0; i < s->n; i++) {
        index.releases[i] = w->entries[i].release;
    }
    buf_init(&out, 1 << 16, SAVED_MAX);
    saved_print_index(&out, &index);
    if (out.full) {
        buf_free(&out);
        return STR_NONE;
    }
    return buf_keep(w, &out);
}

static void start_thread(struct saver *s, const struct saver_snapshot *snapshot, uint64_t feed_print)
{
    struct writing *w = mem_new(s, struct writing);
    w->fd = -1;
    w->content.frames = place_entries(s, w);
    w->content.n_frames = s->n;
    w->content.index = print_index(s, w, snapshot, feed_print);
    w->content.old_fd = s->fd;
    s->writing = w;
    s->saved = snapshot->generation;
    int rc = thread_start(&s->thread, write_main, s);
    if (rc != 0) {
        error_set(&w->error, ERROR_INTERNAL, "cannot start a thread: %s", strerror(rc));
        log_failed(s, &w->error);
        s->writing = NULL;
        s->saved = 0;
        talloc_free(w);
    }
}

bool saver_collect(struct saver *s, struct db *db, const struct saver_snapshot *snapshot, struct error *e)
{
    bool all;
    uint64_t feed_print;
    s->attempted_ms = clock_ms();
    s->collecting = true;
    list_entries(s, snapshot->cache);
    if (!read_entries(s, db, &all, e) || !feed_fingerprint(db, snapshot->feed_id, &feed_print, e)) {
        return false;
    }
    if (all) {
        s->collecting = false;
        start_thread(s, snapshot, feed_print);
    }
    return true;
}

/* Says that the file is still what the database has. If somebody has removed it, it is written again. */
static void refresh_time(struct saver *s)
{
    if (clock_ms() - s->attempted_ms >= s->every_ms) {
        s->attempted_ms = clock_ms();
        if (utimensat(AT_FDCWD, s->path, NULL, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT) {
            s->saved = 0;
        }
    }
}

bool saver_is_due(struct saver *s, uint64_t generation)
{
    if (s == NULL) {
        return false;
    }
    if (s->writing != NULL) {
        if (!atomic_load(&s->writing->done)) {
            return false;
        }
        join_thread(s);
    }
    if (s->saved == generation) {
        refresh_time(s);
        return false;
    }
    return s->collecting || s->attempted_ms == 0 || clock_ms() - s->attempted_ms >= s->every_ms;
}

bool saver_is_collecting(const struct saver *s)
{
    return s != NULL && s->collecting;
}
