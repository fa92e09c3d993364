/* Writes rows and their history, guarded by data_version. These functions check neither permissions nor
 * sign-offs nor scheduled changes: write tables that can be scheduled with resource_write.h only.
 *
 * History is written in the name of tx->actor, as the reference does it: an insert adds two rows to the
 * history (the key alone, 1 ms earlier, then the whole row), an update adds the row, a delete adds the key
 * alone. The history of releases and assets is kept elsewhere: see release_history.h.
 *
 * Members of a row that are not columns of the table are ignored. */
#ifndef BALROG_STORE_ROW_WRITE_H
#define BALROG_STORE_ROW_WRITE_H

#include "store/row.h"

/* The error text for a second rule with the same alias. It is the reference's. */
#define ROW_ALIAS_EXISTS "Rule with alias exists."

/* Inserts VALUES with data_version 1. Columns that the database numbers are not taken from VALUES. *ROW
 * (unless NULL) becomes the whole new row, see row_with(). FAIL_DUPLICATE if the key, or a rule's alias,
 * exists already. */
bool row_insert(struct tx *tx, const struct table *t, const cJSON *values, cJSON **row, struct error *e);
/* Sets the columns in WHAT, except the key, of the row OLD, which row_get() has read with ROW_LOCKED in this
 * transaction. FAIL_OUTDATED, before anything is written, if OLD is not at DATA_VERSION (which is ignored if
 * T is not versioned). FAIL_DUPLICATE if another rule has the alias. *ROW (unless NULL) becomes the whole row
 * after the update. */
bool row_update(struct tx *tx, const struct table *t, const cJSON *old, const cJSON *what,
                int64_t data_version, cJSON **row, struct error *e);
/* The same where TEXT (absent: none) is that of the big column, which is then not printed: OLD, WHAT and *ROW
 * may have only a part of it. */
bool row_update_text(struct tx *tx, const struct table *t, const cJSON *old, const cJSON *what,
                     struct str text, int64_t data_version, cJSON **row, struct error *e);
/* Deletes the row OLD. OLD and DATA_VERSION are as for row_update(). */
bool row_delete(struct tx *tx, const struct table *t, const cJSON *old, int64_t data_version,
                struct error *e);

#endif
