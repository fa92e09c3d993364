/* Who may do what: permissions, roles, system accounts. (reference: Permissions in db.py)
 *
 * What was read is kept for the rest of the transaction. If the transaction writes, these rows are locked
 * against change. */
#ifndef BALROG_STORE_ACCESS_H
#define BALROG_STORE_ACCESS_H

#include "store/tx.h"

/* Whether USERNAME may do ACTION ("create", "modify", "delete", "set", "unset", "enact", "view", …) to a
 * THING
 * ("rule", "release", …) of PRODUCT (NULL: no product in particular). An admin may. An admin who is limited
 * to some products may not act on others, whatever other permissions they have. A permission whose options
 * list actions or products counts only for these. */
bool access_has(struct tx *tx, const char *username, const char *thing, const char *action,
                const char *product, bool *has, struct error *e);
/* Fails with FAIL_PERMISSION and the text FMT unless tx->actor may do it, see access_has(). */
bool access_demand(struct tx *tx, const char *thing, const char *action, const char *product, struct error *e,
                   const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Whether USERNAME is an admin for PRODUCT. NULL: whether they are an admin for all products. */
bool access_is_admin(struct tx *tx, const char *username, const char *product, bool *is, struct error *e);
/* Whether USERNAME has any permission. The name "" has none. */
bool access_is_known(struct tx *tx, const char *username, bool *is, struct error *e);

/* The roles of USERNAME: *ROLES is an array of texts, owned by TX. Here and below, roles that wait for
 * confirmation (role_pending.h) do not count. */
bool access_roles(struct tx *tx, const char *username, cJSON **roles, struct error *e);
bool access_has_role(struct tx *tx, const char *username, const char *role, bool *has, struct error *e);
/* How many users hold ROLE. If TX writes, their rows are locked against change. */
bool access_count_role(struct tx *tx, const char *role, int64_t *count, struct error *e);

/* Reads the roles of all users, and who has a permission, with two statements. Use it before many calls of
 * the functions above, in a transaction that only reads. */
bool access_prefetch(struct tx *tx, struct error *e);

/* Whether USERNAME is a system account: a program, such as the agent. */
bool access_is_system(const struct tx *tx, const char *username);

/* TEXT, or "None" if it is NULL: that is how the reference's messages print a null. */
const char *access_text(const char *text);

#endif
