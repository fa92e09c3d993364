/* A run of bytes that somebody else owns. It may hold NULs; it has no terminator of its own.
 * p == NULL means "absent", which is not the same as empty: a rule column that is NULL, a query without that
 * field. */
#ifndef BALROG_CORE_STR_H
#define BALROG_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(LITERAL) ((struct str){ (LITERAL), sizeof(LITERAL) - 1 })
#define STR_NONE ((struct str){ NULL, 0 })
/* For printf's %.*s. */
#define STR_ARG(S) (int)(S).n, (S).p

static inline struct str str_of(const char *z)
{
    return (struct str){ z, z != NULL ? strlen(z) : 0 };
}

static inline bool str_absent(struct str s)
{
    return s.p == NULL;
}

/* Same bytes; two absent strings are equal, an absent and an empty one are not. */
static inline bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.p == NULL) == (b.p == NULL) && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Byte order, which for UTF-8 is code point order, as Python compares. */
static inline int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static inline bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

static inline bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

static inline struct str str_slice(struct str s, size_t from, size_t to)
{
    return (struct str){ s.p + from, to - from };
}

/* The index at which NEEDLE first occurs in S, or -1. An empty needle is found at 0. For short texts this is
 * faster than memmem(), which builds a table first. */
static inline ptrdiff_t str_find(struct str s, struct str needle)
{
    if (needle.n == 0) {
        return 0;
    }
    for (size_t from = 0; s.n - from >= needle.n; from++) {
        const char *at = memchr(s.p + from, needle.p[0], s.n - from - needle.n + 1);
        if (at == NULL) {
            return -1;
        }
        from = (size_t)(at - s.p);
        if (memcmp(at, needle.p, needle.n) == 0) {
            return (ptrdiff_t)from;
        }
    }
    return -1;
}

static inline bool str_contains(struct str s, struct str needle)
{
    return str_find(s, needle) >= 0;
}

/* Whether S has only bytes below 0x80. */
static inline bool str_is_ascii(struct str s)
{
    uint64_t word, all = 0;
    for (; s.n >= sizeof word; s = str_slice(s, sizeof word, s.n)) {
        memcpy(&word, s.p, sizeof word);
        all |= word;
    }
    for (size_t i = 0; i < s.n; i++) {
        all |= (unsigned char)s.p[i];
    }
    return (all & 0x8080808080808080u) == 0;
}

/* Removes the next piece, up to SEPARATOR, from *REST, as Python's split does: "a," has two pieces, "" has
 * one. Returns false if no piece is left. Begin with the whole string in *REST; it is absent after the last
 * piece. */
static inline bool str_split(struct str *rest, char separator, struct str *piece)
{
    if (rest->p == NULL) {
        return false;
    }
    const char *at = rest->n > 0 ? memchr(rest->p, separator, rest->n) : NULL;
    if (at == NULL) {
        *piece = *rest;
        *rest = STR_NONE;
    } else {
        *piece = (struct str){ rest->p, (size_t)(at - rest->p) };
        *rest = (struct str){ at + 1, rest->n - piece->n - 1 };
    }
    return true;
}

/* S without the ASCII white space at both ends that Python's str.strip() removes. */
static inline struct str str_strip(struct str s)
{
    while (s.n > 0 &&
           (s.p[0] == ' ' || (s.p[0] >= '\t' && s.p[0] <= '\r') || (s.p[0] >= 0x1c && s.p[0] <= 0x1f))) {
        s.p++;
        s.n--;
    }
    while (s.n > 0) {
        char c = s.p[s.n - 1];
        if (c != ' ' && !(c >= '\t' && c <= '\r') && !(c >= 0x1c && c <= 0x1f)) {
            break;
        }
        s.n--;
    }
    return s;
}

/* The secret of str_hash(), drawn once as the process starts (core/str_key.c). MULTIPLIER is odd. */
struct str_key {
    uint64_t start, multiplier;
};
extern struct str_key str_key;

/* The product of H and the secret multiplier, its upper half folded onto the lower one. */
static inline uint64_t str_fold(uint64_t h)
{
    unsigned __int128 product = (unsigned __int128)h * str_key.multiplier;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The hash of S, only for hash tables in memory. Nobody can choose texts with equal hashes without knowing
 * the secret of the process; therefore a hash must not reach an answer, a file or the database. It takes
 * eight bytes at a time; the last eight, or fewer, are read as two halves that may overlap. */
static inline uint32_t str_hash(struct str s)
{
    uint64_t h = str_key.start ^ s.n, word = 0;
    for (; s.n > sizeof word; s = str_slice(s, sizeof word, s.n)) {
        memcpy(&word, s.p, sizeof word);
        h = str_fold(h ^ word);
    }
    if (s.n >= 4) {
        uint32_t half;
        memcpy(&half, s.p, sizeof half);
        word = (uint64_t)half << 32;
        memcpy(&half, s.p + s.n - sizeof half, sizeof half);
        word |= half;
    } else if (s.n > 0) {
        word = (uint64_t)(unsigned char)s.p[0] << 16 | (uint64_t)(unsigned char)s.p[s.n / 2] << 8 |
               (unsigned char)s.p[s.n - 1];
    } else {
        word = 0;
    }
    h = str_fold(h ^ word);
    return (uint32_t)(h ^ h >> 32);
}

#endif
