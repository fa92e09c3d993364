/* Descriptions of tables: their columns, in the order in which the API prints them. And reading rows as JSON.
 */
#ifndef BALROG_STORE_TABLE_H
#define BALROG_STORE_TABLE_H

#include "core/json.h"
#include "store/db.h"

enum column_type {
    COLUMN_INT,
    COLUMN_TEXT,
    COLUMN_BOOL, /* TINYINT */
    COLUMN_JSON, /* text with JSON; a row has the parsed value */
};

enum column_flag {
    COLUMN_KEY = 1,   /* part of the primary key */
    COLUMN_AUTO = 2,  /* numbered by the database */
    COLUMN_FALSE = 4, /* false, not NULL, if an insert does not set it; in histories, too */
    COLUMN_BIG = 8,   /* a release's blob: the last column of the table, read only on request */
};

struct column {
    const char *name;
    enum column_type type;
    unsigned flags;
};

enum { TABLE_COLUMNS_MAX = 40 };

enum table_flag {
    TABLE_VERSIONED = 1, /* has data_version, which every update increments */
    TABLE_RELEASES = 2,  /* its history is kept by release_history.h */
    TABLE_PART = 4,      /* always written together with a row of another table: leaves no audit lines */
};

struct table {
    const char *name;
    struct column column[TABLE_COLUMNS_MAX]; /* up to the first without a name */
    unsigned flags;
    const struct table *history; /* NULL: none */
    const struct table
        *scheduled;           /* the table of scheduled changes to it; NULL: changes cannot be scheduled */
    const struct table *base; /* of a scheduled table: the table that it changes */
    const struct table *conditions; /* of a scheduled table: times and uptakes */
    const struct table *signoffs;   /* of a scheduled table: sign-offs */
};

/* The tables of the API. Tables that belong to them are reached through their members: table_rules.history,
 * table_rules.scheduled, table_rules.scheduled->conditions->history. */
extern const struct table table_rules;
extern const struct table table_releases;
extern const struct table table_releases_json;
extern const struct table table_release_assets;
extern const struct table table_permissions;
extern const struct table table_user_roles;
extern const struct table table_role_grants;
extern const struct table table_product_req_signoffs;
extern const struct table table_permissions_req_signoffs;
extern const struct table table_emergency_shutoffs;
extern const struct table table_partial_stops;
extern const struct table table_pinnable_releases;
extern const struct table table_expectations;

/* Which rows of a table to read: those whose columns equal these values. Texts compare exactly, whatever the
 * collation. A key with a NULL value is ignored. */
enum { TABLE_KEYS_MAX = 4, TABLE_PARAMS_MAX = 4 };
struct table_query {
    const struct table *table;
    struct {
        const char *column;
        struct db_value value;
    } key[TABLE_KEYS_MAX];         /* up to the first without a column */
    bool with_big;                 /* also read the big column */
    void *big_owner;               /* owns what is in the big column of a row, which nobody may change then
                                      (json_parse_whole()); NULL: the row does */
    bool big_unparsed;             /* rows come without that column; for its text, see big_text */
    struct str *big_text;          /* out, by table_get(): the text of that column, big_owner's; or NULL */
    const char *more;              /* another condition, "a LIKE ?", or NULL */
    const char *tail;              /* ORDER BY …, or NULL */
    const struct db_value *params; /* for the '?' in `more` and `tail` */
    size_t n_params;
};

/* Runs Q. NULL on failure. db_finish() ends it. */
struct db_rows *table_find(struct db *db, const struct table_query *q, struct error *e);
/* Goes to the next row of a result of table_find(Q), as db_next() does. */
bool table_next(struct db_rows *rows, const struct table_query *q, struct error *e);
/* The index of the column NAME of T, which must exist. */
unsigned table_column(const struct table *t, const char *name);
/* The column NAME of T, or NULL. */
const struct column *table_has(const struct table *t, const char *name);
/* The current row as a JSON object, owned by the caller. The columns of the result must be those of T, with
 * or without its big column. Text of a JSON column that is not valid JSON becomes a string. */
cJSON *table_row(const struct table *t, const struct db_rows *rows);
/* Adds the big column C, whose text is TEXT, to ROW. OWNER, a talloc context, owns what is in it: nobody may
 * change that. */
void table_add_big(cJSON *row, const struct column *c, struct str text, void *owner);
/* The same where the columns of T begin with column FIRST, counted from 0. */
cJSON *table_row_from(const struct table *t, const struct db_rows *rows, unsigned first);

/* The value that such an object has for the column C, whose text is TEXT (absent: NULL). The caller owns it.
 */
cJSON *table_value(const struct column *c, struct str text);

/* Appends all rows of Q to OUT as a JSON array in the style of jsonify, and counts them. The text is made
 * from the columns directly: much faster than a list of rows that json_print() prints, with the same result.
 */
bool table_print(struct db *db, const struct table_query *q, struct buf *out, size_t *count, struct error *e);
/* Reads the first row of Q: *ROW is an object, owned by the caller, or NULL if there is none. */
bool table_get(struct db *db, const struct table_query *q, cJSON **row, struct error *e);
/* Counts the rows of Q, which must not have a tail, nor texts among its keys. */
bool table_count(struct db *db, const struct table_query *q, int64_t *count, struct error *e);

#endif
