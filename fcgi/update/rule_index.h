/* Finds the candidates for a query: all rules that match it, and few others.
 *
 * Rules are grouped by product and channel, and a query looks into the few groups that fit it. Within a
 * group, each filtered column has bit sets over the rules of the group, one set per class of values: the
 * rules whose column is NULL or takes a value of that class. The intersection of one set per column has the
 * candidates; it is computed for 64 rules at a time. So the cost of a query hardly depends on the number of
 * rules, and memory is bounded whatever the values are. Two values in one class only cost time: the caller
 * checks every candidate in full. */
#ifndef BALROG_UPDATE_RULE_INDEX_H
#define BALROG_UPDATE_RULE_INDEX_H

#include "update/rule_class.h"

struct rule_index;

/* Builds the index of N rules, which are in priority order; owned by CTX. RULES are borrowed. Equal texts in
 * RULES must have equal addresses. */
struct rule_index *rule_index_build(void *ctx, const struct rule *rules, size_t n);

enum {
    RULE_GLOB_MAX = 32, /* characters of a channel glob that the groups go by */
    RULE_GROUPS_MAX = 2 * (3 + RULE_GLOB_MAX),
    RULE_EXCLUDED_MAX = 16,
    RULE_SYSTEMS_MAX = 64, /* texts of osVersion that a group has sets for */
};

/* A walk over the candidates of one query. */
struct rule_walk {
    const struct rule_index *index;
    const struct query *query;
    const struct version *version;
    struct system_text *system;
    unsigned filters, classified; /* columns that are filtered, and those whose class is known */
    uint8_t class[RULE_FILTERS];  /* the query's */
    const struct rule_group *group[RULE_GROUPS_MAX];
    unsigned n_groups, at; /* the group walked through */
    /* In that group: */
    const uint64_t *set[RULE_FILTERS], *excluded[RULE_EXCLUDED_MAX];
    const uint64_t *any_system, *system_set[RULE_SYSTEMS_MAX]; /* a rule must be in one of these */
    unsigned n_sets, n_excluded, n_systems;
    size_t word;
    uint64_t rest; /* the bits of that word that are still to come */
};

/* Starts a walk. It always filters by product, channel and buildTarget, which are checked before the version;
 * by osVersion, locale, distribution and buildID unless SYSTEM is NULL; by VERSION unless that is NULL. If
 * WANTING is true, only rules that need the query's version parsed are candidates. */
void rule_walk_start(struct rule_walk *w, const struct rule_index *index, const struct query *q,
                     struct system_text *system, const struct version *version, bool wanting);
/* Returns the next candidate with a number below BEFORE; SIZE_MAX when there is none left. Numbers ascend
 * within a group only: the walk goes from group to group. */
size_t rule_walk_next(struct rule_walk *w, size_t before);
/* The caller found that COLUMN of RULE, the last candidate, does not match: the rules of its group with the
 * same value there are no longer candidates. */
void rule_walk_exclude(struct rule_walk *w, const struct rule *rule, enum rule_column column);

#endif
