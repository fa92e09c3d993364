/* A table a direction: hashes are long, and an answer has several. */
#include "core/hex.h"

enum { DIGIT = 16 };

/* What each character is worth, with DIGIT; 0: it is none. */
static const unsigned char worth[256] = {
    ['0'] = DIGIT + 0,  ['1'] = DIGIT + 1,  ['2'] = DIGIT + 2,  ['3'] = DIGIT + 3,
    ['4'] = DIGIT + 4,  ['5'] = DIGIT + 5,  ['6'] = DIGIT + 6,  ['7'] = DIGIT + 7,
    ['8'] = DIGIT + 8,  ['9'] = DIGIT + 9,  ['a'] = DIGIT + 10, ['b'] = DIGIT + 11,
    ['c'] = DIGIT + 12, ['d'] = DIGIT + 13, ['e'] = DIGIT + 14, ['f'] = DIGIT + 15,
};

void hex_print(struct buf *out, struct str bytes)
{
    static const char digits[] = "0123456789abcdef";
    if (!buf_reserve(out, 2 * bytes.n)) {
        return;
    }
    char *to = out->p + out->n;
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char byte = (unsigned char)bytes.p[i];
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    out->n += 2 * bytes.n;
}

bool hex_parse(struct buf *out, struct str text)
{
    unsigned digits = DIGIT;
    if (text.n == 0 || text.n % 2 != 0 || !buf_reserve(out, text.n / 2)) {
        return false;
    }
    char *to = out->p + out->n;
    for (size_t i = 0; i < text.n; i += 2) {
        unsigned high = worth[(unsigned char)text.p[i]];
        unsigned low = worth[(unsigned char)text.p[i + 1]];
        digits &= high & low; /* DIGIT stays while all are digits */
        *to++ = (char)(high << 4 | (low & 15));
    }
    out->n += (digits & DIGIT) != 0 ? text.n / 2 : 0;
    return (digits & DIGIT) != 0;
}
