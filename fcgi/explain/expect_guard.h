/* Refuses transactions that break expectations of products for which these block changes ([admin]
 * expectations_block). What was broken before does not count, nor do shutoffs. */
#ifndef BALROG_EXPLAIN_EXPECT_GUARD_H
#define BALROG_EXPLAIN_EXPECT_GUARD_H

#include "core/config_file.h"
#include "store/tx.h"
#include "update/snapshot.h"

struct expect_policy {
    struct config_list products; /* whose expectations block; an item "*": of all products */
    struct engine_settings settings;
};

bool expect_policy_blocks(const struct expect_policy *policy, struct str product);

/* To be called before TX locks anything, if it may change rules or pins. Waits until no other such
 * transaction is under way, of any program that calls this: expect_guard() locks all rules, so two
 * transactions that have each changed a rule could only wait for each other. Costs nothing where no product
 * blocks, else one statement. */
bool expect_take_turn(struct tx *tx, const struct expect_policy *policy, struct error *e);

/* For tx_site.approve; ARG is a struct expect_policy. FAIL_EXPECTATION, which names the expectations, if what
 * TX has changed breaks one. Costs nothing where no product blocks; one statement for a release that nothing
 * maps to; else it reads expectations and rules, and releases only where an answer can differ. */
bool expect_guard(struct tx *tx, const void *arg, struct error *e);

#endif
