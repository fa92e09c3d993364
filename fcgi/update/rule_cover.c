/* See rule_cover.h. Each column is compared by itself: UPPER's must match whatever LOWER's matches. The cheap
 * columns come first, since most pairs of rules already differ in them. */
#include "update/rule_cover.h"

#include "core/mem.h"
#include "core/python.h"
#include "query/match.h"

int rule_order(const struct rule_row *a, const struct rule_row *b)
{
    if (a->has_priority != b->has_priority) {
        return a->has_priority ? -1 : 1;
    }
    if (a->has_priority && a->priority != b->priority) {
        return a->priority > b->priority ? -1 : 1;
    }
    return (a->rule_id > b->rule_id) - (a->rule_id < b->rule_id);
}

/* ---- single columns ---- */

static bool exact_covers(struct str upper, struct str lower)
{
    return str_absent(upper) || (!str_absent(lower) && str_eq(upper, lower));
}

static bool tristate_covers(enum tristate upper, enum tristate lower)
{
    return upper == TRI_UNKNOWN || upper == lower;
}

static bool is_glob(struct str text)
{
    return str_ends(text, STR("*"));
}

static bool channel_covers(struct str upper, struct str lower)
{
    if (exact_covers(upper, lower) || str_absent(lower)) {
        return exact_covers(upper, lower);
    }
    if (!is_glob(lower)) {
        return match_channel(upper, lower, lower);
    }
    struct str prefix = str_slice(lower, 0, lower.n - 1);
    return is_glob(upper) && upper.n >= 3 && lower.n >= 3 && memchr(prefix.p, '\n', prefix.n) == NULL &&
           str_starts(prefix, str_slice(upper, 0, upper.n - 1));
}

static bool list_covers(struct str upper, struct str lower)
{
    struct str term;
    if (exact_covers(upper, lower) || str_absent(lower)) {
        return exact_covers(upper, lower);
    }
    while (str_split(&lower, ',', &term)) {
        if (term.n > 0 && !match_list(upper, term)) {
            return false;
        }
    }
    return true;
}

/* Whether all values for which "value LOWER b" holds also fulfil "value UPPER a", where CMP compares b with a
 * (<0, 0, >0). */
static bool comparison_covers(enum comparison upper, enum comparison lower, int cmp)
{
    switch (lower) {
    case CMP_EQ:
    case CMP_GLOB:
        return comparison_holds(upper, cmp);
    case CMP_GE:
        return (upper == CMP_GE && cmp >= 0) || (upper == CMP_GT && cmp > 0);
    case CMP_GT:
        return (upper == CMP_GE || upper == CMP_GT) && cmp >= 0;
    case CMP_LE:
        return (upper == CMP_LE && cmp <= 0) || (upper == CMP_LT && cmp < 0);
    case CMP_LT:
        return (upper == CMP_LE || upper == CMP_LT) && cmp <= 0;
    case CMP_NEVER:
        break;
    }
    return false;
}

static bool build_id_covers(struct str upper, struct str lower)
{
    struct str a, b;
    if (exact_covers(upper, lower) || str_absent(lower)) {
        return exact_covers(upper, lower);
    }
    enum comparison of_upper = comparison_parse(upper, &a), of_lower = comparison_parse(lower, &b);
    return comparison_covers(of_upper, of_lower, str_cmp(b, a));
}

static bool memory_covers(struct str upper, struct str lower)
{
    struct str text;
    int64_t a, b;
    if (exact_covers(upper, lower) || str_absent(lower)) {
        return exact_covers(upper, lower);
    }
    enum comparison of_upper = comparison_parse(upper, &text);
    if (!python_int(text, &a)) {
        return false;
    }
    enum comparison of_lower = comparison_parse(lower, &text);
    return python_int(text, &b) && comparison_covers(of_upper, of_lower, (b > a) - (b < a));
}

/* ---- osVersion: alternatives of pieces, see rule_system.h ---- */

/* Whether PIECE is in some piece of GROUP, so that each text with all pieces of GROUP has it. */
static bool piece_is_in(struct str piece, struct str group)
{
    for (;;) {
        ptrdiff_t end = str_find(group, STR("&&"));
        struct str other = str_strip(end < 0 ? group : str_slice(group, 0, (size_t)end));
        if (str_contains(other, piece)) {
            return true;
        }
        if (end < 0) {
            return false;
        }
        group = str_slice(group, (size_t)end + 2, group.n);
    }
}

