/* The inside of the loader, for its three files: loader.c is the thread, loader_build.c reads from the
 * database and publishes, loader_file.c does what concerns the snapshot file. All functions are for the
 * thread alone. */
#ifndef BALROG_PUBLIC_LOADER_STATE_H
#define BALROG_PUBLIC_LOADER_STATE_H

#include "public/saver.h"
#include "public/state.h"
#include "public/tables.h"
#include "store/feed.h"
#include "store/hosts.h"

#include <pthread.h>

enum {
    /* Bytes of free memory that are not returned to the kernel: what a few releases need while they are
       built. */
    LOADER_KEEP_BYTES = 16 << 20,
};

/* What must be read again. */
struct work {
    bool everything; /* the feed has lost changes, or nothing was read yet */
    bool tables;
    bool publish; /* something the snapshot shows has changed */
};

struct loader {
    struct public_state *state;
    const char *config_path;
    int ready_fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stopping;  /* under lock */
    bool reloading; /* under lock */

    struct public_settings *settings;
    struct hosts *hosts;
    struct db *db;
    struct feed *feed;
    struct release_cache *cache;
    struct saver *saver; /* NULL: there is no snapshot file */
    struct tables *tables;
    struct published *published;
    struct work todo;
    int64_t changed_ms; /* when the feed showed the first change that is not published yet; 0: none */
    int64_t compared_ms;
    int64_t logged_ms;
    bool failing;
    bool tried;        /* a turn has ended */
    bool resuming;     /* the snapshot is from the file, and was not compared with the database yet */
    uint64_t saved_id; /* the newest change in the file, and its fingerprint */
    uint64_t saved_print;
    bool lowered;         /* the thread's priority */
    bool withheld;        /* the snapshot became too old: an empty one was published */
    bool schema_fits;     /* the schema was checked, and fits */
    struct error refused; /* status != 0: it does not; written before ready_fd is */
};

/* ---- loader_build.c ---- */

/* Polls the feed; one statement if nothing has changed. */
bool loader_poll(struct loader *l, struct error *e);
/* Compares all data versions with those that were read; what differs is read again by the next
 * loader_refresh(). The first begins and ends a consistent read; the second is to be called in one, and
 * counts in *MISSED what the feed has not shown. */
bool loader_compare(struct loader *l, struct error *e);
bool loader_compare_in_transaction(struct loader *l, size_t *missed, struct error *e);
/* A part of what a snapshot needs, for the first ones of a start. */
struct loader_part {
    const struct str *roots; /* the releases that it has */
    size_t n_roots;
    const struct str *awaited; /* those that are to come, sorted; lives as long as what is built */
    size_t n_awaited;
};
/* Builds what is to be published of TABLES and SOURCE; all of it if PART is NULL. NULL, with the reason in E,
 * if SOURCE cannot be read. */
struct published *loader_build(struct loader *l, const struct tables *tables,
                               const struct release_source *source, const struct loader_part *part,
                               struct error *e);
/* Publishes NEXT, which was made of TABLES; returns when no reader sees the previous snapshot any more. */
void loader_publish(struct loader *l, struct published *next, struct tables *tables);
/* Reads what must be read, and publishes it. */
bool loader_refresh(struct loader *l, struct error *e);
/* Tells main() that there is a snapshot, or never will be. */
void loader_signal_ready(struct loader *l);

/* ---- loader_file.c ---- */

/* Publishes what the snapshot file has, if there is one, until the database has answered. */
void loader_start_from_file(struct loader *l);
/* After that: finds out what has changed in the database since the file was written. */
bool loader_resume(struct loader *l, struct error *e);
/* Collects what is published for the snapshot file, unless the database has something newer by now: then the
 * next turn publishes that. */
bool loader_save(struct loader *l, struct error *e);
/* After [public] max_stale_s without the database, publishes a snapshot without rules. */
void loader_withhold_if_too_old(struct loader *l);

#endif
