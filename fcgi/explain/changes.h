/* Changes to rows that have not been made: scheduled ones, and edits that nobody has saved.
 *
 * A list is put together inside one transaction that only reads. Each change is held against the row that it
 * is for, as the changes before it in the list leave that row, and refused where it does not fit any more.
 * What the list does to a snapshot is world_apply()'s business (world.h). Nobody's permissions are asked, and
 * sign-offs do not count. */
#ifndef BALROG_EXPLAIN_CHANGES_H
#define BALROG_EXPLAIN_CHANGES_H

#include "store/resource.h"

enum {
    ROW_CHANGES_MAX = 100,        /* that are named in a list; all parts of a v2 release count once */
    ROW_CHANGES_PARTS_MAX = 5000, /* rows that these change, together */
};

/* One change to one row. */
struct row_change {
    const struct table *table;
    enum change_type type;
    int64_t sc_id;    /* of the scheduled change; 0: an edit that nobody has saved */
    const cJSON *old; /* the row as it is, without its big column; NULL for an insert */
    const cJSON *
        now; /* the row as it would be; NULL for a deletion. It has the big column where that changes.
                A rule or partial stop that is inserted has the number that the database would give it next */
};

/* The changes, in the order in which they would be made; all of it is TX's. Start with all 0. */
struct row_changes {
    struct row_change *list;
    size_t n;
    unsigned named;            /* used by changes.c, as the next: how many names and edits were added */
    struct changed_keys *keys; /* for each row, the last change of it */
};

/* Adds the scheduled change that NAME names: "rules:12", a kind and its sc_id. The kinds are rules, releases,
 * pinnable_releases, emergency_shutoff, partial_stops, and the tables of v2 releases, releases_json and
 * release_assets;
 * "v2/releases:NAME" stands for all changes that are scheduled for the parts of that release.
 *
 * FAIL_INVALID for an unknown kind or number, for a change that is complete, for a row that is gone or, where
 * it is to be inserted, there; FAIL_OUTDATED for a row that is at another data_version. The same goes for the
 * next function. */
bool row_changes_add_scheduled(struct tx *tx, struct row_changes *changes, struct str name, struct error *e);

/* The same for NAMES, several names separated by commas. */
bool row_changes_add_names(struct tx *tx, struct row_changes *changes, struct str names, struct error *e);

/* Adds what CHANGE, an element of a request's "changes", says:
 *
 *     "rules:12"                                          as above
 *     {"table": "rules", "sc_id": 12}                     the same
 *     {"table": "rules", "change_type": "update", "rule_id": 3, "data_version": 7, "backgroundRate": 50}
 *
 * An edit has the key columns (but for the number of a rule or partial stop that is inserted) and those that
 * change. Its
 * data_version may be left out: then any version of the row will do. White space around texts does not count,
 * nor any in a list of locales or distributions, and an empty text is null. A release's `data`, or `blob`, is
 * an object or a string that holds JSON. With the table "v2/releases" it is the whole release, whatever its
 * parts are now. */
bool row_changes_add(struct tx *tx, struct row_changes *changes, const cJSON *change, struct error *e);

/* The changes as answers name them: an array, TX's, of objects with table, change_type, sc_id (null: an edit)
 * and the columns of the key. */
cJSON *row_changes_json(struct tx *tx, const struct row_changes *changes);

#endif
