/* JSON over cJSON: a scan refuses what cJSON would take but we cannot hold (deep nesting, NULs in strings),
 * then cJSON parses, then keys given twice are made unique as Python's json does. Printing follows Python's
 * json.dumps. */
#include "core/json.h"

#include "core/json_pool.h"
#include "core/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* A bit of cJSON's type that cJSON leaves alone and copies. */
enum { NUMBER_IS_FLOAT = 1 << 16 };

/* Skips the string that opens at TEXT[i]; returns the index of its closing quote (or the end). */
static size_t scan_string(struct str text, size_t i, bool *has_nul)
{
    for (i++; i < text.n && text.p[i] != '"'; i++) {
        if (text.p[i] == '\\') {
            i++;
            if (text.n - i >= 5 && memcmp(text.p + i, "u0000", 5) == 0) {
                *has_nul = true;
            }
        } else if (text.p[i] == '\0') {
            *has_nul = true;
        }
    }
    return i;
}

/* A value takes cJSON some 80 bytes: text that is little else than values may not have very many of them. */
static size_t values_max(struct str text)
{
    size_t by_size = text.n / JSON_VALUE_MIN;
    return by_size > JSON_VALUES_MAX ? by_size : JSON_VALUES_MAX;
}

/* Refuses TEXT where it is more than we can hold. *HAS_FLOATS: it may have numbers with a point or an
 * exponent. */
static bool scan_text(struct str text, bool *has_floats, struct error *e)
{
    unsigned depth = 0;
    size_t values = 1; /* each comma and each opening bracket announces one more */
    bool has_nul = false;
    for (size_t i = 0; i < text.n; i++) {
        switch (text.p[i]) {
        case '"':
            i = scan_string(text, i, &has_nul);
            break;
        case ',':
            values++;
            break;
        case '[':
        case '{':
            values++;
            if (++depth > JSON_DEPTH_MAX) {
                return error_set(e, ERROR_BAD_REQUEST, "JSON is nested more than %d deep", JSON_DEPTH_MAX);
            }
            break;
        case ']':
        case '}':
            depth -= depth > 0;
            break;
        case '.':
        case 'E':
            *has_floats = true;
            break;
        case 'e': /* not the one of true and false */
            *has_floats |= i > 0 && text.p[i - 1] >= '0' && text.p[i - 1] <= '9';
            break;
        default:
            break;
        }
    }
    if (values > values_max(text)) {
        return error_set(e, ERROR_BAD_REQUEST, "JSON has more than %zu values: send less at a time",
                         values_max(text));
    }
    return has_nul ? error_set(e, ERROR_BAD_REQUEST, "JSON has a NUL character in a string") : true;
}

struct member {
    cJSON *item;
    size_t at; /* its place among its siblings */
};

/* By key, then by place, so that of equal keys the last one given comes last. */
static int compare_member_keys(const void *a, const void *b)
{
    const struct member *x = a;
    const struct member *y = b;
    int c = strcmp(x->item->string, y->item->string);
    return c != 0 ? c : (x->at > y->at) - (x->at < y->at);
}

/* The members or items of VALUE, to be freed. */
static struct member *members(const cJSON *value, bool sorted, size_t *n)
{
    struct member *list = mem_check(malloc(((size_t)cJSON_GetArraySize(value) + 1) * sizeof(*list)));
    *n = 0;
    for (cJSON *child = value->child; child != NULL; child = child->next) {
        list[*n] = (struct member){ child, *n };
        ++*n;
    }
    if (sorted) {
        qsort(list, *n, sizeof(*list), compare_member_keys);
    }
    return list;
}

