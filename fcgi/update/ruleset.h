/* All rules, compiled: finds the one that a query matches. (reference: db.py Rules.getRulesMatchingQuery,
 * AUS.evaluateRules) */
#ifndef BALROG_UPDATE_RULESET_H
#define BALROG_UPDATE_RULESET_H

#include "update/rule.h"

struct rule_index;

struct ruleset {
    size_t n;
    struct rule *rules; /* highest priority first, NULL last; among equals the lower rule_id first */
    struct rule_index *index;
};

/* Compiles N rows; owned by CTX. A row that can never match, because a column cannot be parsed, is kept, so
 * that it can be explained. */
struct ruleset *ruleset_build(void *ctx, const struct rule_row *rows, size_t n);

/* Returns the first column of RULE that does not match Q. *BAD_VERSION is set if that is the version and the
 * query's version cannot be parsed. ruleset_match() must agree with this function. */
enum rule_column rule_mismatch(const struct rule *rule, const struct query *q, bool *bad_version);

/* All columns of RULE that do not match Q: bit 1 << C for each C of enum rule_column. 0 means that RULE
 * matches. */
unsigned rule_mismatches(const struct rule *rule, const struct query *q);

enum match {
    MATCH_NONE,
    MATCH_FOUND,
    MATCH_BAD_VERSION, /* some rule, even one that loses, needs the query's version, which cannot be parsed: a
                          400 */
};
/* The rule of highest priority that matches Q. Allocates nothing. */
enum match ruleset_match(const struct ruleset *rules, const struct query *q, const struct rule **rule);

/* Returns the first rule all of whose columns match Q, or NULL. Unlike ruleset_match(), it takes a query's
 * version that cannot be parsed as one that no condition on the version matches. It compares one rule after
 * the other: for sets of few rules. Allocates nothing. */
const struct rule *ruleset_find(const struct ruleset *rules, const struct query *q);

#endif
