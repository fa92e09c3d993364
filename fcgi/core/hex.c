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

/* The digits of every byte. */
#define SIXTEEN(HIGH)                                                                                        \
    HIGH "0" HIGH "1" HIGH "2" HIGH "3" HIGH "4" HIGH "5" HIGH "6" HIGH "7" HIGH "8" HIGH "9" HIGH "a" HIGH  \
         "b" HIGH "c" HIGH "d" HIGH "e" HIGH "f"
static const char pairs[] = SIXTEEN("0") SIXTEEN("1") SIXTEEN("2") SIXTEEN("3") SIXTEEN("4") SIXTEEN("5")
    SIXTEEN("6") SIXTEEN("7") SIXTEEN("8") SIXTEEN("9") SIXTEEN("a") SIXTEEN("b") SIXTEEN("c") SIXTEEN("d")
        SIXTEEN("e") SIXTEEN("f");

void hex_print(struct buf *out, struct str bytes)
{
    if (!buf_reserve(out, 2 * bytes.n)) {
        return;
    }
    char *to = out->p + out->n;
    for (size_t i = 0; i < bytes.n; i++, to += 2) {
        memcpy(to, pairs + 2 * (size_t)(unsigned char)bytes.p[i], 2);
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
