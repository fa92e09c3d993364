/* Rows written with their history, guarded by data_version. Permissions, sign-offs and scheduled changes are
 * not looked at here: tables that can be scheduled are written through resource.h alone.
 *
 * A row is a JSON object whose members are columns; members that are no columns of the table are left alone.
 * History is written in the name of tx->actor, as the reference does it: an insert leaves two rows (the key
 * alone 1 ms before, then the row), an update the row, a delete the key alone. Releases, of both kinds, and
 * assets keep theirs elsewhere: see release_history.h.
 *
 * Rows handed out are TX's. What the JSON columns of a new row hold is shared with the values it was made
 * from: these must live as long as TX, and none of it may be changed. */
#ifndef BALROG_STORE_WRITE_H
#define BALROG_STORE_WRITE_H

#include "store/tx.h"

enum row_lock {
    ROW_PLAIN,  /* as of the transaction's snapshot */
    ROW_SHARED, /* as committed last; nobody changes it before we commit */
    ROW_LOCKED, /* FOR UPDATE: as committed last; for a row that is to be written */
};

/* The row of T whose key columns are those of KEY; *ROW is NULL when there is none. */
bool row_get(struct tx *tx, const struct table *t, const cJSON *key, enum row_lock lock, cJSON **row,
             struct error *e);
/* All rows that Q asks for, as a JSON array. */
bool row_list(struct tx *tx, const struct table_query *q, cJSON **rows, struct error *e);

/* How it is refused to give a rule another one's alias, as the reference says it. */
#define WRITE_ALIAS_EXISTS "Rule with alias exists."

/* Inserts VALUES at data_version 1. A column that the database numbers is not taken from VALUES. *ROW (unless
 * NULL) becomes the whole new row. FAIL_DUPLICATE when the key, or a rule's alias, exists; so does
 * row_update(). */
bool row_insert(struct tx *tx, const struct table *t, const cJSON *values, cJSON **row, struct error *e);
/* Sets the columns in WHAT, keys excepted, of OLD, which row_get() has LOCKED in this transaction.
 * FAIL_OUTDATED, before anything is written, when OLD is not at DATA_VERSION (which counts for nothing where
 * T is not versioned). *ROW (unless NULL) becomes the whole row as it is now. */
bool row_update(struct tx *tx, const struct table *t, const cJSON *old, const cJSON *what,
                int64_t data_version, cJSON **row, struct error *e);
/* Deletes OLD, as row_update(). */
bool row_delete(struct tx *tx, const struct table *t, const cJSON *old, int64_t data_version,
                struct error *e);

/* The new row that WHAT makes of OLD (keys and data_version stay). */
cJSON *row_with(struct tx *tx, const struct table *t, const cJSON *old, const cJSON *what);
/* Whether two values of a column are the same; NULL counts as JSON null. */
bool row_same(const cJSON *a, const cJSON *b);
/* A column of ROW as a whole number, 0 when it has none; as text, NULL when it is null. */
int64_t row_int(const cJSON *row, const char *column);
const char *row_text(const cJSON *row, const char *column);
bool row_true(const cJSON *row, const char *column);
/* A new object of TX with one member, for keys; add more with cJSON_Add…. */
cJSON *row_key(struct tx *tx, const char *column, const char *value);
cJSON *row_key_int(struct tx *tx, const char *column, int64_t value);

#endif
