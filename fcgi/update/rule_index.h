/* Which rules may match a query? A walk that passes every rule that matches, and few others.
 *
 * Rules are in groups by product and channel; a query looks into the few groups that are its own. Within a
 * group each column that is filtered has bit sets over the group's rules, one a class of values: the rules
 * whose column is NULL or has a value in that class. What can match is the intersection of one set a column,
 * found 64 rules at a time. So the cost of a query hardly depends on the number of rules, and memory is
 * bounded whatever the values are. Values that share a class cost a closer look at a rule, never a wrong
 * answer: who asks looks at each rule that the walk passes. */
#ifndef BALROG_UPDATE_RULE_INDEX_H
#define BALROG_UPDATE_RULE_INDEX_H

#include "update/rule_class.h"

struct rule_index;

/* Of the N rules, which are in priority order; owned by CTX. Equal texts of RULES must have equal pointers.
 */
struct rule_index *rule_index_build(void *ctx, const struct rule *rules, size_t n);

enum {
    RULE_GLOB_MAX = 32, /* characters of a channel glob that are told apart */
    RULE_GROUPS_MAX = 2 * (3 + RULE_GLOB_MAX),
    RULE_EXCLUDED_MAX = 16,
    RULE_SYSTEMS_MAX = 64, /* texts of osVersion that a group tells apart */
};

/* A walk under way. */
struct rule_walk {
    const struct rule_index *index;
    const struct query *query;
    const struct version *version;
    struct system_text *system;
    unsigned filters, classified; /* columns filtered; those with a class */
    uint8_t class[RULE_FILTERS];  /* the query's */
    const struct rule_group *group[RULE_GROUPS_MAX];
    unsigned n_groups, at; /* the group walked through */
    /* In that group: */
    const uint64_t *set[RULE_FILTERS], *excluded[RULE_EXCLUDED_MAX];
    const uint64_t *any_system, *system_set[RULE_SYSTEMS_MAX]; /* a rule must be in one of these */
    unsigned n_sets, n_excluded, n_systems;
    size_t word;
    uint64_t rest; /* the bits of that word not yet looked at */
};

/* Starts a walk by product, channel and buildTarget, the columns that decide whose version is looked at; by
 * osVersion, locale, distribution and buildID unless SYSTEM is NULL; by VERSION unless it is NULL; with
 * WANTING, only rules that have the query's version parsed. */
void rule_walk_start(struct rule_walk *w, const struct rule_index *index, const struct query *q,
                     struct system_text *system, const struct version *version, bool wanting);
/* The next rule that passes and comes before the rule BEFORE; SIZE_MAX when there is none left. The walk goes
 * group by group: in the order of the rules only within a group. */
size_t rule_walk_next(struct rule_walk *w, size_t before);
/* The rule passed last fails at COLUMN: passes over those of its group that have the same there. */
void rule_walk_exclude(struct rule_walk *w, const struct rule *rule, enum rule_column column);

#endif
