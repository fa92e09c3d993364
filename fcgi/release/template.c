/* Replacing one placeholder after the other is slow, and its result differs from a single pass only where a
 * '%' comes from somewhere else than a placeholder: from a value, from the rest of the text, or where two
 * placeholders leave a piece between them that could be the middle of a third. Texts without any of that are
 * marked when they are compiled. */
#include "release/template.h"

#include "release/markup.h"

enum { PIECES_MAX = 16 };

static const struct str upper[PH_N] = {
    [PH_LOCALE] = { "%LOCALE%", 8 },
    [PH_OS_FTP] = { "%OS_FTP%", 8 },
    [PH_FILENAME] = { "%FILENAME%", 10 },
    [PH_PRODUCT] = { "%PRODUCT%", 9 },
    [PH_OS_BOUNCER] = { "%OS_BOUNCER%", 12 },
    [PH_VERSION] = { "%VERSION%", 9 },
    [PH_OS] = { "%OS%", 4 },
};
static const struct str lower[PH_N] = {
    [PH_LOCALE] = { "%locale%", 8 },
    [PH_OS_FTP] = { "%os_ftp%", 8 },
    [PH_FILENAME] = { "%filename%", 10 },
    [PH_PRODUCT] = { "%product%", 9 },
    [PH_OS_BOUNCER] = { "%os_bouncer%", 12 },
    [PH_VERSION] = { "%version%", 9 },
    [PH_OS] = { "%os%", 4 },
};

/* The placeholder that TEXT starts with, or PH_N. */
static enum placeholder find_placeholder(struct str text)
{
    char first = text.n > 1 ? text.p[1] : '\0';
    for (unsigned i = 0; i < PH_N; i++) {
        if ((first == upper[i].p[1] && str_starts(text, upper[i])) ||
            (first == lower[i].p[1] && str_starts(text, lower[i]))) {
            return (enum placeholder)i;
        }
    }
    return PH_N;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Whether every character of S could be in a placeholder's name. */
static bool has_only_name_chars(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!is_name_char(s.p[i])) {
            return false;
        }
    }
    return true;
}

struct template template_of(struct arena *arena, struct str text)
{
    struct template_piece piece[PIECES_MAX];
    struct template t = { .text = text, .literal = true, .simple = true };
    struct str rest = text;
    for (;;) {
        const char *at = rest.n > 0 ? memchr(rest.p, '%', rest.n) : NULL;
        if (at == NULL) {
            break;
        }
        struct str before = { rest.p, (size_t)(at - rest.p) };
        rest = str_slice(rest, before.n, rest.n);
        enum placeholder found = find_placeholder(rest);
        /* A first placeholder may follow anything, the others must be parted by something that ends names. */
        t.simple =
            t.simple && found != PH_N && t.n < PIECES_MAX && (t.literal || !has_only_name_chars(before));
        t.literal = t.literal && found == PH_N;
        if (t.simple) {
            piece[t.n++] = (struct template_piece){ (uint32_t)before.n, found };
        }
        rest = str_slice(rest, found != PH_N ? upper[found].n : 1, rest.n);
    }
    struct template_piece *kept = arena_array(arena, struct template_piece, t.simple ? t.n : 0);
    memcpy(kept, piece, (t.simple ? t.n : 0) * sizeof *kept);
    t.piece = kept;
    return t;
}

void template_replace(struct buf *out, size_t from, struct str what, struct str with)
{
    size_t end = out->n;
    size_t at = from;
    ptrdiff_t found = str_find((struct str){ out->p + at, end - at }, what);
    if (found < 0) {
        return;
    }
    /* The new text grows behind the old one and then moves into its place. Each append may move out->p. */
    for (; found >= 0; found = str_find((struct str){ out->p + at, end - at }, what)) {
        if (!buf_reserve(out, (size_t)found + with.n)) {
            return;
        }
        buf_bytes(out, out->p + at, (size_t)found);
        buf_str(out, with);
        at += (size_t)found + what.n;
    }
    if (buf_reserve(out, end - at)) {
        buf_bytes(out, out->p + at, end - at);
        memmove(out->p + from, out->p + end, out->n - end);
        out->n = from + (out->n - end);
    }
}

static void print_in_turn(struct buf *out, struct str text, const struct placeholders *values)
{
    size_t from = out->n;
    buf_str(out, text);
    for (unsigned i = 0; i < 2 * PH_N; i++) {
        struct str value = values->value[i % PH_N];
        if (!str_absent(value)) {
            template_replace(out, from, i < PH_N ? upper[i] : lower[i - PH_N], value);
        }
    }
}

static void print_in_one_pass(struct buf *out, const struct template *t, const struct placeholders *values)
{
    struct str rest = t->text;
    for (unsigned i = 0; i < t->n; i++) {
        size_t before = t->piece[i].before;
        size_t end = before + upper[t->piece[i].placeholder].n;
        struct str value = values->value[t->piece[i].placeholder];
        buf_bytes(out, rest.p, str_absent(value) ? end : before);
        buf_str(out, value);
        rest = str_slice(rest, end, rest.n);
    }
    buf_str(out, rest);
}

/* What keeps a value from being put in as it is: a '%' of its own, or something to be marked. */
static const bool special[256] = {
    [0x00 ... 0x1f] = true, ['"'] = true,  ['%'] = true,  ['<'] = true,
    ['>'] = true,           [0x7f] = true, [0xff] = true,
};

static bool values_are_plain(const struct template *t, const struct placeholders *values)
{
    bool found = false;
    for (unsigned i = 0; i < t->n; i++) {
        struct str value = values->value[t->piece[i].placeholder];
        for (size_t k = 0; k < value.n; k++) {
            found |= special[(unsigned char)value.p[k]];
        }
    }
    return !found;
}

static void print_marked(struct buf *out, const struct template *t, const struct placeholders *values)
{
    struct placeholders marked;
    struct buf copy[PH_N];
    for (unsigned i = 0; i < PH_N; i++) {
        buf_init(&copy[i], values->value[i].n + 1, SIZE_MAX);
        markup_print(&copy[i], values->value[i]);
        marked.value[i] = str_absent(values->value[i]) ? STR_NONE : buf_view(&copy[i]);
    }
    print_in_turn(out, t->text, &marked);
    for (unsigned i = 0; i < PH_N; i++) {
        buf_free(&copy[i]);
    }
}

void template_print(struct buf *out, const struct template *t, const struct placeholders *values)
{
    if (t->literal) {
        buf_str(out, t->text);
    } else if (t->simple && values_are_plain(t, values)) {
        print_in_one_pass(out, t, values);
    } else {
        print_marked(out, t, values);
    }
}
