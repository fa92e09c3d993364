/* What the files of /releases, those of the v1 table, share. */
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

/* The release NAME, *ROW NULL when there is none. LOCK as in write.h; the plain row comes without its data.
 */
bool releases_v1_find(struct admin_call *call, const char *name, enum row_lock lock, cJSON **row,
                      struct error *e);
/* {"name": NAME}, the transaction's. */
cJSON *releases_v1_key(struct admin_call *call, const char *name);
/* The 404 for a release NAME that is not there. Returns false. */
bool releases_v1_missing(struct admin_call *call, const char *name);

/* Whether tx->actor may ACTION ("create", "modify", "delete") releases of PRODUCT; FAIL_PERMISSION. Handlers
 * ask this before they read, lock or check anything large. */
bool releases_v1_demand(struct tx *tx, const char *action, const char *product, struct error *e);
/* Whether tx->actor may make releases of PRODUCT read-only, or writable again. */
bool releases_v1_demand_read_only(struct tx *tx, bool read_only, const char *product, struct error *e);
/* releases_v1_demand() for replacing or changing the release NAME, or, where there is none, for creating it
 * for PRODUCT. *ROW receives the plain row, NULL when there is none. */
bool releases_v1_may_write(struct admin_call *call, const char *name, const char *product, cJSON **row,
                           struct error *e);

/* What the release NAME held at DATA_VERSION, the transaction's; FAIL_INVALID when that is not known. */
bool releases_v1_ancestor(struct tx *tx, const char *name, int64_t data_version, cJSON **blob,
                          struct error *e);

/* Where E is about what was sent (FAIL_BLOB, FAIL_INVALID; FAIL_READ_ONLY; FAIL_OUTDATED if LATE): the answer
 * that the handlers give themselves, with DETAIL, or READ_ONLY_DETAIL for the second, and the reasons.
 * Returns false; any other E is left to who called the handler. */
bool releases_v1_refused(struct admin_call *call, const struct error *e, bool late, const char *detail,
                         const char *read_only_detail);

#endif
