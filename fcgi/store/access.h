/* Who may do what: permissions, roles, system accounts. (reference: Permissions in db.py)
 *
 * Answers are kept for the transaction; where it writes, the rows that they rest on are locked against
 * change. */
#ifndef BALROG_STORE_ACCESS_H
#define BALROG_STORE_ACCESS_H

#include "store/tx.h"

/* Whether USERNAME may do ACTION ("create", "modify", "delete", "set", "unset", "enact", "view", …) on THING
 * ("rule", "release", …) for PRODUCT (NULL: for none in particular). An admin may, but one limited to
 * products may nothing outside of them, whatever else was granted; a permission whose options list actions or
 * products counts for those alone. */
bool access_has(struct tx *tx, const char *username, const char *thing, const char *action,
                const char *product, bool *has, struct error *e);
/* Fails with FAIL_PERMISSION and the text unless access_has() for tx->actor. */
bool access_demand(struct tx *tx, const char *thing, const char *action, const char *product, struct error *e,
                   const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Whether USERNAME is an admin for PRODUCT; NULL: one who is not limited to products. */
bool access_is_admin(struct tx *tx, const char *username, const char *product, bool *is, struct error *e);
/* Whether USERNAME has any permission; "" has none. */
bool access_is_known(struct tx *tx, const char *username, bool *is, struct error *e);

/* The roles of USERNAME: an array of texts, TX's. Those that wait for confirmation (role_pending.h) are left
 * out, here and below. */
bool access_roles(struct tx *tx, const char *username, cJSON **roles, struct error *e);
bool access_has_role(struct tx *tx, const char *username, const char *role, bool *has, struct error *e);
/* How many users hold ROLE; they are locked against change where TX writes. */
bool access_count_role(struct tx *tx, const char *role, int64_t *count, struct error *e);

/* Reads all roles and who is known, in two statements, for many calls of the functions above in a transaction
 * that only reads. */
bool access_prefetch(struct tx *tx, struct error *e);

bool access_is_system(const struct tx *tx, const char *username);

/* TEXT, or "None": how the reference's messages print a column that may be null. */
const char *access_text(const char *text);

#endif
