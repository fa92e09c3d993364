/* Releases of v2: the handlers of /v2/releases, and what they share. A release consists of a row of
 * releases_json, its base, and rows of release_assets, one per locale.
 *
 * To write any row of a release, its base is locked first: shared where only locales are written, so that
 * many may submit to one release at the same time, else exclusively. */
#ifndef BALROG_ADMIN_RELEASES_V2_H
#define BALROG_ADMIN_RELEASES_V2_H

#include "admin/admin.h"
#include "admin/resources.h"
#include "release/assets.h"
#include "store/resource.h"

/* ---- handlers ---- */

/* releases_v2_read.c */
bool releases_v2_list(struct admin_call *call, struct error *e);
bool releases_v2_get(struct admin_call *call, struct error *e);
bool releases_v2_get_all_versions(struct admin_call *call, struct error *e);
bool releases_v2_get_asset_version(struct admin_call *call, struct error *e);
/* releases_v2_parts.c */
bool releases_v2_merge(struct admin_call *call, struct error *e);
/* releases_v2_write.c */
bool releases_v2_replace(struct admin_call *call, struct error *e);
bool releases_v2_delete(struct admin_call *call, struct error *e);
bool releases_v2_set_read_only(struct admin_call *call, struct error *e);
/* releases_v2_schedule.c */
bool releases_v2_signoff(struct admin_call *call, struct error *e);
bool releases_v2_revoke(struct admin_call *call, struct error *e);
bool releases_v2_enact(struct admin_call *call, struct error *e);
bool releases_v2_drop(struct admin_call *call, struct error *e);

/* ---- rows (releases_v2_rows.c) ---- */

/* *ROW becomes the base of the release NAME, or NULL. */
bool releases_v2_read_base(struct tx *tx, const char *name, enum row_lock lock, cJSON **row, struct error *e);
/* The blob in the base ROW, borrowed; an empty object if the column holds none. */
const cJSON *releases_v2_blob_of(struct tx *tx, const cJSON *row);
/* *ROWS becomes all assets of NAME, sorted by path, with their data only if WITH_DATA. They are locked if TX
 * writes. */
bool releases_v2_read_assets(struct tx *tx, const char *name, bool with_data, cJSON **rows, struct error *e);
/* *ROWS becomes the pending scheduled changes of R for the release NAME, with their base_… columns, sorted by
 * sc_id. They are locked if TX writes. */
bool releases_v2_read_pending(struct tx *tx, const struct resource *r, const char *name, bool with_data,
                              cJSON **rows, struct error *e);
/* Puts VALUE, which it takes, at PATH of TREE. The path of the base is "." or NULL. */
void releases_v2_put(struct assets *tree, const char *path, cJSON *value);

/* ---- answering; these return true ---- */

/* 200 with {".": LEAF}; takes LEAF. */
bool releases_v2_answer_base(struct admin_call *call, cJSON *leaf);
/* 200 with an empty body. */
bool releases_v2_answer_empty(struct admin_call *call);

/* ---- permissions (releases_v2_resource.c) ---- */

/* Checks that tx->actor may ACTION ("create", "modify", "delete") releases of PRODUCT; FAIL_PERMISSION. */
bool releases_v2_demand(struct tx *tx, const char *action, const char *product, struct error *e);
/* The same for the product of the release NAME, if it exists. Handlers check this before they lock any of its
 * rows. */
bool releases_v2_demand_of(struct tx *tx, const char *name, const char *action, struct error *e);
/* Checks that tx->actor may make releases of PRODUCT read-only, or writable again; FAIL_PERMISSION. */
bool releases_v2_demand_read_only(struct tx *tx, bool read_only, const char *product, struct error *e);

/* ---- scheduling (releases_v2_schedule.c) ---- */

/* A change of one row that is to be scheduled. */
struct row_schedule {
    const struct resource *resource;
    enum change_type type;
    const cJSON *values; /* the row's key, and the columns that are set */
    int64_t version;     /* the row's data_version; not used for an insert */
    int64_t when;        /* ms since 1970 */
};
/* Schedules it. *LEAF is what the answer says of it; the caller frees it. */
bool releases_v2_schedule_row(struct tx *tx, const struct row_schedule *schedule, cJSON **leaf,
                              struct error *e);
/* Drops all that is scheduled for the release NAME, whose base is locked. *ANY: whether there was anything.
 */
bool releases_v2_drop_scheduled(struct tx *tx, const char *name, bool *any, struct error *e);

#endif
