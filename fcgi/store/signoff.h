/* Which sign-offs a change needs. (reference: util/signoffs.py, verify_signoffs)
 *
 * NEEDS is a JSON object {role: count}. If several requirements name the same role, the highest count is
 * used. The tables of required sign-offs are read once per transaction. If the transaction writes, they are
 * locked against change. */
#ifndef BALROG_STORE_SIGNOFF_H
#define BALROG_STORE_SIGNOFF_H

#include "store/tx.h"

/* An empty object of needs, owned by TX. */
cJSON *signoff_needs_new(struct tx *tx);
void signoff_needs_add(cJSON *needs, const char *role, int64_t count);
bool signoff_needs_any(const cJSON *needs);

/* Adds what a rule for PRODUCT and CHANNEL needs. CHANNEL may be a glob ("release*"). NULL stands for all
 * channels; NULL or "" stands for all products. */
bool signoff_need_product(struct tx *tx, const char *product, const char *channel, cJSON *needs,
                          struct error *e);
/* Adds what a change to the release NAME, or to one of its assets, needs: what each rule needs whose mapping
 * or fallbackMapping is this release, and what a rule for the product and channel of each pin would need
 * whose mapping it is. Rules and pins that lead to a superblob lead to its members, too. (The reference
 * considers only rules, and not the members of superblobs.) */
bool signoff_need_release(struct tx *tx, const char *name, cJSON *needs, struct error *e);
/* Adds what is needed to make the release NAME of PRODUCT writable: that of signoff_need_release() or, if
 * that is nothing, that of all channels of PRODUCT. */
bool signoff_need_writable(struct tx *tx, const char *name, const char *product, cJSON *needs,
                           struct error *e);
/* Adds what a change to a permission that is limited to PRODUCT needs; NULL: to one that is not limited. */
bool signoff_need_permission(struct tx *tx, const char *product, cJSON *needs, struct error *e);
/* Adds what a change to the required sign-offs of exactly PRODUCT and CHANNEL needs. CHANNEL is NULL for
 * permissions_req_signoffs. */
bool signoff_need_required(struct tx *tx, const char *product, const char *channel, cJSON *needs,
                           struct error *e);

/* Reads, with three statements, what leads to every release, and the required sign-offs of all products.
 * After that signoff_need_release() and signoff_need_product() send no statements and cannot fail, and
 * signoff_is_hidden() sends one for all releases whose deletion is scheduled. Use it before many such calls.
 */
bool signoff_prefetch(struct tx *tx, struct error *e);

/* Whether the v1 release NAME is hidden by a v2 release with the same name: then the v2 release is served. */
bool signoff_is_hidden(struct tx *tx, const char *name, bool *is, struct error *e);

/* Checks that GIVEN, {user: role} or NULL, has enough sign-offs of each role. FAIL_SIGNOFF. */
bool signoff_verify(const cJSON *needs, const cJSON *given, struct error *e);

#endif
