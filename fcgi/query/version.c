/* Three grammars. As in the reference's MozillaVersion, the number of dots and the first number decide:
 *
 *     N.N[.N][aN]          one or two dots, first number above 4 (Gecko 5 and later)
 *     N.N[.N][lettersN]    one or two dots otherwise (3.6.3plugin1)
 *     N.N.d.N[lettersN]    three dots; the third field is one digit, which is not compared
 *
 * So 2.0.0.20 compares as 2.0.20. */
#include "query/version.h"

#include <stdio.h>

struct scanner {
    struct str rest;
    bool failed;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_at(const struct scanner *s, char c)
{
    return s->rest.n > 0 && s->rest.p[0] == c;
}

static void skip_chars(struct scanner *s, size_t n)
{
    s->rest = str_slice(s->rest, n, s->rest.n);
}

static uint32_t read_number(struct scanner *s)
{
    struct str rest = s->rest;
    uint64_t value = 0;
    for (; rest.n > 0 && is_digit(rest.p[0]); rest = str_slice(rest, 1, rest.n)) {
        value = value * 10 + (uint64_t)(rest.p[0] - '0');
        value = value > UINT32_MAX ? UINT32_MAX : value;
    }
    s->failed |= rest.n == s->rest.n;
    s->rest = rest;
    return (uint32_t)value;
}

static void expect_char(struct scanner *s, char c)
{
    if (is_at(s, c)) {
        skip_chars(s, 1);
    } else {
        s->failed = true;
    }
}

/* Parses a prerelease tag: letters, then a number. Only the first letter counts. */
static void read_prerelease(struct scanner *s, struct version *v)
{
    size_t n = 0;
    while (n < s->rest.n && is_letter(s->rest.p[n])) {
        n++;
    }
    if (n > 0) {
        v->pre = s->rest.p[0];
        skip_chars(s, n);
        v->pre_num = read_number(s);
    }
}

static unsigned count_dots(struct str text)
{
    unsigned dots = 0;
    for (size_t i = 0; i < text.n; i++) {
        dots += text.p[i] == '.';
    }
    return dots;
}

/* Python's $ also matches before a newline at the very end. */
static struct str without_final_newline(struct str text)
{
    return text.n > 0 && text.p[text.n - 1] == '\n' ? str_slice(text, 0, text.n - 1) : text;
}

bool version_parse(struct version *v, struct str text)
{
    unsigned dots = count_dots(text);
    struct scanner s = { without_final_newline(text), false };
    *v = (struct version){ 0 };
    v->part[0] = read_number(&s);
    expect_char(&s, '.');
    v->part[1] = read_number(&s);
    if (dots == 3) {
        expect_char(&s, '.');
        s.failed |= s.rest.n == 0 || !is_digit(s.rest.p[0]);
        if (!s.failed) {
            skip_chars(&s, 1);
        }
        expect_char(&s, '.');
        v->part[2] = read_number(&s);
    } else if (dots == 2) {
        expect_char(&s, '.');
        v->part[2] = read_number(&s);
    } else if (dots != 1) {
        return false;
    }
    if (dots < 3 && v->part[0] > 4 && s.rest.n > 0 &&
        (!is_at(&s, 'a') || s.rest.n < 2 || !is_digit(s.rest.p[1]))) {
        return false;
    }
    read_prerelease(&s, v);
    return !s.failed && s.rest.n == 0;
}

int version_cmp(const struct version *a, const struct version *b)
{
    for (unsigned i = 0; i < 3; i++) {
        if (a->part[i] != b->part[i]) {
            return a->part[i] < b->part[i] ? -1 : 1;
        }
    }
    if ((a->pre == 0) != (b->pre == 0)) {
        return a->pre != 0 ? -1 : 1;
    }
    if (a->pre != b->pre) {
        return a->pre < b->pre ? -1 : 1;
    }
    return (a->pre_num > b->pre_num) - (a->pre_num < b->pre_num);
}

bool pin_version_parse(struct pin_version *pin, struct str text)
{
    struct scanner s = { without_final_newline(text), false };
    *pin = (struct pin_version){ .n = 1 };
    pin->part[0] = read_number(&s);
    expect_char(&s, '.');
    if (!s.failed && s.rest.n > 0) {
        pin->part[1] = read_number(&s);
        pin->n = 2;
        expect_char(&s, '.');
    }
    return !s.failed && s.rest.n == 0;
}

int version_cmp_pin(const struct version *v, const struct pin_version *pin)
{
    for (unsigned i = 0; i < pin->n; i++) {
        if (v->part[i] != pin->part[i]) {
            return v->part[i] < pin->part[i] ? -1 : 1;
        }
    }
    return 0;
}

size_t pin_version_print(const struct pin_version *pin, char *out)
{
    int n = pin->n == 1 ? snprintf(out, 24, "%u.", pin->part[0])
                        : snprintf(out, 24, "%u.%u.", pin->part[0], pin->part[1]);
    return (size_t)n;
}

/* A component of a loose version: a number, or a text. */
struct component {
    bool is_number;
    uint64_t number;
    struct str text;
};

enum kind { KIND_DIGIT, KIND_LOWER, KIND_OTHER };

static enum kind kind_of(char c)
{
    return is_digit(c) ? KIND_DIGIT : c >= 'a' && c <= 'z' ? KIND_LOWER : KIND_OTHER;
}

/* Removes the next component from *REST: a run of digits, of lower-case letters, or of anything else. Dots
 * separate components. Returns false if there is none left. */
static bool next_component(struct str *rest, struct component *c)
{
    while (rest->n > 0 && rest->p[0] == '.') {
        *rest = str_slice(*rest, 1, rest->n);
    }
    if (rest->n == 0) {
        return false;
    }
    enum kind kind = kind_of(rest->p[0]);
    size_t n = 0;
    uint64_t value = 0;
    while (n < rest->n && rest->p[n] != '.' && kind_of(rest->p[n]) == kind) {
        uint64_t digit = (uint64_t)(rest->p[n] - '0');
        value = kind != KIND_DIGIT || value > (UINT64_MAX - 9) / 10 ? value : value * 10 + digit;
        n++;
    }
    *c = (struct component){ kind == KIND_DIGIT, value, str_slice(*rest, 0, n) };
    *rest = str_slice(*rest, n, rest->n);
    return true;
}

bool version_cmp_loose(struct str a, struct str b, int *cmp)
{
    for (;;) {
        struct component x, y;
        bool has_x = next_component(&a, &x);
        bool has_y = next_component(&b, &y);
        if (!has_x || !has_y) {
            *cmp = has_x - has_y;
            return true;
        }
        if (x.is_number != y.is_number) {
            return false;
        }
        *cmp = x.is_number ? (x.number > y.number) - (x.number < y.number) : str_cmp(x.text, y.text);
        if (*cmp != 0) {
            return true;
        }
    }
}

bool version_product_is_loose(struct str product)
{
    return str_eq(product, STR("FirefoxVPN")) || str_eq(product, STR("Guardian"));
}
