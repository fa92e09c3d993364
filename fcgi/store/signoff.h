/* How many sign-offs of which roles a change needs. (reference: util/signoffs.py, verify_signoffs)
 *
 * NEEDS is a JSON object {role: count}; of several requirements for a role the highest counts. Required
 * sign-offs are read once a transaction, and locked against change where it writes. */
#ifndef BALROG_STORE_SIGNOFF_H
#define BALROG_STORE_SIGNOFF_H

#include "store/tx.h"

/* An empty one, TX's. */
cJSON *signoff_needs_new(struct tx *tx);
void signoff_needs_add(cJSON *needs, const char *role, int64_t count);
bool signoff_needs_any(const cJSON *needs);

/* What a rule for PRODUCT and CHANNEL needs. CHANNEL may be a glob ("release*"); a NULL CHANNEL stands for
 * all channels, a NULL (or empty) PRODUCT for all products. */
bool signoff_need_product(struct tx *tx, const char *product, const char *channel, cJSON *needs,
                          struct error *e);
/* What a change to the release NAME, or to one of its assets, old or new, needs: what all rules need that
 * lead to it by mapping or fallbackMapping, and what a rule for the product and channel of each pin would
 * need that leads to it. A rule or pin that leads to a superblob leads to its members as well. (The reference
 * looks at the rules alone, and not at members.) */
bool signoff_need_release(struct tx *tx, const char *name, cJSON *needs, struct error *e);
/* What making a release NAME of PRODUCT writable needs: signoff_need_release(), or, where that is nothing,
 * all that any channel of PRODUCT needs. */
bool signoff_need_writable(struct tx *tx, const char *name, const char *product, cJSON *needs,
                           struct error *e);
/* What a permission needs that is limited to PRODUCT; NULL: one that is not limited. */
bool signoff_need_permission(struct tx *tx, const char *product, cJSON *needs, struct error *e);
/* What a change to the required sign-offs of exactly PRODUCT and CHANNEL needs; CHANNEL is NULL for
 * permissions_req_signoffs. */
bool signoff_need_required(struct tx *tx, const char *product, const char *channel, cJSON *needs,
                           struct error *e);

/* Reads what leads to which release, which names are there twice, and all required sign-offs of products, in
 * four statements, for many calls of signoff_need_release(), signoff_need_product() and signoff_is_hidden(),
 * which then send no statement and cannot fail. */
bool signoff_prefetch(struct tx *tx, struct error *e);

/* Whether a v1 release NAME is hidden by a v2 release of that name, which is the one that is served. */
bool signoff_is_hidden(struct tx *tx, const char *name, bool *is, struct error *e);

/* Whether GIVEN, {user: role} or NULL, has enough of each role. FAIL_SIGNOFF otherwise. */
bool signoff_verify(const cJSON *needs, const cJSON *given, struct error *e);

#endif
