/* Whether one column of a rule matches a query (reference: util/rulematching.py, util/comparison.py).
 *
 * These functions parse the text of the column each time. Releases use them for the conditions of updateLine;
 * tests compare the compiled rules with them. A text that cannot be parsed never matches. */
#ifndef BALROG_QUERY_MATCH_H
#define BALROG_QUERY_MATCH_H

#include "query/query.h"
#include "query/version.h"

enum comparison {
    CMP_NEVER, /* the text has no operator, and is not a value */
    CMP_EQ,
    CMP_GLOB, /* the text ends in '*': equality for most columns, a prefix for versions */
    CMP_GE,
    CMP_GT,
    CMP_LE,
    CMP_LT,
};

/* Splits TEXT into operator and operand (reference: get_op). The operand points into TEXT. */
enum comparison comparison_parse(struct str text, struct str *operand);
/* Whether a three-way result CMP (<0, 0, >0) satisfies the operator; CMP_GLOB counts as equality. */
bool comparison_holds(enum comparison op, int cmp);

/* One part of a rule's version column, "<70.0" or "70.*". */
struct version_test {
    enum comparison op;
    struct str text;        /* the operand */
    struct version operand; /* if valid: the parsed operand; for a glob, the '*' is replaced by 0 */
    bool valid;             /* the operand could be parsed as a Mozilla version or glob */
};
void version_test_compile(struct version_test *t, struct str part);
bool version_test_holds(const struct version_test *t, const struct version *query);

/* Whether RULE, such as "nightly" or "release*", matches CHANNEL or its FALLBACK channel. */
bool match_channel(struct str rule, struct str channel, struct str fallback);
/* Whether RULE, version tests separated by commas, matches the version QUERY. If LOOSE, versions are compared
 * by version_cmp_loose(). *BAD is set if the query's version had to be parsed and is malformed (the reference
 * then answers 400). BAD may be NULL. */
bool match_version(struct str rule, struct str query, bool loose, bool *bad);
bool match_build_id(struct str rule, struct str build_id);
bool match_memory(struct str rule, bool has_memory, int64_t memory);
/* Whether VALUE is one of the terms of RULE, which are separated by commas. Neither an absent VALUE nor an
 * empty term matches. */
bool match_list(struct str rule, struct str value);
bool match_tristate(enum tristate rule, enum tristate query);

#endif
