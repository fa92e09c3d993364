/* The osVersion column of rules, compiled: a comma list of alternatives "A&&B". An alternative matches when
 * each of its pieces is somewhere in the query's text. */
#ifndef BALROG_UPDATE_RULE_SYSTEM_H
#define BALROG_UPDATE_RULE_SYSTEM_H

#include "core/arena.h"

struct system_test;

/* Compiles COLUMN, which must not be absent, into ARENA. Its text is borrowed. */
const struct system_test *system_test_compile(struct arena *arena, struct str column);

/* The query's osVersion. All but the text starts as 0. */
struct system_text {
    struct str text;
    bool has_pairs; /* whether `pairs` has been computed */
    uint64_t pairs;
};
/* Whether TEXT matches. */
bool system_test_holds(const struct system_test *test, struct system_text *text);
/* Much cheaper: returns false only if TEXT does not match. */
bool system_test_may_hold(const struct system_test *test, struct system_text *text);

#endif
