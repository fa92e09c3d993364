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

bool python_truth(const cJSON *value)
{
    if (cJSON_IsString(value)) {
        return value->valuestring[0] != '\0';
    }
    if (cJSON_IsNumber(value)) {
        return value->valuedouble != 0;
    }
    if (cJSON_IsArray(value) || cJSON_IsObject(value)) {
        return value->child != NULL;
    }
    return cJSON_IsTrue(value);
}

/* Prints the character at S[i] and returns its length in bytes. */
static size_t repr_char(struct buf *out, struct str s, size_t i, char quote)
{
    static const char plain[] = "\\\n\r\t";
    static const char letter[] = "\\nrt";
    unsigned char c = (unsigned char)s.p[i];
    unsigned char next = i + 1 < s.n ? (unsigned char)s.p[i + 1] : 0;
    const char *at = c != 0 ? strchr(plain, c) : NULL;
    if (at != NULL || c == (unsigned char)quote) {
        buf_char(out, '\\');
        buf_char(out, at != NULL ? letter[at - plain] : quote);
    } else if (c < ' ' || c == 0x7f) {
        buf_printf(out, "\\x%02x", c);
    } else if (c == 0xc2 && next >= 0x80 && (next <= 0xa0 || next == 0xad)) {
        buf_printf(out, "\\x%02x", next);
        return 2;
    } else {
        buf_char(out, (char)c);
    }
    return 1;
}

void python_repr_string(struct buf *out, struct str s)
{
    char quote = str_contains(s, STR("'")) && !str_contains(s, STR("\"")) ? '"' : '\'';
    buf_char(out, quote);
    for (size_t i = 0; i < s.n;) {
        i += repr_char(out, s, i, quote);
    }
    buf_char(out, quote);
}

void python_repr(struct buf *out, const cJSON *value)
{
    if (cJSON_IsString(value)) {
        python_repr_string(out, str_of(value->valuestring));
        return;
    }
    if (!cJSON_IsArray(value) && !cJSON_IsObject(value)) {
        json_print_str(out, value);
        return;
    }
    buf_char(out, cJSON_IsObject(value) ? '{' : '[');
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        if (cJSON_IsObject(value)) {
            python_repr_string(out, str_of(child->string));
            buf_lit(out, ": ");
        }
        python_repr(out, child);
        buf_str(out, child->next != NULL ? STR(", ") : STR(""));
    }
    buf_char(out, cJSON_IsObject(value) ? '}' : ']');
}
