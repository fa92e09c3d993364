/* Which rules may match a query? A filter that lets pass every rule that matches, and few others.
 *
 * Each column that is filtered has bit sets over the rules in priority order, one a bucket of values: the
 * rules whose column is NULL or has a value in that bucket. What a query can match is the intersection of one
 * bucket a column, found 64 rules at a time, so that its cost hardly depends on the number of rules. Values
 * that share a bucket by chance cost a closer look at a rule, never a wrong answer: who asks looks at each
 * rule that passes. Memory is bounded, whatever the values: 7 × 256 bits a rule. */
#ifndef BALROG_UPDATE_RULE_INDEX_H
#define BALROG_UPDATE_RULE_INDEX_H

#include "update/ruleset.h"

struct rule_index;

/* Of the N rules, which are in priority order; owned by CTX. */
struct rule_index *rule_index_build(void *ctx, const struct rule *rules, size_t n);

/* What to filter by. */
struct rule_filter {
    const uint64_t *sets[6]; /* to be intersected */
    unsigned n_sets;
    const uint64_t *channels[3]; /* to be united, then intersected with the others */
};
/* The filter for Q by product, buildTarget and channel, the columns that decide whose version is looked at;
 * with EVERY_COLUMN by locale, distribution and, unless VERSION is NULL, the version too. */
void rule_index_filter(const struct rule_index *index, const struct query *q, bool every_column,
                       const struct version *version, struct rule_filter *f);
/* The first rule at FROM or later that passes; the number of rules when there is none. */
size_t rule_index_next(const struct rule_index *index, const struct rule_filter *f, size_t from);

#endif
