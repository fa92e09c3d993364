/* The osVersion columns of rules, taken apart once: comma lists of "A&&B", where each piece must be somewhere
 * in the query's text. */
#ifndef BALROG_UPDATE_RULE_SYSTEM_H
#define BALROG_UPDATE_RULE_SYSTEM_H

#include "core/arena.h"

struct system_test;

/* COLUMN, which is not absent, compiled into ARENA; its text is borrowed. */
const struct system_test *system_test_compile(struct arena *arena, struct str column);

/* The query's osVersion. Start with all but the text 0. */
struct system_text {
    struct str text;
    bool has_pairs; /* found by the first test */
    uint64_t pairs;
};
/* Whether TEXT matches. */
bool system_test_holds(const struct system_test *test, struct system_text *text);
/* False only where it does not; much cheaper. */
bool system_test_may_hold(const struct system_test *test, struct system_text *text);

#endif
