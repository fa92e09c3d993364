/* Lists of releases, of the v1 table and of the v2 tables, with what rules map to them, what is scheduled and
 * which sign-offs they need (reference: db.py getReleaseInfo, services/releases.py get_releases).
 *
 * The number of statements does not depend on the number of releases. TX only reads; of its members only db,
 * mem and request are used. */
#ifndef BALROG_STORE_RELEASE_LIST_H
#define BALROG_STORE_RELEASE_LIST_H

#include "core/buf.h"
#include "store/tx.h"

/* Which releases; absent or empty: any. Both compare exactly. */
struct release_filter {
    struct str product;
    struct str name_prefix;
};

/* Appends the names to OUT as a JSON array: first v1, then v2. */
bool release_list_names(struct tx *tx, const struct release_filter *filter, struct buf *out, struct error *e);

/* Appends the releases to OUT as a JSON array of objects, without their blobs: first v1, then v2, then those
 * that so far are only scheduled (where the filter names no product: they have none). */
bool release_list_print(struct tx *tx, const struct release_filter *filter, struct buf *out, struct error *e);

/* The same for the v1 table alone; each release has required_signoffs, too. */
bool release_list_names_v1(struct tx *tx, const struct release_filter *filter, struct buf *out,
                           struct error *e);
bool release_list_print_v1(struct tx *tx, const struct release_filter *filter, struct buf *out,
                           struct error *e);
/* The same for the v2 tables alone; scheduled changes show which of their sign-offs do not count
 * (signoff_invalid.h). */
bool release_list_names_v2(struct tx *tx, struct buf *out, struct error *e);
bool release_list_print_v2(struct tx *tx, struct buf *out, struct error *e);

#endif
