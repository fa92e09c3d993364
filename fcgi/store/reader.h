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

/* Reads all rows. They and their texts are owned by CTX. With SHARED, nobody else can change them before the
 * transaction ends, and they are as they were committed last. */
bool reader_rules(struct db *db, void *ctx, bool shared, struct rule_row **rows, size_t *n, struct error *e);
/* The same, but only rules of PRODUCT and those without a product; not locked. */
bool reader_rules_of(struct db *db, void *ctx, struct str product, struct rule_row **rows, size_t *n,
                     struct error *e);
bool reader_pins(struct db *db, void *ctx, bool shared, struct pin_row **rows, size_t *n, struct error *e);
bool reader_shutoffs(struct db *db, void *ctx, struct shutoff_row **rows, size_t *n, struct error *e);
/* The partial stops, in the order of their numbers. */
bool reader_stops(struct db *db, void *ctx, struct rule_row **rows, size_t *n, struct error *e);

/* A stamp of a release: a number that changes whenever the release changes, that is, a data_version of its
 * base or of an asset, or the table that it is in. A release that does not exist has the stamp 0. The stamps
 * of all releases are compared once a minute, in case the change feed has missed a change. */
struct release_stamp {
    struct str name;
    uint64_t stamp;
};
bool reader_release_stamps(struct db *db, void *ctx, struct release_stamp **stamps, size_t *n,
                           struct error *e);
/* One stamp for each of the small tables. It changes whenever a column changes that the functions above
 * read. */
struct table_stamps {
    uint64_t rules, pins, shutoffs, stops;
};
bool reader_table_stamps(struct db *db, struct table_stamps *stamps, struct error *e);

/* Reads the release NAME: from releases_json and release_assets if either has it, else from releases
 * (reference: services/releases.py get_release, then dbo.releases). A row of releases_json that is empty
 * (NULL, null, {}) and has no assets does not count. *FOUND is false if there is no such release. ROW is
 * owned by CTX; its assets are sorted by the bytes of their paths, and the JSON of an asset is absent if the
 * column is NULL. The sum of STAMPS is the stamp that reader_release_stamps() computes. Names are compared
 * exactly, whatever the collation. */
bool reader_release(struct db *db, void *ctx, struct str name, struct release_row *row,
                    struct release_stamps *stamps, bool *found, struct error *e);
/* What the tables have under one name, before it is decided which of it is served. */
struct release_parts {
    bool v1, v2;                                         /* whether releases, releases_json have a row */
    struct str v1_product, v1_json, v2_product, v2_json; /* absent where the column is NULL */
    struct release_asset *assets;                        /* in the order of their paths' bytes */
    size_t n_assets;
};
/* Reads all parts of the release NAME, each with its data; owned by CTX. False on failure. */
bool reader_release_parts(struct db *db, void *ctx, struct str name, struct release_parts *parts,
                          struct error *e);
/* Makes ROW from PARTS, as reader_release() does. ROW refers to PARTS. Returns false if they are not a
 * release. */
bool release_row_of_parts(struct str name, const struct release_parts *parts, struct release_row *row);

/* Computes the stamps of the release NAME, which has assets, as reader_release() does, but without its
 * assets.
 */
bool reader_base(struct db *db, struct str name, struct release_stamps *stamps, struct error *e);
/* Reads the asset at PATH of the release NAME, owned by CTX. *FOUND is false if there is none. */
bool reader_asset(struct db *db, void *ctx, struct str name, struct str path, struct release_asset *asset,
                  bool *found, struct error *e);

#endif
