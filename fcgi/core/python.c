/* See python.h. */
#include "core/python.h"

bool python_int(struct str s, int64_t *value)
{
    s = str_strip(s);
    bool negative = s.n > 0 && s.p[0] == '-';
    if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+')) {
        s = str_slice(s, 1, s.n);
    }
    bool after_digit = false;
    *value = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '_' && after_digit) {
            after_digit = false;
            continue;
        }
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
        after_digit = true;
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, s.p[i] - '0', value)) {
            *value = INT64_MAX;
        }
    }
    *value = negative ? -*value : *value;
    return after_digit;
}
