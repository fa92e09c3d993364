/* Rules are kept in priority order, so the first that matches wins. What can be parsed once is parsed when
 * the set is built.
 *
 * The reference looks at every rule before it chooses, and so parses the query's version as soon as any rule
 * wants it. With a version that can be parsed that makes no difference; with one that cannot, any such rule
 * decides. */
#include "update/ruleset.h"

#include "update/rule_index.h"

#include <stdlib.h>

static struct str copy(void *ctx, struct str s)
{
    return str_absent(s) ? s : (struct str){ mem_strndup(ctx, s.p, s.n), s.n };
}

static void copy_texts(void *ctx, struct rule_row *row)
{
    struct str *const texts[] = {
        &row->mapping,      &row->fallback_mapping, &row->update_type,
        &row->product,      &row->version,          &row->channel,
        &row->build_target, &row->build_id,         &row->locale,
        &row->os_version,   &row->memory,           &row->instruction_set,
        &row->distribution, &row->dist_version,     &row->header_architecture,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = copy(ctx, *texts[i]);
    }
}

static void compile_versions(void *ctx, struct rule *rule)
{
    struct str part, rest = rule->row.version;
    rule->versions_valid = true;
    while (str_split(&rest, ',', &part)) {
        rule->versions = mem_resize(ctx, rule->versions, struct version_test, rule->n_versions + 1);
        struct version_test *t = &rule->versions[rule->n_versions++];
        version_test_compile(t, part);
        rule->versions_valid &= t->valid;
    }
    rule->wants_version = rule->n_versions > 0 && rule->versions[0].op != CMP_NEVER;
}

static int by_priority(const void *a, const void *b)
{
    const struct rule_row *x = &((const struct rule *)a)->row;
    const struct rule_row *y = &((const struct rule *)b)->row;
    if (x->has_priority != y->has_priority) {
        return x->has_priority ? -1 : 1;
    }
    if (x->has_priority && x->priority != y->priority) {
        return x->priority > y->priority ? -1 : 1;
    }
    return (x->rule_id > y->rule_id) - (x->rule_id < y->rule_id);
}

struct ruleset *ruleset_build(void *ctx, const struct rule_row *rows, size_t n)
{
    struct ruleset *set = mem_new(ctx, struct ruleset);
    set->n = n;
    set->rules = mem_array(set, struct rule, n);
    for (size_t i = 0; i < n; i++) {
        set->rules[i].row = rows[i];
        copy_texts(set, &set->rules[i].row);
        compile_versions(set, &set->rules[i]);
    }
    if (n > 0) {
        qsort(set->rules, n, sizeof set->rules[0], by_priority);
    }
    set->index = rule_index_build(set, set->rules, n);
    return set;
}

/* A query's version, parsed when the first rule wants it. */
struct parsed_version {
    enum { NOT_YET, GOOD, BAD } state;
    struct version version;
};

static bool parse_once(struct parsed_version *v, struct str text)
{
    if (v->state == NOT_YET) {
        v->state = version_parse(&v->version, text) ? GOOD : BAD;
    }
    return v->state == GOOD;
}

static bool version_matches(const struct rule *rule, const struct query *q, struct parsed_version *v,
                            bool *bad)
{
    if (str_absent(rule->row.version)) {
        return true;
    }
    if (product_is_loose(q->product)) {
        return match_version(rule->row.version, q->version, true, NULL);
    }
    if (rule->wants_version && !parse_once(v, q->version)) {
        *bad = true;
        return false;
    }
    for (size_t i = 0; i < rule->n_versions && rule->versions_valid; i++) {
        if (version_test_holds(&rule->versions[i], &v->version)) {
            return true;
        }
    }
    return false;
}

static bool equal_or_null(struct str column, struct str value)
{
    return str_absent(column) || str_eq(column, value);
}

/* A field that the URL form lacks counts as empty for most columns. */
static struct str or_empty(struct str s)
{
    return str_absent(s) ? STR("") : s;
}

static enum rule_column mismatch(const struct rule *rule, const struct query *q, struct parsed_version *v,
                                 bool *bad)
{
    const struct rule_row *r = &rule->row;
    if (!equal_or_null(r->product, q->product)) {
        return RULE_PRODUCT;
    }
    if (!equal_or_null(r->build_target, q->build_target)) {
        return RULE_BUILD_TARGET;
    }
    if (!equal_or_null(r->header_architecture, q->header_architecture)) {
        return RULE_HEADER_ARCHITECTURE;
    }
    if (!equal_or_null(r->dist_version, q->dist_version)) {
        return RULE_DIST_VERSION;
    }
    if (!match_channel(r->channel, q->channel, q->fallback_channel)) {
        return RULE_CHANNEL;
    }
    if (!version_matches(rule, q, v, bad)) {
        return RULE_VERSION;
    }
    if (!match_build_id(r->build_id, or_empty(q->build_id))) {
        return RULE_BUILD_ID;
    }
    if (!match_memory(r->memory, q->has_memory, q->memory)) {
        return RULE_MEMORY;
    }
    if (!match_os_version(r->os_version, or_empty(q->os_version))) {
        return RULE_OS_VERSION;
    }
    if (!match_list(r->instruction_set, q->instruction_set)) {
        return RULE_INSTRUCTION_SET;
    }
    if (!match_list(r->distribution, or_empty(q->distribution))) {
        return RULE_DISTRIBUTION;
    }
    if (!match_list(r->locale, or_empty(q->locale))) {
        return RULE_LOCALE;
    }
    if (!match_tristate(r->mig64, q->mig64)) {
        return RULE_MIG64;
    }
    return match_tristate(r->jaws, q->jaws) ? RULE_MATCHES : RULE_JAWS;
}

enum rule_column rule_mismatch(const struct rule *rule, const struct query *q, bool *bad_version)
{
    struct parsed_version v = { .state = NOT_YET };
    *bad_version = false;
    return mismatch(rule, q, &v, bad_version);
}

/* The version of Q cannot be parsed: the first match counts only if no rule wants the version. */
static enum match match_without_version(const struct ruleset *rules, const struct query *q,
                                        struct parsed_version *v, const struct rule **rule)
{
    struct rule_filter f;
    bool bad = false;
    rule_index_filter(rules->index, q, false, NULL, &f);
    for (size_t i = 0; (i = rule_index_next(rules->index, &f, i)) < rules->n; i++) {
        if (mismatch(&rules->rules[i], q, v, &bad) == RULE_MATCHES && *rule == NULL) {
            *rule = &rules->rules[i];
        }
        if (bad) {
            *rule = NULL;
            return MATCH_BAD_VERSION;
        }
    }
    return *rule != NULL ? MATCH_FOUND : MATCH_NONE;
}

enum match ruleset_match(const struct ruleset *rules, const struct query *q, const struct rule **rule)
{
    struct parsed_version v = { .state = NOT_YET };
    struct rule_filter f;
    bool bad = false;
    bool loose = product_is_loose(q->product);
    *rule = NULL;
    if (!loose && !parse_once(&v, q->version)) {
        return match_without_version(rules, q, &v, rule);
    }
    rule_index_filter(rules->index, q, true, loose ? NULL : &v.version, &f);
    for (size_t i = 0; (i = rule_index_next(rules->index, &f, i)) < rules->n; i++) {
        if (mismatch(&rules->rules[i], q, &v, &bad) == RULE_MATCHES) {
            *rule = &rules->rules[i];
            return MATCH_FOUND;
        }
    }
    return MATCH_NONE;
}
