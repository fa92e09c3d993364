/* Rules name many systems, and a client has one: nearly all pieces that are looked for are not there. Which
 * pairs of characters follow each other in a text, a bit each, tells so without a search: where the query
 * lacks a pair it lacks the piece. (Some pairs share a bit, so having all of them says nothing.) */
#include "update/rule_system.h"

struct system_piece {
    struct str text;
    bool ends_group;
};
struct system_test {
    uint32_t n_groups, n_pieces;
    const uint64_t *group; /* the pairs of all its pieces */
    const struct system_piece *piece;
};

static uint64_t pairs_of(struct str text)
{
    uint64_t pairs = 0;
    for (size_t i = 1; i < text.n; i++) {
        pairs |= 1ull << (((unsigned char)text.p[i - 1] * 5u + (unsigned char)text.p[i]) % 64);
    }
    return pairs;
}

/* Takes the next piece off *REST: a group's pieces end in "&&", its last one in ',' or with the text. */
static bool next_piece(struct str *rest, struct system_piece *piece)
{
    struct str group = *rest, after = *rest;
    if (!str_split(&after, ',', &group)) {
        return false;
    }
    ptrdiff_t end = str_find(group, STR("&&"));
    piece->ends_group = end < 0;
    piece->text = str_strip(end < 0 ? group : str_slice(group, 0, (size_t)end));
    *rest = end < 0 ? after : str_slice(*rest, (size_t)end + 2, rest->n);
    return true;
}

const struct system_test *system_test_compile(struct arena *arena, struct str column)
{
    struct system_test *test = arena_get(arena, sizeof *test);
    struct system_piece piece;
    for (struct str rest = column; next_piece(&rest, &piece);) {
        test->n_pieces++;
        test->n_groups += piece.ends_group;
    }
    uint64_t *group = arena_array(arena, uint64_t, test->n_groups);
    struct system_piece *pieces = arena_array(arena, struct system_piece, test->n_pieces);
    test->group = group;
    test->piece = pieces;
    for (struct str rest = column; next_piece(&rest, pieces); pieces++) {
        *group |= pairs_of(pieces->text);
        group += pieces->ends_group;
    }
    return test;
}

bool system_test_may_hold(const struct system_test *test, struct system_text *text)
{
    if (!text->has_pairs) {
        text->pairs = pairs_of(text->text);
        text->has_pairs = true;
    }
    for (uint32_t i = 0; i < test->n_groups; i++) {
        if ((test->group[i] & ~text->pairs) == 0) {
            return true;
        }
    }
    return false;
}

bool system_test_holds(const struct system_test *test, struct system_text *text)
{
    if (!system_test_may_hold(test, text)) {
        return false;
    }
    bool all = true;
    for (uint32_t i = 0; i < test->n_pieces; i++) {
        const struct system_piece *piece = &test->piece[i];
        /* An empty piece is in every text: it is a slip of the pen, and must not match every system. */
        all = all && piece->text.n > 0 && str_contains(text->text, piece->text);
        if (piece->ends_group && all) {
            return true;
        }
        all |= piece->ends_group;
    }
    return false;
}
