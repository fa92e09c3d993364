/* The history of releases, v1 and v2, and of assets: every version, compressed, in tables that the reference
 * does not have.
 *
 * A version is stored as its difference from an earlier one. At most nineteen differences have to be applied
 * to restore a version, exactly as it was. */
#ifndef BALROG_STORE_RELEASE_HISTORY_H
#define BALROG_STORE_RELEASE_HISTORY_H

#include "store/tx.h"

/* The row of which versions are recorded. */
struct recorded_row {
    const char *table; /* "releases", "releases_json" or "release_assets" */
    const char *name;
    const char *path; /* of an asset; else "" */
};

/* Records, in the name of tx->actor, that the row becomes JSON with DATA_VERSION, or that it is deleted (JSON
 * is absent; DATA_VERSION is its last version). To be called just before the row itself is written, while it
 * is locked: if the version that is replaced is not recorded yet (because the database was adopted, or
 * another program has written it), it is read from TABLE and recorded first. */
bool release_history_record(struct tx *tx, struct recorded_row row, int64_t data_version, struct str json,
                            struct error *e);

/* TX has read the row FOR UPDATE, with the text JSON at DATA_VERSION, which is taken over (talloc). The next
 * release_history_record(), if it is for this row, does not read it again. */
void release_history_seen(struct tx *tx, struct recorded_row row, int64_t data_version, struct str json);

/* Reads the row's JSON at DATA_VERSION, owned by TX. *JSON is absent if this version is not recorded, or is
 * from before the row was last deleted. */
bool release_history_read(struct tx *tx, struct recorded_row row, int64_t data_version, struct str *json,
                          struct error *e);
/* Reads the JSON of one entry of release_history_list(). */
bool release_history_change(struct tx *tx, int64_t change_id, struct str *json, struct error *e);

/* Lists what is recorded of the row, newest first: LIMIT entries from the index FROM on (the first is 0).
 * *LIST is an array of objects, owned by TX, with change_id, data_version, deleted, changed_by, timestamp (ms
 * since 1970) and size (bytes). changed_by and timestamp are null if another program wrote the version. */
bool release_history_list(struct tx *tx, struct recorded_row row, int64_t from, int64_t limit, cJSON **list,
                          struct error *e);

#endif
