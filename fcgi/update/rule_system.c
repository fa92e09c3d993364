/* Rules name many systems, and a client has one: nearly all pieces that are looked for are not there. A set
 * of pairs of characters tells so without a search. */
#include "update/rule_system.h"

uint64_t text_pairs(struct str text)
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
    piece->pairs = text_pairs(piece->text);
    *rest = end < 0 ? after : str_slice(*rest, (size_t)end + 2, rest->n);
    return true;
}

const struct system_test *system_test_compile(struct arena *arena, struct str column)
{
    struct system_piece piece;
    uint32_t n = 0;
    for (struct str rest = column; next_piece(&rest, &piece);) {
        n++;
    }
    struct system_test *test = arena_get(arena, sizeof *test + n * sizeof piece);
    for (struct str rest = column; next_piece(&rest, &piece);) {
        test->piece[test->n++] = piece;
    }
    return test;
}

bool system_test_holds(const struct system_test *test, struct str os_version, uint64_t pairs)
{
    bool all = true;
    for (uint32_t i = 0; i < test->n; i++) {
        const struct system_piece *piece = &test->piece[i];
        all = all && (piece->pairs & ~pairs) == 0 && str_contains(os_version, piece->text);
        if (piece->ends_group && all) {
            return true;
        }
        all |= piece->ends_group;
    }
    return false;
}
