/* The rules, compiled: which one does a query match? (reference: db.py Rules.getRulesMatchingQuery,
 * AUS.evaluateRules) */
#ifndef BALROG_UPDATE_RULESET_H
#define BALROG_UPDATE_RULESET_H

#include "core/mem.h"
#include "query/match.h"
#include "update/rows.h"
#include "update/rule_system.h"

struct rule {
    struct rule_row row; /* as it came, texts copied: equal ones have equal addresses */
    unsigned columns;    /* those that are not NULL, a bit each of enum rule_column */
    size_t n_versions;
    struct version_test *versions; /* the parts of the version column */
    bool versions_valid;           /* every part can be parsed */
    bool wants_version; /* the query's version is parsed before anything is found wrong with the column */
    const struct system_test *system; /* the osVersion column; NULL without one */
    struct {
        enum comparison op;
        struct str operand;
    } build_id; /* CMP_NEVER without one */
};

struct ruleset {
    size_t n;
    struct rule *rules; /* highest priority first; NULL priorities last; of equals the lower rule_id first */
    struct rule_index *index;
};

/* Compiles N rows; owned by CTX. Rows that can never match (a column cannot be parsed) stay in, for
 * explanations. */
struct ruleset *ruleset_build(void *ctx, const struct rule_row *rows, size_t n);

/* The columns in the order in which they are looked at. */
enum rule_column {
    RULE_MATCHES, /* no column is against it */
    RULE_PRODUCT,
    RULE_BUILD_TARGET,
    RULE_HEADER_ARCHITECTURE,
    RULE_DIST_VERSION,
    RULE_CHANNEL,
    RULE_VERSION,
    RULE_BUILD_ID,
    RULE_MEMORY,
    RULE_OS_VERSION,
    RULE_INSTRUCTION_SET,
    RULE_DISTRIBUTION,
    RULE_LOCALE,
    RULE_MIG64,
    RULE_JAWS,
    RULE_COLUMNS
};

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
