/* The change feed: the table balrog_changes, to which triggers add a row whenever anybody changes a row that
 * a snapshot is made of.
 *
 * Ids become visible in the order of commits, not in their own order. So an id that is missing between two
 * that were seen is asked for again, for some time. */
#ifndef BALROG_STORE_FEED_H
#define BALROG_STORE_FEED_H

#include "store/db.h"

/* Kinds of tables that matter to a snapshot. */
enum feed_table { FEED_RULES, FEED_RELEASES, FEED_PINS, FEED_SHUTOFFS, FEED_OTHER };

struct feed_change {
    enum feed_table table;
    struct str key;  /* the name of a release; absent for the other tables */
    struct str path; /* the path of its asset; absent: a row of releases or releases_json has changed */
};

/* Where a program is in the feed. */
struct feed;

/* Owned by CTX. GAP_S: for how many seconds a missing id is asked for again. */
struct feed *feed_new(void *ctx, int gap_s);
/* Starts at the newest id. To be called inside the consistent read of a full build, so that every change that
 * the build does not contain will be found. Ids that are missing among the newest 10,000 are asked for, too:
 * their transactions may not have ended yet. NOW_MS is monotonic time. */
bool feed_start(struct feed *feed, struct db *db, int64_t now_ms, struct error *e);

/* What a poll has found. */
struct feed_news {
    struct feed_change *changes; /* each table, key and path once */
    size_t n;
    bool rebuild; /* the feed cannot say what has changed: build everything again, with feed_start(). This
                   * happens if the last change that was seen is not there any more or is another one (a
                   * restored database, or a server that lacks what the one before had), if the feed was
                   * pruned past it, if there are too many changes or gaps, or if a change does not name its
                   * release. */
};
/* Reads the changes since the last poll; NEWS is owned by CTX. Each change is reported once: a caller that
 * fails to act on it has to remember it. After a failure nothing counts as reported. Sends one statement if
 * nothing has happened. */
bool feed_poll(struct feed *feed, struct db *db, void *ctx, int64_t now_ms, struct feed_news *news,
               struct error *e);

/* A number that tells whether the change ID is the one that had this id before: another database, or one that
 * was restored and then changed, has another change there. 0 if there is none. */
bool feed_fingerprint(struct db *db, uint64_t id, uint64_t *print, struct error *e);

/* The newest id that was seen. */
uint64_t feed_cursor(const struct feed *feed);
/* The ids FIRST to LAST. */
struct feed_range {
    uint64_t first, last;
};
enum { FEED_RANGES_SHOWN = 16 };
/* Fills the newest ranges of ids below feed_cursor() that are missing, in the order of ids; the rest of
 * RANGES stays as it is. Returns how many ranges are missing altogether. */
size_t feed_missing(const struct feed *feed, struct feed_range ranges[FEED_RANGES_SHOWN]);
/* How many ids are missing. */
size_t feed_gaps(const struct feed *feed);
/* The age in ms, by the database's clock, of the oldest change in the last poll that found any. */
int64_t feed_lag_ms(const struct feed *feed);

#endif
