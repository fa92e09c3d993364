/* Tables as data: their columns, in the order in which the API prints them, and rows as JSON. */
#ifndef BALROG_STORE_TABLE_H
#define BALROG_STORE_TABLE_H

#include "core/json.h"
#include "store/db.h"

enum column_type {
    COLUMN_INT,
    COLUMN_TEXT,
    COLUMN_BOOL, /* TINYINT */
    COLUMN_JSON, /* a text that holds JSON, in a row as the value; NULL where it is null */
};

enum column_flag {
    COLUMN_KEY = 1,   /* of the primary key */
    COLUMN_AUTO = 2,  /* numbered by the database */
    COLUMN_FALSE = 4, /* false, not NULL, where an insert does not say; in histories too */
    COLUMN_BIG = 8,   /* a release's blob: the table's last column, read where it is asked for */
};

struct column {
    const char *name;
    enum column_type type;
    unsigned flags;
};

enum { TABLE_COLUMNS_MAX = 40 };

enum table_flag {
    TABLE_VERSIONED = 1, /* has data_version, which every update raises */
    TABLE_RELEASES = 2,  /* its history is kept by release_history.h */
    TABLE_PART = 4,      /* goes with another row, with which it is written: no audit lines of its own */
};

struct table {
    const char *name;
    struct column column[TABLE_COLUMNS_MAX]; /* up to the first without a name */
    unsigned flags;
    const struct table *history;    /* NULL: none */
    const struct table *scheduled;  /* changes to it that are scheduled; NULL: none can be */
    const struct table *base;       /* of a scheduled table: the one that it changes */
    const struct table *conditions; /* of a scheduled table: when, or at what uptake */
    const struct table *signoffs;   /* of a scheduled table */
};

/* The tables that the API knows. Those that go with them are reached from here: table_rules.history,
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
extern const struct table table_pinnable_releases;

/* Which rows of a table are wanted: those whose columns equal the values given. Texts compare exactly,
 * whatever the collation. A key whose value is NULL is left out. */
enum { TABLE_KEYS_MAX = 4, TABLE_PARAMS_MAX = 4 };
struct table_query {
    const struct table *table;
    struct {
        const char *column;
        struct db_value value;
    } key[TABLE_KEYS_MAX];         /* up to the first without a column */
    bool with_big;                 /* the big column too */
    const char *more;              /* a further condition, "a LIKE ?", or NULL */
    const char *tail;              /* ORDER BY …, or NULL */
    const struct db_value *params; /* for the '?' of these two */
    size_t n_params;
};

/* Runs Q. NULL on failure. db_finish() ends it. */
struct db_rows *table_find(struct db *db, const struct table_query *q, struct error *e);
/* Goes to the next row of a result of table_find(Q), as db_next() does. */
bool table_next(struct db_rows *rows, const struct table_query *q, struct error *e);
/* The index of a column of T, which there must be. */
unsigned table_column(const struct table *t, const char *name);
/* The column NAME of T, or NULL. */
const struct column *table_has(const struct table *t, const char *name);
/* The current row, whose columns are those of T (with or without its big one), as an object with its members
 * in that order. Text of a JSON column that is no JSON becomes a string. */
cJSON *table_row(const struct table *t, const struct db_rows *rows);

/* S as a JSON string, up to a NUL if it has one. */
cJSON *json_text(struct str s);
/* Gives VALUE to CTX, with which it goes. Returns it; NULL is fine. */
const cJSON *json_keep(void *ctx, cJSON *value);

/* Appends all rows of Q to OUT as a JSON array in the style of jsonify, and counts them. */
bool table_print(struct db *db, const struct table_query *q, struct buf *out, size_t *count, struct error *e);
/* The first row of Q as an object (the caller's), NULL when there is none. */
bool table_get(struct db *db, const struct table_query *q, cJSON **row, struct error *e);
/* How many rows Q, whose keys are no texts and which has no tail, has. */
bool table_count(struct db *db, const struct table_query *q, int64_t *count, struct error *e);

#endif
