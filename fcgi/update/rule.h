/* One rule, compiled. */
#ifndef BALROG_UPDATE_RULE_H
#define BALROG_UPDATE_RULE_H

#include "query/match.h"
#include "update/rows.h"
#include "update/rule_system.h"

/* The columns that limit a rule, in the order in which they are checked. */
enum rule_column {
    RULE_MATCHES, /* every column matches */
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

struct rule {
    struct rule_row row; /* with copied texts: equal texts have equal addresses */
    unsigned columns;    /* the columns that are not NULL: one bit per enum rule_column */
    size_t n_versions;
    struct version_test *versions;    /* the parts of the version column */
    bool versions_valid;              /* every part could be parsed */
    bool wants_version;               /* the query's version must be parsed to check the column */
    const struct system_test *system; /* the osVersion column; NULL without one */
    struct {
        enum comparison op;
        struct str operand;
    } build_id; /* CMP_NEVER without one */
};

#endif
