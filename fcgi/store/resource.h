/* A table as the admin API sees it: who may change what, which changes need sign-offs, and what else a change
 * does. Each of the nine tables that can be scheduled has one resource.
 *
 * Direct writes (resource_write.h), scheduling, merging and enacting (schedule*.h) all call the same
 * functions of a resource, so that none of them is a way around another. */
#ifndef BALROG_STORE_RESOURCE_H
#define BALROG_STORE_RESOURCE_H

#include "store/access.h"
#include "store/change.h"
#include "store/row.h"
#include "store/signoff.h"

/* Which product a row of the table belongs to. This decides whether an admin who is limited to some products
 * may act on it. */
enum resource_scope {
    SCOPE_NONE,    /* to no product: an admin who is limited may not act on it */
    SCOPE_COLUMN,  /* to the product in its column `product` */
    SCOPE_RELEASE, /* to the product of the v2 release that has its name */
};

struct resource {
    const struct table *table;

    /* Checks that tx->actor may make this change, and that it is valid, in the reference's order. */
    bool (*check)(struct tx *tx, const struct change *c, struct error *e);
    /* Adds to NEEDS (signoff_needs_add) the sign-offs that C needs, because of the old row and because of the
     * new row. C->old may be NULL for an update, too: then only the new row counts. Rows may lack their big
     * column (a release's data). NULL: changes never need sign-offs. */
    bool (*require)(struct tx *tx, const struct change *c, cJSON *needs, struct error *e);
    /* Merges an update that was made from an older version of the row, DATA_VERSION, with the row as it is
     * now, C->old: *WHAT becomes the columns to write. FAIL_OUTDATED if that is not possible. NULL: every
     * such update is FAIL_OUTDATED. */
    bool (*merge)(struct tx *tx, const struct change *c, int64_t data_version, cJSON **what, struct error *e);
    /* Adds to NAMES (release_names_add) the releases that clients get because of C, for example those that a
     * rule maps to. C->now has all columns. NULL: none. */
    void (*leads_to)(const struct change *c, cJSON *names);
    /* Called after the row was written. NULL: nothing to do. */
    bool (*after)(struct tx *tx, const struct change *c, struct error *e);
    /* Further checks of C when it is scheduled (SC_ID is 0) or when the scheduled change SC_ID is edited, but
     * not when it is deleted or enacted. NULL: none. */
    bool (*plan)(struct tx *tx, const struct change *c, int64_t sc_id, struct error *e);
    enum resource_scope scope;
};

/* Whether USERNAME is an admin for the products that the rows OLD and NOW belong to. Either may be NULL: that
 * row does not exist. */
bool resource_is_admin(struct tx *tx, const struct resource *r, const char *username, const cJSON *old,
                       const cJSON *now, bool *is, struct error *e);

/* The sign-offs that C needs: *NEEDS is an object {role: count}, owned by TX. */
bool resource_needs(struct tx *tx, const struct resource *r, const struct change *c, cJSON **needs,
                    struct error *e);

#endif