static bool has_twins(const cJSON *object)
{
    enum { MEMBERS_FEW = 8 };
    size_t n = 0;
    for (const cJSON *a = object->child; a != NULL; a = a->next) {
        if (++n > MEMBERS_FEW) {
            return true; /* many: let the sort find out */
        }
        for (const cJSON *b = a->next; b != NULL; b = b->next) {
            if (a->string[0] == b->string[0] && strcmp(a->string, b->string) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void drop_twins(cJSON *value)
{
    for (cJSON *child = value->child; child != NULL; child = child->next) {
        if (child->child != NULL) {
            drop_twins(child);
        }
    }
    if (!cJSON_IsObject(value) || !has_twins(value)) {
        return;
    }
    size_t n;
    struct member *list = members(value, true, &n);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(list[i - 1].item->string, list[i].item->string) == 0) {
            cJSON_Delete(cJSON_DetachItemViaPointer(value, list[i - 1].item));
        }
    }
    free(list);
}

/* The next number in TEXT from *I on; *I is moved behind it. False when there is none. */
static bool next_number(struct str text, size_t *i, struct str *number)
{
    bool has_nul;
    for (; *i < text.n; ++*i) {
        char c = text.p[*i];
        if (c == '"') {
            *i = scan_string(text, *i, &has_nul);
        } else if (c == '-' || (c >= '0' && c <= '9')) {
            size_t start = *i;
            while (*i < text.n && memchr("+-.0123456789eE", text.p[*i], 15) != NULL) {
                ++*i;
            }
            *number = str_slice(text, start, *i);
            return true;
        }
    }
    return false;
}

/* VALUE, and what is in it, was parsed from TEXT from *I on. */
static void mark_floats(cJSON *value, struct str text, size_t *i)
{
    struct str number;
    if (cJSON_IsNumber(value) && next_number(text, i, &number) &&
        (memchr(number.p, '.', number.n) != NULL || memchr(number.p, 'e', number.n) != NULL ||
         memchr(number.p, 'E', number.n) != NULL)) {
        value->type |= NUMBER_IS_FLOAT;
    }
    for (cJSON *child = value->child; child != NULL; child = child->next) {
        mark_floats(child, text, i);
    }
}

bool json_int(const cJSON *value, int64_t min, int64_t max, int64_t *n)
{
    double d = cJSON_IsNumber(value) ? value->valuedouble : NAN;
    *n = 0;
    /* 2^63 is a double, INT64_MAX is not. NAN compares as false. */
    if (!(d >= -0x1p63 && d < 0x1p63) || d != trunc(d)) {
        return false;
    }
    int64_t whole = (int64_t)d;
    if (whole < min || whole > max) {
        return false;
    }
    *n = whole;
    return true;
}

bool json_is_float(const cJSON *value)
{
    return cJSON_IsNumber(value) && (value->type & NUMBER_IS_FLOAT) != 0;
}

static bool is_finite(const cJSON *value)
{
    bool finite = !cJSON_IsNumber(value) || isfinite(value->valuedouble);
    for (const cJSON *child = value->child; finite && child != NULL; child = child->next) {
        finite = is_finite(child);
    }
    return finite;
}

cJSON *json_parse(struct str text, struct error *e)
{
    if (str_absent(text)) {
        error_set(e, ERROR_BAD_REQUEST, "there is no JSON");
        return NULL;
    }
    bool has_floats = false;
    if (!scan_text(text, &has_floats, e)) {
        return NULL;
    }
    const char *end = NULL;
    cJSON *value = cJSON_ParseWithLengthOpts(text.p, text.n, &end, false);
    if (value == NULL) {
        error_set(e, ERROR_BAD_REQUEST, "JSON is broken at byte %zu",
                  end != NULL ? (size_t)(end - text.p) : 0);
        return NULL;
    }
    struct str rest = str_strip(str_slice(text, (size_t)(end - text.p), text.n));
    if (rest.n > 0) {
        error_set(e, ERROR_BAD_REQUEST, "JSON is followed by something else at byte %zu",
                  (size_t)(rest.p - text.p));
        cJSON_Delete(value);
        return NULL;
    }
    if (!is_finite(value)) {
        error_set(e, ERROR_BAD_REQUEST, "JSON has a number that is too large");
        cJSON_Delete(value);
        return NULL;
    }
    if (has_floats) {
        size_t i = 0;
        mark_floats(value, text, &i);
    }
    drop_twins(value);
    return value;
}

struct whole_tree {
    struct json_pool *pool;
};

static int whole_tree_free(struct whole_tree *tree)
{
    json_pool_free(tree->pool);
    return 0;
}

const cJSON *json_parse_whole(void *ctx, struct str text, struct error *e)
{
    struct whole_tree *tree = mem_new(ctx, struct whole_tree);
    tree->pool = json_pool_new();
    talloc_set_destructor(tree, whole_tree_free);
    json_pool_enter(tree->pool);
    const cJSON *value = json_parse(text, e);
    json_pool_leave(tree->pool);
    if (value == NULL) {
        talloc_free(tree);
    }
    return value;
}

const cJSON *json_get(const cJSON *object, const char *key)
{
    return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
}

const char *json_get_string(const cJSON *object, const char *key)
{
    return cJSON_GetStringValue(json_get(object, key));
}

const cJSON *json_get_object(const cJSON *object, const char *key)
{
    const cJSON *value = json_get(object, key);
    return cJSON_IsObject(value) ? value : NULL;
}

const cJSON *json_get_array(const cJSON *object, const char *key)
{
    const cJSON *value = json_get(object, key);
    return cJSON_IsArray(value) ? value : NULL;
}

/* ---- pointers ---- */

bool json_is_pointer(const char *pointer)
{
    for (const char *c = pointer; *c != '\0'; c++) {
        if (*c == '~' && c[1] != '0' && c[1] != '1') {
            return false;
        }
    }
    return pointer[0] == '\0' || pointer[0] == '/';
}

/* Whether KEY is TOKEN, in which ~1 stands for / and ~0 for ~. */
static bool is_pointer_token(const char *key, struct str token)
{
    for (size_t i = 0; i < token.n; i++, key++) {
        char c = token.p[i];
        if (c == '~' && i + 1 < token.n) {
            c = token.p[++i] == '1' ? '/' : '~';
        }
        if (*key != c || c == '\0') {
            return false;
        }
    }
    return *key == '\0';
}

/* The item that TOKEN numbers: no sign, no zeros in front. */
static const cJSON *item_at(const cJSON *array, struct str token)
{
    size_t index = 0;
    if (token.n == 0 || token.n > 9 || (token.n > 1 && token.p[0] == '0')) {
        return NULL;
    }
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] < '0' || token.p[i] > '9') {
            return NULL;
        }
        index = index * 10 + (size_t)(token.p[i] - '0');
    }
    const cJSON *item = array->child;
    while (item != NULL && index-- > 0) {
        item = item->next;
    }
    return item;
}

