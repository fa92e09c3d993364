/* A table as the admin API sees it: who may change what, what needs sign-offs, what happens besides.
 *
 * Direct writes, scheduling, merging and enacting all pass through the same functions of a resource. Each of
 * the nine tables that can be scheduled has one. */
#ifndef BALROG_STORE_RESOURCE_H
#define BALROG_STORE_RESOURCE_H

#include "store/access.h"
#include "store/signoff.h"
#include "store/row_write.h"

enum change_type { CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE };

/* A change to one row, made or to be made. */
struct change {
    enum change_type type;
    const cJSON *old;  /* the row as it is; NULL for an insert */
    const cJSON *what; /* the columns that were given; NULL for a delete */
    const cJSON *now;  /* the row as it would be; NULL for a delete */
    bool dry;          /* it is being scheduled, not made */
    bool scheduled;    /* dry, and it is scheduled already: it is dropped, or a direct write merged into it */
};

/* Which product a row of a table belongs to, where that is all that counts: whether somebody who is limited
 * to products may act on it. */
enum resource_scope {
    SCOPE_NONE,    /* to none: nobody who is limited may */
    SCOPE_COLUMN,  /* to the one in its column `product` */
    SCOPE_RELEASE, /* to that of the v2 release whose name it has */
};

struct resource {
    const struct table *table;

    /* May tx->actor make this change, and is it valid? Tests both in the reference's order. */
    bool (*check)(struct tx *tx, const struct change *c, struct error *e);
    /* Adds to NEEDS (needs_add) the sign-offs that C needs, for the old and the new row both. C->old may be
     * NULL for an update too: then the new row alone counts. Rows may lack their big column (a release's
     * data). NULL: never any. */
    bool (*require)(struct tx *tx, const struct change *c, cJSON *needs, struct error *e);
    /* An update whose data_version is not C->old's: makes *WHAT the columns to write to C->old instead, a
     * merge of the two, or fails with FAIL_OUTDATED. NULL: every such update fails so. */
    bool (*merge)(struct tx *tx, const struct change *c, int64_t data_version, cJSON **what, struct error *e);
    /* Adds to NAMES (release_names_add) the releases that clients get by C: what a rule maps to, say. C->now
     * has all columns. NULL: none. */
    void (*leads_to)(const struct change *c, cJSON *names);
    /* After the row was written. NULL: nothing to do. */
    bool (*after)(struct tx *tx, const struct change *c, struct error *e);
    /* Further conditions on C when it is scheduled, as SC_ID, or when that is edited (0: it is new). They are
     * not asked when it is dropped or made. NULL: none. */
    bool (*plan)(struct tx *tx, const struct change *c, int64_t sc_id, struct error *e);
    enum resource_scope scope;
};

/* Writes. An insert is FAIL_SCHEDULED when a scheduled change is to insert the same row. GIVEN are the
 * sign-offs that were given, an object {user: role}; NULL for none: only enacting has any. Rows handed out
 * are TX's. FAIL_SIGNOFF when more are needed. */
bool resource_insert(struct tx *tx, const struct resource *r, const cJSON *values, const cJSON *given,
                     cJSON **row, struct error *e);
/* KEY has the key columns. The row is read FOR UPDATE; FAIL_NOT_FOUND when there is none. Scheduled changes
 * of the row take the new values over where they and WHAT differ from it in different columns, else
 * FAIL_MERGE. */
bool resource_update(struct tx *tx, const struct resource *r, const cJSON *key, const cJSON *what,
                     int64_t data_version, const cJSON *given, cJSON **row, struct error *e);
/* FAIL_SCHEDULED when a change of the row is scheduled. */
bool resource_delete(struct tx *tx, const struct resource *r, const cJSON *key, int64_t data_version,
                     const cJSON *given, struct error *e);

/* Whether USERNAME is an admin for each product that the row OLD belongs to, and the row NOW; either may be
 * NULL, where it does not exist. */
bool resource_is_admin(struct tx *tx, const struct resource *r, const char *username, const cJSON *old,
                       const cJSON *now, bool *is, struct error *e);

/* The sign-offs that C needs: {role: count}, TX's. */
bool resource_needs(struct tx *tx, const struct resource *r, const struct change *c, cJSON **needs,
                    struct error *e);

#endif
