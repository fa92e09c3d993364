/* Reads what a snapshot is made of: rules, pins, shutoffs and releases.
 *
 * A snapshot is read in one consistent read, from reader_begin() to reader_end(). */
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

#endif
