/* Keeps the snapshot file up to date: collects the rows of the snapshot that is served, and has a thread
 * write them. All functions are for the loader's thread.
 *
 * Several programs may share the folder, such as two versions side by side: each writes whole files, one at a
 * time, and the last one stays. */
#ifndef BALROG_PUBLIC_SAVER_H
#define BALROG_PUBLIC_SAVER_H

#include "public/snapshot_file.h"
#include "public/tables.h"
#include "update/release_cache.h"

#include <stdatomic.h>

/* For metrics. */
struct saver_stats {
    _Atomic uint64_t written; /* files */
    _Atomic uint64_t failed;  /* attempts */
    _Atomic uint64_t bytes;   /* of the releases' frames in the last file */
};

struct saver;

/* FOLDER is made if it does not exist; only this user may enter it. Files are written at least EVERY_MS
 * apart. NULL, and the reason is logged, if FOLDER cannot be used, or is "". Owned by CTX; freeing it waits
 * for the thread. */
struct saver *saver_new(void *ctx, const char *folder, int64_t every_ms, struct saver_stats *stats);

/* Opens the file; owned by CTX. NULL, with the reason in E, if there is none (ERROR_NOT_FOUND) or it cannot
 * be used. */
struct snapshot_file *saver_open(const struct saver *s, void *ctx, struct error *e);
/* To be called when the snapshot GENERATION was made of FILE: what FILE has is not collected again. */
void saver_adopt(struct saver *s, const struct snapshot_file *file, uint64_t generation);

/* Whether saver_collect() should be called: the snapshot GENERATION, which is what the database has, is not
 * saved yet, and it is time. S may be NULL. */
bool saver_is_due(struct saver *s, uint64_t generation);

/* The snapshot that was published last. */
struct saver_snapshot {
    uint64_t generation;
    const struct release_cache *cache;
    const struct tables *tables;
    uint64_t feed_id;
};
/* Reads, in the consistent read that SNAPSHOT was read or confirmed in, what the last file lacks, but only a
 * few releases each time; the last call starts the thread. False, with the reason in E, if the database
 * fails. */
bool saver_collect(struct saver *s, struct db *db, const struct saver_snapshot *snapshot, struct error *e);

/* Whether more is to be collected soon. S may be NULL. */
bool saver_is_collecting(const struct saver *s);

#endif