/* Whether a text that has all pieces of LOWER has all of UPPER. An empty piece is in no text. */
static bool group_covers(struct str upper, struct str lower)
{
    for (;;) {
        ptrdiff_t end = str_find(upper, STR("&&"));
        struct str piece = str_strip(end < 0 ? upper : str_slice(upper, 0, (size_t)end));
        if (piece.n == 0 || !piece_is_in(piece, lower)) {
            return false;
        }
        if (end < 0) {
            return true;
        }
        upper = str_slice(upper, (size_t)end + 2, upper.n);
    }
}

static bool system_covers(struct str upper, struct str lower)
{
    struct str group;
    if (upper.n == 0 || str_eq(upper, lower)) {
        return true; /* "" limits nothing */
    }
    if (lower.n == 0) {
        return false;
    }
    while (str_split(&lower, ',', &group)) {
        struct str rest = upper, other;
        bool covered = false;
        while (!covered && str_split(&rest, ',', &other)) {
            covered = group_covers(other, group);
        }
        if (!covered) {
            return false;
        }
    }
    return true;
}

/* ---- versions ---- */

/* Versions that fit the glob "70.*" begin with 70, prereleases of 70.0 included. So only the first number
 * decides how they all compare with another version. */
static bool glob_is_covered(const struct version_test *upper, const struct version_test *lower)
{
    uint32_t a = upper->operand.part[0], b = lower->operand.part[0];
    switch (upper->op) {
    case CMP_GLOB:
        return str_starts(str_slice(lower->text, 0, lower->text.n - 1),
                          str_slice(upper->text, 0, upper->text.n - 1));
    case CMP_GE:
    case CMP_GT:
        return b > a;
    case CMP_LE:
    case CMP_LT:
        return b < a;
    default:
        return false;
    }
}

static bool version_part_covers(const struct version_test *upper, const struct version_test *lower)
{
    if (lower->op == CMP_GLOB) {
        return glob_is_covered(upper, lower);
    }
    if (lower->op == CMP_EQ) {
        return version_test_holds(upper, &lower->operand);
    }
    return upper->op != CMP_GLOB && upper->op != CMP_EQ &&
           comparison_covers(upper->op, lower->op, version_cmp(&lower->operand, &upper->operand));
}

/* Whether every part of TEXT can be parsed. If one cannot, the whole column never matches. */
static bool parts_are_valid(struct str text)
{
    struct str part;
    while (str_split(&text, ',', &part)) {
        struct version_test test;
        version_test_compile(&test, part);
        if (!test.valid) {
            return false;
        }
    }
    return true;
}

/* LOOSE: versions may be compared loosely, so only the texts count. */
static bool version_covers(struct str upper, struct str lower, bool loose)
{
    struct str part;
    if (exact_covers(upper, lower) || str_absent(lower) || loose) {
        return exact_covers(upper, lower);
    }
    if (!parts_are_valid(upper) || !parts_are_valid(lower)) {
        return false;
    }
    while (str_split(&lower, ',', &part)) {
        struct version_test of_lower, of_upper;
        struct str rest = upper, other;
        bool covered = false;
        version_test_compile(&of_lower, part);
        while (!covered && str_split(&rest, ',', &other)) {
            version_test_compile(&of_upper, other);
            covered = version_part_covers(&of_upper, &of_lower);
        }
        if (!covered) {
            return false;
        }
    }
    return true;
}

bool rule_covers(const struct rule_row *upper, const struct rule_row *lower)
{
    bool loose = str_absent(lower->product) || version_product_is_loose(lower->product);
    return exact_covers(upper->product, lower->product) && channel_covers(upper->channel, lower->channel) &&
           exact_covers(upper->build_target, lower->build_target) &&
           exact_covers(upper->header_architecture, lower->header_architecture) &&
           exact_covers(upper->dist_version, lower->dist_version) &&
           tristate_covers(upper->mig64, lower->mig64) && tristate_covers(upper->jaws, lower->jaws) &&
           list_covers(upper->locale, lower->locale) &&
           list_covers(upper->distribution, lower->distribution) &&
           list_covers(upper->instruction_set, lower->instruction_set) &&
           system_covers(upper->os_version, lower->os_version) &&
           build_id_covers(upper->build_id, lower->build_id) && memory_covers(upper->memory, lower->memory) &&
           version_covers(upper->version, lower->version, loose);
}
