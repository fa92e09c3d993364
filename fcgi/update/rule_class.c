/* A scale is the operands that rules compare a column with, sorted, or as many of them, evenly spaced, as
 * make 256 classes: class N holds the values that are not less than N of them. */
#include "update/rule_class.h"

#include <endian.h>
#include <stdlib.h>

enum { BOUNDS_MAX = RULE_CLASSES - 1 };

typedef int compare_fn(const void *, const void *);

/* The beginning of a value as a number: what has the lower one is less. */
typedef uint64_t prefix_fn(const void *);

struct scale {
    size_t n;                    /* bounds, at most BOUNDS_MAX */
    const char *bound;           /* sorted, each once */
    size_t size;                 /* of a bound */
    uint64_t prefix[BOUNDS_MAX]; /* of each bound */
    prefix_fn *prefix_of;
    compare_fn *cmp;
};

struct rule_scales {
    struct scale version, build_id;
};

static int versions_cmp(const void *a, const void *b)
{
    return version_cmp(a, b);
}

static int texts_cmp(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static uint64_t version_prefix(const void *value)
{
    const struct version *version = value;
    return (uint64_t)version->part[0] << 32 | version->part[1];
}

static uint64_t text_prefix(const void *value)
{
    const struct str *text = value;
    uint64_t prefix = 0;
    memcpy(&prefix, text->p, text->n < sizeof prefix ? text->n : sizeof prefix);
    return be64toh(prefix);
}

/* Makes a scale of the N values at BOUND, owned by CTX, which it sorts and thins out in place. */
static void make_scale(struct scale *scale, char *bound, size_t n, size_t size, compare_fn *cmp,
                       prefix_fn *prefix_of)
{
    size_t distinct = 0;
    if (n > 0) {
        qsort(bound, n, size, cmp);
    }
    for (size_t i = 0; i < n; i++) {
        if (distinct == 0 || cmp(bound + (distinct - 1) * size, bound + i * size) != 0) {
            memmove(bound + distinct++ * size, bound + i * size, size);
        }
    }
    size_t kept = distinct < BOUNDS_MAX ? distinct : BOUNDS_MAX;
    *scale = (struct scale){ .n = kept, .bound = bound, .size = size, .prefix_of = prefix_of, .cmp = cmp };
    for (size_t i = 0; i < kept; i++) {
        memmove(bound + i * size, bound + i * distinct / kept * size, size);
        scale->prefix[i] = prefix_of(bound + i * size);
    }
}

/* How many bounds are less than VALUE; with OR_EQUAL: less than or equal to it. */
static unsigned count_bounds(const struct scale *scale, const void *value, bool or_equal)
{
    uint64_t prefix = scale->prefix_of(value);
    size_t low = 0;
    for (size_t left = scale->n, half; left > 0; left -= half) {
        half = (left + 1) / 2;
        low += scale->prefix[low + half - 1] < prefix ? half : 0;
    }
    for (; low < scale->n && scale->prefix[low] == prefix; low++) {
        int c = scale->cmp(scale->bound + low * scale->size, value);
        if (c > 0 || (c == 0 && !or_equal)) {
            break;
        }
    }
    return (unsigned)low;
}

/* The lowest and the highest version that may satisfy TEST, where that is a glob. */
static void glob_range(const struct version_test *test, struct version *low, struct version *high)
{
    uint32_t major = test->operand.part[0];
    *low = (struct version){ { major, 0, 0 }, 1, 0 }; /* a prerelease of the lowest kind */
    *high = (struct version){ { major, UINT32_MAX, UINT32_MAX }, 0, 0 };
}

struct rule_scales *rule_scales_new(void *ctx, const struct rule *rules, size_t n)
{
    struct rule_scales *scales = mem_new(ctx, struct rule_scales);
    size_t n_versions = 0, n_build_ids = 0;
    for (size_t i = 0; i < n; i++) {
        n_versions += rules[i].n_versions;
    }
    struct version *version = mem_array(scales, struct version, n_versions);
    struct str *build_id = mem_array(scales, struct str, n);
    n_versions = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < rules[i].n_versions && rules[i].versions_valid; k++) {
            const struct version_test *test = &rules[i].versions[k];
            struct version high;
            version[n_versions] = test->operand;
            if (test->op == CMP_GLOB) {
                glob_range(test, &version[n_versions], &high);
            }
            n_versions++;
        }
        if (rules[i].build_id.op != CMP_NEVER) {
            build_id[n_build_ids++] = rules[i].build_id.operand;
        }
    }
    make_scale(&scales->version, (char *)version, n_versions, sizeof *version, versions_cmp, version_prefix);
    make_scale(&scales->build_id, (char *)build_id, n_build_ids, sizeof *build_id, texts_cmp, text_prefix);
    return scales;
}

