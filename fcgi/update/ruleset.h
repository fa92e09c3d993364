/* The rules, compiled: which one does a query match? (reference: db.py Rules.getRulesMatchingQuery,
 * AUS.evaluateRules) */
#ifndef BALROG_UPDATE_RULESET_H
#define BALROG_UPDATE_RULESET_H

#include "update/rule.h"

struct rule_index;

struct ruleset {
    size_t n;
    struct rule *rules; /* highest priority first; NULL priorities last; of equals the lower rule_id first */
    struct rule_index *index;
};

/* Compiles N rows; owned by CTX. Rows that can never match (a column cannot be parsed) stay in, for
 * explanations. */
struct ruleset *ruleset_build(void *ctx, const struct rule_row *rows, size_t n);

/* The first column of RULE that is against Q, looked at one by one. *BAD_VERSION is set when the column is
 * the version and the query's is none. This is the definition that ruleset_match() must agree with. */
enum rule_column rule_mismatch(const struct rule *rule, const struct query *q, bool *bad_version);

enum match {
    MATCH_NONE,
    MATCH_FOUND,
    MATCH_BAD_VERSION, /* some rule, winner or not, had to parse the query's version, and it is none: a 400 */
};
/* The rule of highest priority that matches Q. Allocates nothing. */
enum match ruleset_match(const struct ruleset *rules, const struct query *q, const struct rule **rule);

#endif
