/* See match.h. Column texts come from the database, values from the query. */
#include "query/match.h"

#include "core/mem.h"
#include "core/python.h"

#include <stdio.h>

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

enum comparison comparison_parse(struct str text, struct str *operand)
{
    static const struct {
        struct str prefix;
        enum comparison op;
    } operators[] = {
        { { ">=", 2 }, CMP_GE },
        { { ">", 1 }, CMP_GT },
        { { "<=", 2 }, CMP_LE },
        { { "<", 1 }, CMP_LT },
    };
    *operand = text;
    if (str_ends(text, STR("*"))) {
        return CMP_GLOB;
    }
    if (text.n > 0 && is_word(text.p[0])) {
        return CMP_EQ;
    }
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (!str_starts(text, operators[i].prefix)) {
            continue;
        }
        size_t from = operators[i].prefix.n;
        size_t to = from;
        while (to < text.n && (text.p[to] == '.' || is_word(text.p[to]))) {
            to++;
        }
        *operand = str_slice(text, from, to); /* what follows the operand is ignored, as in the reference */
        return to > from ? operators[i].op : CMP_NEVER;
    }
    return CMP_NEVER;
}

bool comparison_holds(enum comparison op, int cmp)
{
    switch (op) {
    case CMP_EQ:
    case CMP_GLOB:
        return cmp == 0;
    case CMP_GE:
        return cmp >= 0;
    case CMP_GT:
        return cmp > 0;
    case CMP_LE:
        return cmp <= 0;
    case CMP_LT:
        return cmp < 0;
    case CMP_NEVER:
        break;
    }
    return false;
}

/* "70.*" or "70.3.*", first number above 4 (reference: GlobVersion). Parsed by putting a number where the '*'
 * is. */
static bool parse_glob(struct version *v, struct str text)
{
    char with_zero[64];
    if (!str_ends(text, STR(".*")) || text.n >= sizeof with_zero) {
        return false;
    }
    memcpy(with_zero, text.p, text.n);
    with_zero[text.n - 1] = '0';
    return version_parse(v, (struct str){ with_zero, text.n }) && v->part[0] > 4 && v->pre == 0;
}

void version_test_compile(struct version_test *t, struct str part)
{
    *t = (struct version_test){ 0 };
    t->op = comparison_parse(part, &t->text);
    t->valid = t->op == CMP_GLOB ? parse_glob(&t->operand, t->text)
                                 : t->op != CMP_NEVER && version_parse(&t->operand, t->text);
}

/* The reference compares a glob both ways: by its numbers, which a prerelease does not equal, and as a prefix
 * of the version printed without a trailing .0, which one does. */
static bool glob_holds(const struct version_test *t, const struct version *v)
{
    char text[64];
    struct str prefix = str_slice(t->text, 0, t->text.n - 1);
    if (v->part[0] != t->operand.part[0]) {
        return false;
    }
    int n = snprintf(text, sizeof text, "%u.%u.%u.", v->part[0], v->part[1], v->part[2]);
    if (v->pre == 0 && str_starts((struct str){ text, (size_t)n }, prefix)) {
        return true;
    }
    n = v->part[2] != 0 ? snprintf(text, sizeof text, "%u.%u.%u", v->part[0], v->part[1], v->part[2])
                        : snprintf(text, sizeof text, "%u.%u", v->part[0], v->part[1]);
    if (v->pre != 0) {
        n += snprintf(text + n, sizeof text - (size_t)n, "%c%u", v->pre, v->pre_num);
    }
    return str_starts((struct str){ text, (size_t)n }, prefix);
}

bool version_test_holds(const struct version_test *t, const struct version *query)
{
    if (!t->valid) {
        return false;
    }
    return t->op == CMP_GLOB ? glob_holds(t, query)
                             : comparison_holds(t->op, version_cmp(query, &t->operand));
}

/* A glob is a prefix of three characters or more, '*' included; only a '*' at the end is one. The reference
 * makes a regular expression of it, whose '.' does not match a newline and whose '$' matches before one at
 * the end. */
static bool match_one_channel(struct str rule, struct str channel)
{
    if (!str_ends(rule, STR("*"))) {
        return str_eq(rule, channel);
    }
    struct str prefix = str_slice(rule, 0, rule.n - 1);
    if (rule.n < 3 || !str_starts(channel, prefix)) {
        return false;
    }
    const char *newline = memchr(channel.p + prefix.n, '\n', channel.n - prefix.n);
    return newline == NULL || newline == channel.p + channel.n - 1;
}

bool match_channel(struct str rule, struct str channel, struct str fallback)
{
    return str_absent(rule) || match_one_channel(rule, channel) || match_one_channel(rule, fallback);
}

static bool match_version_loose(struct str rule, struct str query)
{
    struct str part, operand;
    while (str_split(&rule, ',', &part)) {
        int cmp;
        enum comparison op = comparison_parse(part, &operand);
        if (op == CMP_NEVER || !version_cmp_loose(query, operand, &cmp)) {
            return false;
        }
        if (comparison_holds(op, cmp)) {
            return true;
        }
    }
    return false;
}

bool match_version(struct str rule, struct str query, bool loose, bool *bad)
{
    if (bad != NULL) {
        *bad = false;
    }
    if (str_absent(rule)) {
        return true;
    }
    if (loose) {
        return match_version_loose(rule, query);
    }
    struct version v;
    bool holds = false;
    bool parsed = version_parse(&v, query);
    struct str part;
    for (bool first = true; str_split(&rule, ',', &part); first = false) {
        struct version_test test;
        version_test_compile(&test, part);
        if (first && test.op != CMP_NEVER && !parsed) {
            if (bad != NULL) {
                *bad = true;
            }
            return false;
        }
        if (!test.valid) {
            return false;
        }
        holds |= version_test_holds(&test, &v);
    }
    return holds;
}

bool match_build_id(struct str rule, struct str build_id)
{
    struct str operand;
    if (str_absent(rule)) {
        return true;
    }
    enum comparison op = comparison_parse(rule, &operand);
    return comparison_holds(op, str_cmp(build_id, operand));
}

bool match_memory(struct str rule, bool has_memory, int64_t memory)
{
    struct str operand;
    int64_t value;
    if (str_absent(rule)) {
        return true;
    }
    enum comparison op = comparison_parse(rule, &operand);
    if (op == CMP_NEVER || !python_int(operand, &value)) {
        return false;
    }
    return !has_memory || comparison_holds(op, (memory > value) - (memory < value));
}

bool match_list(struct str rule, struct str value)
{
    struct str part;
    if (str_absent(rule)) {
        return true;
    }
    while (str_split(&rule, ',', &part)) {
        if (part.n > 0 && str_eq(part, value)) {
            return true;
        }
    }
    return false;
}

bool match_tristate(enum tristate rule, enum tristate query)
{
    return rule == TRI_UNKNOWN || rule == query;
}