static const cJSON *member_at(const cJSON *object, struct str token)
{
    const cJSON *member = object->child;
    while (member != NULL && !is_pointer_token(member->string, token)) {
        member = member->next;
    }
    return member;
}

const cJSON *json_pointer(const cJSON *value, const char *pointer)
{
    struct str rest = str_of(pointer);
    struct str token;
    if (!str_split(&rest, '/', &token) || token.n > 0) {
        return NULL;
    }
    while (value != NULL && str_split(&rest, '/', &token)) {
        value = cJSON_IsArray(value)    ? item_at(value, token)
                : cJSON_IsObject(value) ? member_at(value, token)
                                        : NULL;
    }
    return value;
}

/* ---- making ---- */

cJSON *json_text(struct str s)
{
    char *copy = mem_strndup(NULL, s.p, s.n);
    cJSON *text = mem_check(cJSON_CreateString(copy));
    talloc_free(copy);
    return text;
}

struct json_owner {
    cJSON *value;
};

static int json_owner_free(struct json_owner *k)
{
    cJSON_Delete(k->value);
    return 0;
}

const cJSON *json_keep(void *ctx, cJSON *value)
{
    if (value != NULL) {
        struct json_owner *k = mem_new(ctx, struct json_owner);
        k->value = value;
        talloc_set_destructor(k, json_owner_free);
    }
    return value;
}

/* ---- printing ---- */

/* The code point at *AT, which is moved on; U+FFFD for a byte that starts no valid sequence. */
static uint32_t next_code_point(struct str s, size_t *at)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t min;
    } form[] = { { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };
    unsigned char c = (unsigned char)s.p[(*at)++];
    if (c < 0x80) {
        return c;
    }
    for (size_t extra = 1; extra <= 3; extra++) {
        if ((c & form[extra - 1].mask) != form[extra - 1].lead) {
            continue;
        }
        uint32_t code = c & (unsigned char)~form[extra - 1].mask;
        if (s.n - *at < extra) {
            break;
        }
        for (size_t i = 0; i < extra; i++) {
            unsigned char next = (unsigned char)s.p[*at + i];
            if ((next & 0xc0) != 0x80) {
                return 0xfffd;
            }
            code = code << 6 | (next & 0x3f);
        }
        if (code < form[extra - 1].min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
            break;
        }
        *at += extra;
        return code;
    }
    return 0xfffd;
}

