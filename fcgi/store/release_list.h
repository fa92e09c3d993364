/* Lists of releases, from the v1 table and the v2 tables, with the rules that map to them, their scheduled
 * changes and the sign-offs that they need. (reference: db.py getReleaseInfo, services/releases.py
 * get_releases)
 *
 * The number of statements does not depend on the number of releases. TX only reads; only its members db, mem
 * and request are used. */
#ifndef BALROG_STORE_RELEASE_LIST_H
#define BALROG_STORE_RELEASE_LIST_H

#include "core/buf.h"
#include "store/tx.h"

/* Which releases are listed. A member that is absent or empty does not limit them. Both compare exactly. */
struct release_filter {
    struct str product;
    struct str name_prefix;
};

/* Appends the names to OUT as a JSON array: first v1, then v2. */
bool release_list_names(struct tx *tx, const struct release_filter *filter, struct buf *out, struct error *e);

/* Appends the releases to OUT as a JSON array of objects, without their blobs: first v1, then v2, then those
 * that do not exist yet and are only scheduled. The latter have no product, so a filter by product excludes
 * them. */
bool release_list_print(struct tx *tx, const struct release_filter *filter, struct buf *out, struct error *e);

/* The same for the v1 table only. Each release also has required_signoffs. */
bool release_list_names_v1(struct tx *tx, const struct release_filter *filter, struct buf *out,
                           struct error *e);
bool release_list_print_v1(struct tx *tx, const struct release_filter *filter, struct buf *out,
                           struct error *e);
/* The same for the v2 tables only. Scheduled changes also show which of their sign-offs do not count
 * (signoff_invalid.h). */
bool release_list_names_v2(struct tx *tx, struct buf *out, struct error *e);
bool release_list_print_v2(struct tx *tx, struct buf *out, struct error *e);

#endif