/* ---- classes of rules ---- */

static void put_class(uint64_t *classes, unsigned class)
{
    classes[class / 64] |= 1ull << class % 64;
}

static unsigned hash_class(struct str value)
{
    uint32_t h = str_hash(value);
    return (h ^ h >> 16) % RULE_CLASSES;
}

static bool put_exact(uint64_t *classes, struct str value)
{
    if (str_absent(value)) {
        return false;
    }
    put_class(classes, hash_class(value));
    return true;
}

static bool put_list(uint64_t *classes, struct str list)
{
    struct str part;
    bool limited = !str_absent(list);
    while (str_split(&list, ',', &part)) {
        put_class(classes, hash_class(part));
    }
    return limited;
}

/* What compares as OP says with a value between LOW and HIGH, which are the same but for a glob. */
static void put_compared(uint64_t *classes, const struct scale *scale, enum comparison op, const void *low,
                         const void *high)
{
    if (op == CMP_NEVER) {
        return;
    }
    unsigned from = op == CMP_LE || op == CMP_LT ? 0 : count_bounds(scale, low, true);
    unsigned to = op == CMP_GE || op == CMP_GT ? RULE_CLASSES - 1 : count_bounds(scale, high, op != CMP_LT);
    for (unsigned class = from; class <= to; class ++) {
        put_class(classes, class);
    }
}

static bool put_versions(uint64_t *classes, const struct scale *scale, const struct rule *rule)
{
    for (size_t i = 0; i < rule->n_versions && rule->versions_valid; i++) {
        const struct version_test *test = &rule->versions[i];
        struct version low = test->operand, high = test->operand;
        if (test->op == CMP_GLOB) {
            glob_range(test, &low, &high);
        }
        put_compared(classes, scale, test->op, &low, &high);
    }
    return !str_absent(rule->row.version);
}

static bool put_build_id(uint64_t *classes, const struct scale *scale, const struct rule *rule)
{
    put_compared(classes, scale, rule->build_id.op, &rule->build_id.operand, &rule->build_id.operand);
    return !str_absent(rule->row.build_id);
}

bool rule_classes(const struct rule_scales *scales, const struct rule *rule, enum rule_filter column,
                  uint64_t classes[RULE_CLASSES / 64])
{
    memset(classes, 0, RULE_CLASSES / 8);
    switch (column) {
    case FILTER_BUILD_TARGET:
        return put_exact(classes, rule->row.build_target);
    case FILTER_VERSION:
        return put_versions(classes, &scales->version, rule);
    case FILTER_BUILD_ID:
        return put_build_id(classes, &scales->build_id, rule);
    case FILTER_LOCALE:
        return put_list(classes, rule->row.locale);
    case FILTER_DISTRIBUTION:
        return put_list(classes, rule->row.distribution);
    case FILTER_WANTS_VERSION:
        classes[0] = rule->wants_version;
        return true;
    case RULE_FILTERS:
        break;
    }
    return false;
}

/* ---- classes of queries ---- */

/* An absent field counts as empty, as when rules are matched. */
static struct str or_empty(struct str value)
{
    return str_absent(value) ? STR("") : value;
}

uint8_t rule_class_of(const struct rule_scales *scales, enum rule_filter column, const struct query *q,
                      const struct version *version)
{
    struct str build_id = or_empty(q->build_id);
    switch (column) {
    case FILTER_BUILD_TARGET:
        return (uint8_t)hash_class(q->build_target);
    case FILTER_VERSION:
        return (uint8_t)count_bounds(&scales->version, version, true);
    case FILTER_BUILD_ID:
        return (uint8_t)count_bounds(&scales->build_id, &build_id, true);
    case FILTER_LOCALE:
        return (uint8_t)hash_class(or_empty(q->locale));
    case FILTER_DISTRIBUTION:
        return (uint8_t)hash_class(or_empty(q->distribution));
    case FILTER_WANTS_VERSION:
    case RULE_FILTERS:
        break;
    }
    return 0;
}
