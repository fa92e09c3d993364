/* What the public service reads: rules, pins, shutoffs and releases for the snapshot, and the change feed.
 *
 * All of a snapshot is read in one consistent read (reader_begin … reader_end). */
#ifndef BALROG_STORE_READER_H
#define BALROG_STORE_READER_H

#include "release/release.h"
#include "store/db.h"
#include "update/rows.h"

/* START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY / COMMIT. */
bool reader_begin(struct db *db, struct error *e);
bool reader_end(struct db *db, struct error *e);

/* All rows, owned by CTX (with their texts). False on failure. */
bool reader_rules(struct db *db, void *ctx, struct rule_row **rows, size_t *n, struct error *e);
bool reader_pins(struct db *db, void *ctx, struct pin_row **rows, size_t *n, struct error *e);
bool reader_shutoffs(struct db *db, void *ctx, struct shutoff_row **rows, size_t *n, struct error *e);

/* What is compared every minute: names and a stamp that changes with any data_version of the release (base
 * and assets; which table it is in counts too). A name that no table has would have the stamp 0. */
struct release_stamp {
    struct str name;
    uint64_t stamp;
};
bool reader_release_stamps(struct db *db, void *ctx, struct release_stamp **stamps, size_t *n,
                           struct error *e);
/* The same, in one number each, for the small tables: rules, pins, shutoffs. It changes with any column that
 * the functions above read. */
struct table_stamps {
    uint64_t rules, pins, shutoffs;
};
bool reader_table_stamps(struct db *db, struct table_stamps *stamps, struct error *e);

/* The release NAME: from releases_json and release_assets if it is in the first (or has assets), else from
 * releases (reference: services/releases.py get_release, then dbo.releases). A row of releases_json that
 * holds nothing (NULL, null, {}) and has no assets does not count. ROW is owned by CTX; its assets are in the
 * order of their paths' bytes, and their json is absent where the column is NULL. *FOUND is false when there
 * is none; the sum of STAMPS is what reader_release_stamps() gives, or would. Names compare exactly whatever
 * the collation. Returns false on failure. */
bool reader_release(struct db *db, void *ctx, struct str name, struct release_row *row,
                    struct release_stamps *stamps, bool *found, struct error *e);
/* What the tables hold under one name, before it is decided as what that is served. */
struct release_parts {
    bool v1, v2;                                         /* whether releases, releases_json have a row */
    struct str v1_product, v1_json, v2_product, v2_json; /* absent where the column is NULL */
    struct release_asset *assets;                        /* in the order of their paths' bytes */
    size_t n_assets;
};
/* Reads all parts of the release NAME, each with its data; owned by CTX. False on failure. */
bool reader_release_parts(struct db *db, void *ctx, struct str name, struct release_parts *parts,
                          struct error *e);
/* Makes ROW of PARTS, which it borrows, as reader_release() does. Returns false where they are no release. */
bool release_row_of_parts(struct str name, const struct release_parts *parts, struct release_row *row);

/* The stamps that reader_release() would give, but for the assets; of a release that has some. */
bool reader_base(struct db *db, struct str name, struct release_stamps *stamps, struct error *e);
/* The asset of the release NAME at PATH, owned by CTX; *FOUND is false when there is none. */
bool reader_asset(struct db *db, void *ctx, struct str name, struct str path, struct release_asset *asset,
                  bool *found, struct error *e);

/* Kinds of tables that matter to a snapshot, as the feed names them. */
enum feed_table { FEED_RULES, FEED_RELEASES, FEED_PINS, FEED_SHUTOFFS, FEED_OTHER };
struct feed_change {
    enum feed_table table;
    struct str key;  /* a release's name; absent for the other tables */
    struct str path; /* of its asset; absent: a row of releases or releases_json */
};

/* Follows the change feed. Ids show out of commit order: an id that is missing between two that were seen is
 * asked for again for gap_s seconds. */
struct feed;
struct feed *feed_new(void *ctx, int gap_s);
/* Inside the consistent read of a full build: from here on. Ids missing among the newest 10,000 are asked for
 * too: their transactions may still be under way. NOW_MS is monotonic time. */
bool feed_start(struct feed *feed, struct db *db, int64_t now_ms, struct error *e);
/* What came since: changes, owned by CTX, each table, key and path once. *REBUILD is set where the feed
 * cannot tell (the cursor is beyond the newest id or before the oldest kept one, too many changes or gaps, a
 * release or an asset without its name): build everything again, from feed_start() on. The changes are not
 * told again: who fails to act on them has to remember them. After a failure nothing counts as told. One
 * statement where nothing has happened. */
bool feed_poll(struct feed *feed, struct db *db, void *ctx, int64_t now_ms, struct feed_change **changes,
               size_t *n, bool *rebuild, struct error *e);
/* The newest id seen, and how many ids are missing. */
uint64_t feed_cursor(const struct feed *feed);
size_t feed_gaps(const struct feed *feed);
/* How old, by the database's clock, of whole seconds for the change, the oldest change was that the last poll
 * brought which brought any. */
int64_t feed_lag_ms(const struct feed *feed);

#endif
