/* What releases, of both kinds, and assets have been: every version, compressed, in tables of our own.
 *
 * A version is kept as what it differs in from an earlier one, at most nineteen of which have to be put
 * together to have it back, exactly as it was. Rows are named by TABLE ("releases", "releases_json",
 * "release_assets"), NAME, and PATH ("" but for assets). */
#ifndef BALROG_STORE_RELEASE_HISTORY_H
#define BALROG_STORE_RELEASE_HISTORY_H

#include "store/tx.h"

/* Records that the row becomes JSON at DATA_VERSION, or that it is deleted (JSON absent; DATA_VERSION is the
 * version that goes), in the name of tx->actor. It is called within TX just before the row itself is written,
 * and while it is locked: where the version that is replaced is not recorded (an adopted release, or another
 * program has written), it is still to be read from TABLE, and is recorded first. */
bool release_history_record(struct tx *tx, const char *table, const char *name, const char *path,
                            int64_t data_version, struct str json, struct error *e);

/* The row's JSON at DATA_VERSION, TX's; absent when that is not recorded. Versions from before the row was
 * last deleted do not count. */
bool release_history_read(struct tx *tx, const char *table, const char *name, const char *path,
                          int64_t data_version, struct str *json, struct error *e);
/* The same for one entry of release_history_list(). */
bool release_history_change(struct tx *tx, int64_t change_id, struct str *json, struct error *e);

/* What is recorded of the row, newest first, LIMIT entries from the one at FROM (the first is 0): an array of
 * objects, TX's, with change_id, data_version, deleted, changed_by, timestamp (ms; both are null where
 * somebody else has written) and size (bytes). */
bool release_history_list(struct tx *tx, const char *table, const char *name, const char *path, int64_t from,
                          int64_t limit, cJSON **list, struct error *e);

#endif
