/* The two rows of a scheduled change: one of T_scheduled_changes, in which the columns of the base table T
 * have the prefix base_, and one of T_scheduled_changes_conditions. They are written together and always have
 * the same data_version. Whoever edits, signs, enacts or deletes a scheduled change locks its first row
 * first, so that these happen one after the other.
 *
 * For the files schedule*.c and resource_write.c; readers of scheduled rows use sc_base(), too. Everything
 * that is handed out belongs to TX. */
#ifndef BALROG_STORE_SCHEDULE_ROW_H
#define BALROG_STORE_SCHEDULE_ROW_H

#include "store/resource.h"

/* A scheduled change as its two rows hold it. Both are locked. */
struct sc_change {
    int64_t id;
    int64_t version; /* data_version of both rows */
    enum change_type type;
    cJSON *row;
    cJSON *conditions;
};

/* The columns of the base table in ROW, a row of the scheduled table: without their prefix. */
cJSON *sc_base(struct tx *tx, const cJSON *row);
/* The columns of WHAT that the base table has, with their prefix. */
cJSON *sc_prefixed(struct tx *tx, const struct resource *r, const cJSON *what);
/* The conditions in WHAT, and those that only OLD (may be NULL) has. */
cJSON *sc_conditions(struct tx *tx, const cJSON *what, const cJSON *old);
/* The columns of the base table in WHAT, and those that only OLD has, unless they are null there. OLD is a
 * row of the scheduled table, or NULL. */
cJSON *sc_columns(struct tx *tx, const struct resource *r, const cJSON *what, const cJSON *old);
/* FAIL_INVALID if NAME is NULL or not the name of a type. */
bool sc_parse_type(const char *name, enum change_type *type, struct error *e);

/* Reads and locks the scheduled change SC_ID. FAIL_NOT_FOUND. */
bool sc_open(struct tx *tx, const struct resource *r, int64_t sc_id, struct sc_change *sc, struct error *e);
/* The same; FAIL_INVALID if it is complete: "… Cannot VERB now." */
bool sc_open_pending(struct tx *tx, const struct resource *r, int64_t sc_id, const char *verb,
                     struct sc_change *sc, struct error *e);
/* Locks it in the same way, without its conditions and without its big column. */
bool sc_lock_pending(struct tx *tx, const struct resource *r, int64_t sc_id, const char *verb,
                     struct error *e);

/* The pending changes of the row of the base table that has the key columns of KEY: *ROWS is an array of rows
 * of the scheduled table, empty if a key column is missing or null in KEY. Nobody else can schedule a change
 * of that row until TX ends. */
bool sc_list_pending(struct tx *tx, const struct resource *r, const cJSON *key, cJSON **rows,
                     struct error *e);
/* Whether a change other than EXCEPT (an sc_id, or 0) is scheduled for that row. It stays so until TX ends.
 */
bool sc_pending(struct tx *tx, const struct resource *r, const cJSON *key, int64_t except, bool *found,
                struct error *e);
/* FAIL_SCHEDULED, with the sc_id in E, if a scheduled change is to insert that row: it could never be enacted
 * once the row exists. */
bool sc_refuse_insert(struct tx *tx, const struct resource *r, const cJSON *key, struct error *e);

#endif
