/* Rows as JSON objects, whose members are columns: reads them within a transaction, and gives their values.
 *
 * The functions that read return false if the database fails: E has FAIL_DATABASE, FAIL_BUSY or FAIL_OTHER.
 * Rows that these functions hand out belong to TX: they live until the attempt ends (tx.h). Callers must not
 * change them: rows may share parts. */
#ifndef BALROG_STORE_ROW_H
#define BALROG_STORE_ROW_H

#include "store/tx.h"

enum row_lock {
    ROW_PLAIN,  /* as in the transaction's snapshot, not locked */
    ROW_SHARED, /* the latest committed row; nobody can change it until TX ends */
    ROW_LOCKED, /* the same, read FOR UPDATE: for a row that TX is going to write */
};

/* Reads the row of T that has the key columns of KEY. *ROW is NULL if there is none, or if a key column is
 * missing or null in KEY. */
bool row_get(struct tx *tx, const struct table *t, const cJSON *key, enum row_lock lock, cJSON **row,
             struct error *e);
/* The same with ROW_LOCKED, for a release that will be written: fast for a large one. */
bool row_get_release(struct tx *tx, const struct table *t, const cJSON *key, cJSON **row, struct error *e);
/* The same without the column data: *TEXT is its text (absent: NULL), which lives until a release is written.
 * row_parse_release() adds the column to ROW. */
bool row_get_release_text(struct tx *tx, const struct table *t, const cJSON *key, cJSON **row,
                          struct str *text, struct error *e);
void row_parse_release(struct tx *tx, const struct table *t, cJSON *row, struct str text);
/* Reads all rows that Q asks for: *ROWS is a JSON array. */
bool row_list(struct tx *tx, const struct table_query *q, cJSON **rows, struct error *e);

/* The row of T that OLD becomes if the columns in WHAT are set. The key, data_version, and columns that the
 * database numbers stay as in OLD. OLD may be NULL for a new row: columns that WHAT lacks are then null (or
 * false, see COLUMN_FALSE). Values look as they do once they are stored: a number that was given as a string
 * is a number. The result shares JSON columns with OLD and WHAT, which must live as long as TX. */
cJSON *row_with(struct tx *tx, const struct table *t, const cJSON *old, const cJSON *what);
/* Makes VALUE (NULL: not given) a parameter for the column C. FAIL_INVALID if it does not fit the type. */
bool row_bind(struct tx *tx, const struct column *c, const cJSON *value, struct db_value *param,
              struct error *e);

/* Whether two values of a column are equal. NULL counts as JSON null. */
bool row_same(const cJSON *a, const cJSON *b);
/* The column as a whole number; 0 if ROW does not have it or it is not a number. */
int64_t row_int(const cJSON *row, const char *column);
/* The column as text, owned by ROW; NULL if ROW does not have it or it is not a text. */
const char *row_text(const cJSON *row, const char *column);
/* Whether the column is true. */
bool row_true(const cJSON *row, const char *column);

/* A new object, owned by TX, with one member: for keys. Add further members with cJSON_Add…. */
cJSON *row_key(struct tx *tx, const char *column, const char *value);
cJSON *row_key_int(struct tx *tx, const char *column, int64_t value);

#endif
