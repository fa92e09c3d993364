/* The osVersion columns of rules, taken apart once: comma lists of "A&&B", where each piece must be somewhere
 * in the query's text. */
#ifndef BALROG_UPDATE_RULE_SYSTEM_H
#define BALROG_UPDATE_RULE_SYSTEM_H

#include "blob/arena.h"

/* Which pairs of characters follow each other in a text, a bit each; some pairs share one. */
uint64_t text_pairs(struct str text);

struct system_piece {
    struct str text;
    uint64_t pairs; /* of the text: where the query lacks one, it lacks the piece */
    bool ends_group;
};
struct system_test {
    uint32_t n;
    struct system_piece piece[];
};

/* COLUMN, which is not absent, compiled into ARENA; its text is borrowed. */
const struct system_test *system_test_compile(struct arena *arena, struct str column);
/* Whether OS_VERSION, whose text_pairs() are PAIRS, matches: the same as match_os_version(). */
bool system_test_holds(const struct system_test *test, struct str os_version, uint64_t pairs);

#endif
