/* Rules are in priority order, so the first one that matches wins. What can be parsed once is parsed when the
 * set is built.
 *
 * The reference checks every rule before it chooses, and so parses the query's version as soon as any rule
 * needs it. That makes a difference only if the version cannot be parsed: then any such rule leads to a 400.
 */
#include "update/ruleset.h"

#include "core/interner.h"
#include "update/rule_cover.h"
#include "update/rule_index.h"

#include <stdlib.h>

static void keep_texts(struct interner *texts, struct rule_row *row)
{
    struct str *const columns[] = {
        &row->mapping,      &row->fallback_mapping, &row->update_type,
        &row->product,      &row->version,          &row->channel,
        &row->build_target, &row->build_id,         &row->locale,
        &row->os_version,   &row->memory,           &row->instruction_set,
        &row->distribution, &row->dist_version,     &row->header_architecture,
    };
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        if (!str_absent(*columns[i])) {
            *columns[i] = interner_get(texts, 0, *columns[i])->text;
        }
    }
}

static void compile_versions(struct arena *arena, struct rule *rule)
{
    struct str part, rest = rule->row.version;
    while (str_split(&rest, ',', &part)) {
        rule->n_versions++;
    }
    rule->versions = arena_array(arena, struct version_test, rule->n_versions);
    rule->versions_valid = true;
    rest = rule->row.version;
    for (struct version_test *t = rule->versions; str_split(&rest, ',', &part); t++) {
        version_test_compile(t, part);
        rule->versions_valid &= t->valid;
    }
    rule->wants_version = rule->n_versions > 0 && rule->versions[0].op != CMP_NEVER;
}

/* Rules with the same text share what it compiles to. */
static void compile_system(struct interner *texts, struct rule *rule)
{
    if (!str_absent(rule->row.os_version)) {
        struct interned *known = interner_get(texts, 0, rule->row.os_version);
        if (known->payload == NULL) {
            known->payload = (void *)(uintptr_t)system_test_compile(texts->arena, known->text);
        }
        rule->system = known->payload;
    }
}

static void list_columns(struct rule *rule)
{
    const struct rule_row *row = &rule->row;
    const struct {
        enum rule_column column;
        bool is_there;
    } columns[] = {
        { RULE_PRODUCT, !str_absent(row->product) },
        { RULE_BUILD_TARGET, !str_absent(row->build_target) },
        { RULE_HEADER_ARCHITECTURE, !str_absent(row->header_architecture) },
        { RULE_DIST_VERSION, !str_absent(row->dist_version) },
        { RULE_CHANNEL, !str_absent(row->channel) },
        { RULE_VERSION, !str_absent(row->version) },
        { RULE_BUILD_ID, !str_absent(row->build_id) },
        { RULE_MEMORY, !str_absent(row->memory) },
        { RULE_OS_VERSION, row->os_version.n > 0 }, /* "" limits nothing, as in the reference */
        { RULE_INSTRUCTION_SET, !str_absent(row->instruction_set) },
        { RULE_DISTRIBUTION, !str_absent(row->distribution) },
        { RULE_LOCALE, !str_absent(row->locale) },
        { RULE_MIG64, row->mig64 != TRI_UNKNOWN },
        { RULE_JAWS, row->jaws != TRI_UNKNOWN },
    };
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        rule->columns |= (unsigned)columns[i].is_there << columns[i].column;
    }
}

static int by_priority(const void *a, const void *b)
{
    return rule_order(&((const struct rule *)a)->row, &((const struct rule *)b)->row);
}

static void compile_build_id(struct rule *rule)
{
    rule->build_id.op = CMP_NEVER;
    if (!str_absent(rule->row.build_id)) {
        rule->build_id.op = comparison_parse(rule->row.build_id, &rule->build_id.operand);
    }
}

struct ruleset *ruleset_build(void *ctx, const struct rule_row *rows, size_t n)
{
    struct ruleset *set = mem_new(ctx, struct ruleset);
    struct arena arena;
    struct interner texts;
    void *temporary = mem_check(talloc_new(NULL));
    arena_init(&arena, set, n * sizeof(struct rule));
    interner_init(&texts, temporary, &arena);
    set->n = n;
    set->rules = mem_array(set, struct rule, n);
    for (size_t i = 0; i < n; i++) {
        set->rules[i].row = rows[i];
        keep_texts(&texts, &set->rules[i].row);
        compile_versions(&arena, &set->rules[i]);
        compile_build_id(&set->rules[i]);
        compile_system(&texts, &set->rules[i]);
        list_columns(&set->rules[i]);
    }
    talloc_free(temporary);
    if (n > 0) {
        qsort(set->rules, n, sizeof set->rules[0], by_priority);
    }
    set->index = rule_index_build(set, set->rules, n);
    return set;
}

/* A query, and what was computed from it so far, each when the first rule needed it. */
struct asked {
    const struct query *q;
    bool loose; /* versions compare loosely */
    enum { NOT_YET, GOOD, BAD } version_is;
    struct version version;
    struct system_text system;
};

/* A field that the URL form lacks counts as empty for most columns. */
static struct str or_empty(struct str s)
{
    return str_absent(s) ? STR("") : s;
}

static struct asked start_asking(const struct query *q)
{
    return (struct asked){ .q = q,
                           .loose = version_product_is_loose(q->product),
                           .system = { .text = or_empty(q->os_version) } };
}