static void print_escaped(struct buf *out, uint32_t code)
{
    static const char plain[] = "\"\\\b\f\n\r\t";
    static const char letter[] = "\"\\bfnrt";
    const char *at = code != 0 && code < 0x80 ? strchr(plain, (int)code) : NULL;
    if (at != NULL) {
        buf_char(out, '\\');
        buf_char(out, letter[at - plain]);
    } else if (code >= 0x10000) {
        code -= 0x10000;
        buf_printf(out, "\\u%04x\\u%04x", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
    } else {
        buf_printf(out, "\\u%04x", code);
    }
}

void json_print_string(struct buf *out, struct str s)
{
    buf_char(out, '"');
    for (size_t i = 0; i < s.n;) {
        size_t run = i;
        while (run < s.n && s.p[run] >= ' ' && s.p[run] != '"' && s.p[run] != '\\') {
            run++;
        }
        buf_bytes(out, s.p + i, run - i);
        i = run;
        if (i < s.n) {
            print_escaped(out, next_code_point(s, &i));
        }
    }
    buf_char(out, '"');
}

/* A float has a point even where its value is whole. */
static void print_number(struct buf *out, const cJSON *value)
{
    char text[32];
    double d = value->valuedouble;
    if (json_is_float(value) && d == floor(d) && fabs(d) < 1e16) {
        buf_printf(out, "%.1f", d);
        return;
    }
    /* The common case; 0 may be -0. */
    if (d >= 1 && d < 1e15 && d == (double)(int64_t)d) {
        buf_int(out, (int64_t)d);
        return;
    }
    if (d == floor(d) && !json_is_float(value)) {
        buf_printf(out, "%.0f", d); /* an int, however large */
        return;
    }
    /* From 1e16 on with an exponent, also where %g would write 17 digits without one. */
    bool large = fabs(d) >= 1e16;
    int digits = large ? 1 : 15;
    do {
        snprintf(text, sizeof text, large ? "%.*e" : "%.*g", large ? digits - 1 : digits, d);
    } while (strtod(text, NULL) != d && ++digits <= 17);
    buf_str(out, str_of(text));
}

static void print_value(struct buf *out, const cJSON *value, enum json_style style, unsigned depth);

static void new_line(struct buf *out, enum json_style style, unsigned depth)
{
    buf_char(out, '\n');
    for (unsigned i = 0; i < depth * (style == JSON_PRETTY ? 4 : 2); i++) {
        buf_char(out, ' ');
    }
}

/* The N members or items of VALUE, in the order of LIST, between BRACKETS ("{}" or "[]"). */
static void print_list(struct buf *out, const struct member *list, size_t n, const char *brackets,
                       enum json_style style, unsigned depth)
{
    bool indented = style == JSON_PRETTY || style == JSON_PROBLEM;
    buf_char(out, brackets[0]);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_str(out, indented || style == JSON_COMPACT ? STR(",") : STR(", "));
        }
        if (indented) {
            new_line(out, style, depth + 1);
        }
        if (brackets[0] == '{') {
            json_print_string(out, str_of(list[i].item->string));
            buf_str(out, style == JSON_COMPACT ? STR(":") : STR(": "));
        }
        print_value(out, list[i].item, style, depth + 1);
    }
    if (indented && n > 0) {
        new_line(out, style, depth);
    }
    buf_char(out, brackets[1]);
}

/* VALUE, an object or array, on one line and in the order of its members. */
static void print_in_order(struct buf *out, const cJSON *value)
{
    bool object = cJSON_IsObject(value);
    buf_char(out, object ? '{' : '[');
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        if (child != value->child) {
            buf_lit(out, ", ");
        }
        if (object) {
            json_print_string(out, str_of(child->string));
            buf_lit(out, ": ");
        }
        print_value(out, child, JSON_DUMPS, 0);
    }
    buf_char(out, object ? '}' : ']');
}

static void print_container(struct buf *out, const cJSON *value, enum json_style style, unsigned depth)
{
    bool object = cJSON_IsObject(value);
    if (style == JSON_DUMPS) {
        print_in_order(out, value);
        return;
    }
    size_t n;
    struct member *list = members(value, object, &n);
    print_list(out, list, n, object ? "{}" : "[]", style, depth);
    free(list);
}

static void print_value(struct buf *out, const cJSON *value, enum json_style style, unsigned depth)
{
    if (cJSON_IsString(value)) {
        json_print_string(out, str_of(value->valuestring));
    } else if (cJSON_IsNumber(value)) {
        print_number(out, value);
    } else if (cJSON_IsBool(value)) {
        buf_str(out, cJSON_IsTrue(value) ? STR("true") : STR("false"));
    } else if (cJSON_IsObject(value) || cJSON_IsArray(value)) {
        print_container(out, value, style, depth);
    } else {
        buf_lit(out, "null");
    }
}

void json_print(struct buf *out, const cJSON *value, enum json_style style)
{
    print_value(out, value, style, 0);
}

void json_print_str(struct buf *out, const cJSON *value)
{
    if (cJSON_IsString(value)) {
        buf_str(out, str_of(value->valuestring));
    } else if (cJSON_IsBool(value)) {
        buf_str(out, cJSON_IsTrue(value) ? STR("True") : STR("False"));
    } else if (value == NULL || cJSON_IsNull(value)) {
        buf_lit(out, "None");
    } else {
        json_print(out, value, JSON_DUMPS);
    }
}
