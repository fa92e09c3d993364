/* Releases of the v1 table: the handlers of /releases, and what they share. */
#ifndef BALROG_ADMIN_RELEASES_V1_H
#define BALROG_ADMIN_RELEASES_V1_H

#include "admin/admin.h"
#include "admin/resources.h"

/* ---- handlers ---- */

/* releases_v1_read.c */
bool releases_v1_list(struct admin_call *call, struct error *e);
bool releases_v1_get(struct admin_call *call, struct error *e);
bool releases_v1_get_column(struct admin_call *call, struct error *e);
bool releases_v1_get_locale(struct admin_call *call, struct error *e);
bool releases_v1_get_read_only(struct admin_call *call, struct error *e);
bool releases_v1_get_writable_signoffs(struct admin_call *call, struct error *e);
/* releases_v1_write.c */
bool releases_v1_create(struct admin_call *call, struct error *e);
bool releases_v1_ensure(struct admin_call *call, struct error *e);
bool releases_v1_delete(struct admin_call *call, struct error *e);
bool releases_v1_put_read_only(struct admin_call *call, struct error *e);
/* releases_v1_parts.c */
bool releases_v1_update(struct admin_call *call, struct error *e);
bool releases_v1_put_locale(struct admin_call *call, struct error *e);
/* releases_servable.c; the route of v2 has the same handler */
bool releases_servable_get(struct admin_call *call, struct error *e);

/* ---- rows ---- */

/* *ROW becomes the release NAME, or NULL. LOCK is that of store/row.h; a plain row does not have its data. */
bool releases_v1_find(struct admin_call *call, const char *name, enum row_lock lock, cJSON **row,
                      struct error *e);
/* {"name": NAME}, owned by the transaction. */
cJSON *releases_v1_key(struct admin_call *call, const char *name);
/* Refuses the call with a 404 for the release NAME. Returns false. */
bool releases_v1_missing(struct admin_call *call, const char *name);

/* Checks that tx->actor may ACTION ("create", "modify", "delete") releases of PRODUCT; FAIL_PERMISSION.
 * Handlers check this before they read, lock or validate anything large. */
bool releases_v1_demand(struct tx *tx, const char *action, const char *product, struct error *e);
/* Checks that tx->actor may make releases of PRODUCT read-only, or writable again; FAIL_PERMISSION. */
bool releases_v1_demand_read_only(struct tx *tx, bool read_only, const char *product, struct error *e);
/* Checks that tx->actor may change the release NAME or, if it does not exist, create it for PRODUCT. *ROW
 * becomes the plain row, or NULL. */
bool releases_v1_may_write(struct admin_call *call, const char *name, const char *product, cJSON **row,
                           struct error *e);

/* *BLOB becomes what the release NAME was at DATA_VERSION, owned by the transaction; FAIL_INVALID if that is
 * not known. */
bool releases_v1_ancestor(struct tx *tx, const char *name, int64_t data_version, const cJSON **blob,
                          struct error *e);
/* *MERGED becomes TIP, the blob as it is now, merged with MINE, which was made from ANCESTOR. It is owned by
 * the transaction. FAIL_OUTDATED if they do not fit together. */
bool releases_v1_merge(struct tx *tx, const cJSON *ancestor, const cJSON *tip, const cJSON *mine,
                       const cJSON **merged, struct error *e);

/* If E is about the contents of the request (FAIL_BLOB, FAIL_INVALID, FAIL_READ_ONLY or, if LATE,
 * FAIL_OUTDATED), refuses the call as the handlers of the reference do: with the reasons, and with DETAIL, or
 * READ_ONLY_DETAIL for FAIL_READ_ONLY. Other errors are left as they are. Returns false. */
bool releases_v1_refused(struct admin_call *call, const struct error *e, bool late, const char *detail,
                         const char *read_only_detail);

#endif