static bool parse_version_once(struct asked *asked)
{
    if (asked->version_is == NOT_YET) {
        asked->version_is = version_parse(&asked->version, asked->q->version) ? GOOD : BAD;
    }
    return asked->version_is == GOOD;
}

static bool version_matches(const struct rule *rule, struct asked *asked, bool *bad)
{
    if (asked->loose) {
        return match_version(rule->row.version, asked->q->version, true, NULL);
    }
    if (rule->wants_version && !parse_version_once(asked)) {
        *bad = true;
        return false;
    }
    for (size_t i = 0; i < rule->n_versions && rule->versions_valid; i++) {
        if (version_test_holds(&rule->versions[i], &asked->version)) {
            return true;
        }
    }
    return false;
}

/* Whether the COLUMN of RULE, which has it, matches. */
static bool column_matches(const struct rule *rule, enum rule_column column, struct asked *asked, bool *bad)
{
    const struct query *q = asked->q;
    const struct rule_row *r = &rule->row;
    switch (column) {
    case RULE_PRODUCT:
        return str_eq(r->product, q->product);
    case RULE_BUILD_TARGET:
        return str_eq(r->build_target, q->build_target);
    case RULE_HEADER_ARCHITECTURE:
        return str_eq(r->header_architecture, q->header_architecture);
    case RULE_DIST_VERSION:
        return str_eq(r->dist_version, q->dist_version);
    case RULE_CHANNEL:
        return match_channel(r->channel, q->channel, q->fallback_channel);
    case RULE_VERSION:
        return version_matches(rule, asked, bad);
    case RULE_BUILD_ID:
        return comparison_holds(rule->build_id.op, str_cmp(or_empty(q->build_id), rule->build_id.operand));
    case RULE_MEMORY:
        return match_memory(r->memory, q->has_memory, q->memory);
    case RULE_OS_VERSION:
        return system_test_holds(rule->system, &asked->system);
    case RULE_INSTRUCTION_SET:
        return match_list(r->instruction_set, q->instruction_set);
    case RULE_DISTRIBUTION:
        return match_list(r->distribution, or_empty(q->distribution));
    case RULE_LOCALE:
        return match_list(r->locale, or_empty(q->locale));
    case RULE_MIG64:
        return match_tristate(r->mig64, q->mig64);
    case RULE_JAWS:
        return match_tristate(r->jaws, q->jaws);
    case RULE_MATCHES:
    case RULE_COLUMNS:
        break;
    }
    return true;
}

static enum rule_column find_mismatch(const struct rule *rule, struct asked *asked, bool *bad)
{
    for (unsigned columns = rule->columns; columns != 0; columns &= columns - 1) {
        enum rule_column column = (enum rule_column)__builtin_ctz(columns);
        if (!column_matches(rule, column, asked, bad)) {
            return column;
        }
    }
    return RULE_MATCHES;
}

enum rule_column rule_mismatch(const struct rule *rule, const struct query *q, bool *bad_version)
{
    struct asked asked = start_asking(q);
    *bad_version = false;
    return find_mismatch(rule, &asked, bad_version);
}

unsigned rule_mismatches(const struct rule *rule, const struct query *q)
{
    struct asked asked = start_asking(q);
    unsigned against = 0;
    bool ignored = false;
    for (unsigned columns = rule->columns; columns != 0; columns &= columns - 1) {
        enum rule_column column = (enum rule_column)__builtin_ctz(columns);
        against |= (unsigned)!column_matches(rule, column, &asked, &ignored) << column;
    }
    return against;
}

/* Whether some rule needs the version, which cannot be parsed. */
static bool any_wants_version(const struct ruleset *rules, struct asked *asked)
{
    struct rule_walk walk;
    bool bad = false;
    rule_walk_start(&walk, rules->index, asked->q, NULL, NULL, true);
    for (size_t i; !bad && (i = rule_walk_next(&walk, rules->n)) < rules->n;) {
        rule_walk_exclude(&walk, &rules->rules[i], find_mismatch(&rules->rules[i], asked, &bad));
    }
    return bad;
}

enum match ruleset_match(const struct ruleset *rules, const struct query *q, const struct rule **rule)
{
    struct asked asked = start_asking(q);
    struct rule_walk walk;
    bool ignored = false;
    bool good = !asked.loose && parse_version_once(&asked);
    size_t best = rules->n;
    if (asked.version_is == BAD && any_wants_version(rules, &asked)) {
        *rule = NULL;
        return MATCH_BAD_VERSION;
    }
    rule_walk_start(&walk, rules->index, q, &asked.system, good ? &asked.version : NULL, false);
    for (size_t i; (i = rule_walk_next(&walk, best)) < best;) {
        enum rule_column column = find_mismatch(&rules->rules[i], &asked, &ignored);
        if (column == RULE_MATCHES) {
            best = i;
        } else {
            rule_walk_exclude(&walk, &rules->rules[i], column);
        }
    }
    *rule = best < rules->n ? &rules->rules[best] : NULL;
    return *rule != NULL ? MATCH_FOUND : MATCH_NONE;
}

const struct rule *ruleset_find(const struct ruleset *rules, const struct query *q)
{
    struct asked asked = start_asking(q);
    bool ignored = false;
    for (size_t i = 0; i < rules->n; i++) {
        if (find_mismatch(&rules->rules[i], &asked, &ignored) == RULE_MATCHES) {
            return &rules->rules[i];
        }
    }
    return NULL;
}
