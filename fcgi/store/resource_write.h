/* Writes rows of tables that can be scheduled: checks permissions, validity, sign-offs and scheduled changes
 * first, by the functions of the table's resource.
 *
 * GIVEN are the sign-offs that were given, an object {user: role}; only enacting has any, so NULL for direct
 * writes. FAIL_SIGNOFF if more are needed. Rows that are handed out are owned by TX. */
#ifndef BALROG_STORE_RESOURCE_WRITE_H
#define BALROG_STORE_RESOURCE_WRITE_H

#include "store/resource.h"

/* Inserts VALUES. *ROW (unless NULL) becomes the new row. FAIL_SCHEDULED if a scheduled change is to insert
 * the same row; otherwise as row_insert(). */
bool resource_insert(struct tx *tx, const struct resource *r, const cJSON *values, const cJSON *given,
                     cJSON **row, struct error *e);

/* An update that is asked for. */
struct resource_edit {
    const cJSON *key; /* has the key columns */
    cJSON *old;       /* the row, if TX has read it with a lock, so that it need not be read again; or NULL */
    const cJSON *what;    /* the columns to set */
    int64_t data_version; /* of the row from which WHAT was made */
    const cJSON *given;
    struct str text; /* of the big column of the row that WHAT makes; absent: it is printed */
    /* OLD and WHAT have only a part of the big column, which decides about permissions, validity and
     * sign-offs as the whole would; TEXT is that of the whole. No change is scheduled for the row, see
     * sc_pending(). */
    bool partial;
};
/* Updates a row, which is read FOR UPDATE. *ROW (unless NULL) becomes the row after the update.
 * FAIL_NOT_FOUND if there is no such row. Changes that are scheduled for the row take over the new values if
 * they set other columns; otherwise FAIL_MERGE. */
bool resource_update(struct tx *tx, const struct resource *r, const struct resource_edit *edit, cJSON **row,
                     struct error *e);
/* Deletes the row with the key columns of KEY. FAIL_NOT_FOUND; FAIL_SCHEDULED if a change of it is
 * scheduled. */
bool resource_delete(struct tx *tx, const struct resource *r, const cJSON *key, int64_t data_version,
                     const cJSON *given, struct error *e);

#endif
