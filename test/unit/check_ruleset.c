/* The rule index against its definition: for random rules and queries, the answer must be that of trying
 * every rule in priority order, the 400 for a version that some rule has to parse included. */
#include "update/ruleset.h"

#include "suite.h"
#include "update/rule_cover.h"
#include "update/rule_system.h"

#include <stdio.h>

enum { RULES_MAX = 1500, RULES_USUAL = 300, QUERIES = 250 };
enum { ROUNDS = 440, ROUNDS_NARROW = 40 }; /* 110,000 pairs of a rule set and a query */

static uint64_t state;

static unsigned rnd(unsigned n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (unsigned)((state * 2685821657736338717u) >> 33) % n;
}

/* Small vocabularies, so that rules and queries meet; NULL is the column's or the form's. */
static const char *const products[] = { NULL, "Firefox", "Thunderbird", "FirefoxVPN", "" };
static const char *const targets[] = { NULL, "Linux", "WINNT", "Darwin" };
static const char *const rule_channels[] = { NULL, "release", "beta", "nightly",       "release*", "rel*",
                                             "r*", "*",       "be*",  "release-cck-*", "" };
static const char *const channels[] = { "release", "beta",      "nightly", "release-cck-x", "r",
                                        "re",      "rel-cck-y", "",        "beta*" };
static const char *const rule_versions[] = { NULL,       NULL,   "<50.0",  ">=50.0", "50.*",    "50.1.*",
                                             "3.6,50.0", "=1",   "x",      ">3.5",   "<=300.0", "255.0",
                                             "300.*",    "1.0,", "<2.0b1", "50.0a1", ",1.0" };
static const char *const versions[] = { "50.0",  "3.6", "50.1.2", "300.0", "255.1",    "50.0a1",
                                        "2.0b1", "x",   "",       "1.0",   "2.0.0.20", "0.1" };
static const char *const rule_lists[] = { NULL, NULL, "de", "de,fr", "fr,", ",", "x, y", "en-US,de,fr,ja" };
static const char *const words[] = { "de", "fr", "", "en-US", "x", " y", NULL };
static const char *const build_ids[] = { NULL, NULL, "<2020", ">=2020", "2020", "~" };
static const char *const rule_systems[] = { NULL,        NULL, "Windows",   "Linux&&x64,Darwin",
                                            "",          ",x", "&&Linux",   "Windows 6.1, Windows 6.2 ",
                                            "6.&&6.1,D", "64", "Linux x64", "Linux && 32,in&&Win,64&&x" };
static const char *const systems[] = { NULL, "Windows",     "Linux&&x64,Darwin", "",
                                       "D",  "Windows 6.2", "Linux 6.1 x64",     "Darwin x64" };
static const char *const memories[] = { NULL, NULL, "<4096", ">=2048", "lots" };

static const char *const long_channels[] = { "a-channel-with-a-very-long-name-x*",
                                             "a-channel-with-a-very-long-name-xyz", "a-channel-with*" };

#define PICK(LIST) str_of((LIST)[rnd(ARRAY_LEN(LIST))])

static void random_rule(struct rule_row *row, int64_t id)
{
    *row = (struct rule_row){ .rule_id = id,
                              .has_priority = rnd(20) != 0,
                              .priority = rnd(100),
                              .product = PICK(products),
                              .build_target = PICK(targets),
                              .channel = rnd(20) == 0 ? PICK(long_channels) : PICK(rule_channels),
                              .version = PICK(rule_versions),
                              .build_id = PICK(build_ids),
                              .locale = PICK(rule_lists),
                              .distribution = PICK(rule_lists),
                              .os_version = PICK(rule_systems),
                              .memory = PICK(memories),
                              .jaws = (enum tristate)((int)rnd(3) - 1),
                              .mig64 = rnd(2) ? TRI_UNKNOWN : TRI_TRUE };
    if (rnd(4) == 0) {
        row->dist_version = PICK(words);
        row->header_architecture = STR("Intel");
    }
    if (rnd(4) == 0) {
        row->instruction_set = PICK(rule_lists);
    }
}

static const char *const operators[] = { "<", "<=", ">", ">=", "" };

/* More values than there are classes of them, behind the operator OP, in TEXT. */
static struct str many_versions(char text[24], const char *op)
{
    unsigned form = rnd(4);
    int n = form == 0   ? snprintf(text, 24, "%s%u.0", op, rnd(90))
            : form == 1 ? snprintf(text, 24, "%s%u.%u", op, rnd(90), rnd(9))
            : form == 2 ? snprintf(text, 24, "%s%u.%u.%u", op, rnd(90), rnd(9), rnd(9))
                        : snprintf(text, 24, "%s%u.%ua%u", op, rnd(90), rnd(9), rnd(3));
    return (struct str){ text, (size_t)n };
}

static struct str many_build_ids(char text[24], const char *op)
{
    return (struct str){ text, (size_t)snprintf(text, 24, "%s20%02u%02u", op, rnd(30), rnd(99)) };
}

/* A rule for one product and two channels, so that groups get large, that hardly any query matches. */
static void narrow_rule(struct rule_row *row, int64_t id, char texts[2][24])
{
    random_rule(row, id);
    row->product = STR("Firefox");
    row->channel = rnd(2) ? STR("release*") : STR("release");
    if (rnd(8) == 0) {
        row->version = (struct str){ texts[0], (size_t)snprintf(texts[0], 24, "%u.*", 5 + rnd(90)) };
    } else if (rnd(8) != 0) {
        row->version = many_versions(texts[0], operators[rnd(5)]);
    }
    if (rnd(8) != 0) {
        row->build_id = many_build_ids(texts[1], operators[rnd(5)]);
    }
}

static void random_query(struct query *q)
{
    *q = (struct query){ .form = QUERY_XML,
                         .product = PICK(products),
                         .version = PICK(versions),
                         .build_target = PICK(targets),
                         .locale = PICK(words),
                         .channel = rnd(20) == 0 ? PICK(long_channels) : PICK(channels),
                         .build_id = PICK(build_ids),
                         .os_version = PICK(systems),
                         .distribution = PICK(words),
                         .dist_version = PICK(words),
                         .instruction_set = PICK(words),
                         .header_architecture = rnd(2) ? STR("Intel") : STR_NONE,
                         .mig64 = (enum tristate)((int)rnd(3) - 1),
                         .jaws = (enum tristate)((int)rnd(3) - 1),
                         .has_memory = rnd(2),
                         .memory = rnd(8192) };
    q->product = str_absent(q->product) ? STR("Firefox") : q->product;
    q->build_target = str_absent(q->build_target) ? STR("Linux") : q->build_target;
    q->fallback_channel = query_fallback_channel(q->channel);
}

static void narrow_query(struct query *q, char texts[2][24])
{
    random_query(q);
    q->product = STR("Firefox");
    q->channel = q->fallback_channel = STR("release");
    q->version = rnd(50) != 0 ? many_versions(texts[0], "") : STR("x");
    q->build_id = many_build_ids(texts[1], "");
}

static bool is_or_null(struct str column, struct str value)
{
    return str_absent(column) || str_eq(column, value);
}

static bool all_contained(struct str group, struct str os_version)
{
    for (;;) {
        ptrdiff_t end = str_find(group, STR("&&"));
        struct str piece = end < 0 ? group : str_slice(group, 0, (size_t)end);
        if (str_strip(piece).n == 0 || !str_contains(os_version, str_strip(piece))) {
            return false;
        }
        if (end < 0) {
            return true;
        }
        group = str_slice(group, (size_t)end + 2, group.n);
    }
}

/* A comma list of "A&&B" groups of substrings, taken apart each time. */
static bool os_version_matches(struct str rule, struct str os_version)
{
    struct str group;
    if (rule.n == 0) {
        return true;
    }
    while (str_split(&rule, ',', &group)) {
        if (all_contained(group, os_version)) {
            return true;
        }
    }
    return false;
}

/* Whether ROW matches Q, by the plain forms of match.h, one column after the other. */
static bool matches_plainly(const struct rule_row *row, const struct query *q)
{
    struct str build_id = str_absent(q->build_id) ? STR("") : q->build_id;
    struct str os_version = str_absent(q->os_version) ? STR("") : q->os_version;
    struct str locale = str_absent(q->locale) ? STR("") : q->locale;
    struct str distribution = str_absent(q->distribution) ? STR("") : q->distribution;
    return is_or_null(row->product, q->product) && is_or_null(row->build_target, q->build_target) &&
           is_or_null(row->header_architecture, q->header_architecture) &&
           is_or_null(row->dist_version, q->dist_version) &&
           match_channel(row->channel, q->channel, q->fallback_channel) &&
           match_version(row->version, q->version, version_product_is_loose(q->product), NULL) &&
           match_build_id(row->build_id, build_id) && match_memory(row->memory, q->has_memory, q->memory) &&
           os_version_matches(row->os_version, os_version) &&
           match_list(row->instruction_set, q->instruction_set) &&
           match_list(row->distribution, distribution) && match_list(row->locale, locale) &&
           match_tristate(row->mig64, q->mig64) && match_tristate(row->jaws, q->jaws);
}

/* Whether COLUMN is the first of those AGAINST the query. */
static void first_is(enum rule_column column, unsigned against)
{
    if (column != (against == 0 ? RULE_MATCHES : (enum rule_column)__builtin_ctz(against))) {
        ck_abort_msg("the first of all columns against a query is not the first one found");
    }
}

static enum match try_all(const struct ruleset *set, const struct query *q, const struct rule **rule)
{
    *rule = NULL;
    for (size_t i = 0; i < set->n; i++) {
        bool bad;
        enum rule_column column = rule_mismatch(&set->rules[i], q, &bad);
        if (bad) {
            *rule = NULL;
            return MATCH_BAD_VERSION;
        }
        if ((column == RULE_MATCHES) != matches_plainly(&set->rules[i].row, q)) {
            ck_abort_msg("a compiled rule does not match as its columns do");
        }
        if (i % 64 == 0) {
            first_is(column, rule_mismatches(&set->rules[i], q));
        }
        if (column == RULE_MATCHES && *rule == NULL) {
            *rule = &set->rules[i];
        }
    }
    return *rule != NULL ? MATCH_FOUND : MATCH_NONE;
}

static struct ruleset *random_rules(bool narrow)
{
    static struct rule_row rows[RULES_MAX];
    static char texts[RULES_MAX][2][24];
    size_t n = narrow ? rnd(RULES_MAX) : rnd(8) == 0 ? rnd(3) : rnd(RULES_USUAL);
    for (size_t i = 0; i < n; i++) {
        if (narrow) {
            narrow_rule(&rows[i], (int64_t)i + 1, texts[i]);
        } else {
            random_rule(&rows[i], (int64_t)i + 1);
        }
    }
    return ruleset_build(NULL, rows, n);
}

START_TEST(index_agrees_with_trying_every_rule)
{
    unsigned seen[3] = { 0 };
    state = 0x9e3779b97f4a7c15u;
    for (unsigned round = 0; round < ROUNDS; round++) {
        bool narrow = round >= ROUNDS - ROUNDS_NARROW;
        struct ruleset *set = random_rules(narrow);
        for (unsigned k = 0; k < QUERIES; k++) {
            struct query q;
            char texts[2][24];
            const struct rule *got, *want;
            if (narrow) {
                narrow_query(&q, texts);
            } else {
                random_query(&q);
            }
            enum match match = ruleset_match(set, &q, &got);
            ck_assert_int_eq(match, try_all(set, &q, &want));
            ck_assert_ptr_eq(got, want);
            seen[match]++;
        }
        talloc_free(set);
    }
    /* All three outcomes are common enough for the comparison to mean something. */
    ck_assert_uint_gt(seen[MATCH_NONE], 1000);
    ck_assert_uint_gt(seen[MATCH_FOUND], 1000);
    ck_assert_uint_gt(seen[MATCH_BAD_VERSION], 1000);
}
END_TEST

START_TEST(order_of_rules)
{
    struct rule_row rows[4] = { 0 };
    for (int i = 0; i < 4; i++) {
        rows[i] = (struct rule_row){ .rule_id = 10 - i,
                                     .has_priority = i != 0,
                                     .priority = i == 1 ? 9 : 5,
                                     .jaws = TRI_UNKNOWN,
                                     .mig64 = TRI_UNKNOWN };
    }
    struct ruleset *set = ruleset_build(NULL, rows, 4);
    static const int64_t want[] = { 9, 7, 8, 10 };
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(set->rules[i].row.rule_id, want[i]);
    }
    talloc_free(set);
}
END_TEST

static bool system_matches(const char *column, const char *text)
{
    struct arena arena;
    void *ctx = talloc_new(NULL);
    arena_init(&arena, ctx, 0);
    struct system_text system = { .text = str_of(text) };
    bool holds = system_test_holds(system_test_compile(&arena, str_of(column)), &system);
    ck_assert(holds == os_version_matches(str_of(column), str_of(text)));
    talloc_free(ctx);
    return holds;
}

START_TEST(systems_compiled)
{
    ck_assert(system_matches("Windows 10", "Windows 10.0"));
    ck_assert(system_matches("Linux,Windows_NT 6 && x86", "Windows_NT 6.1 (x86)"));
    ck_assert(!system_matches("Windows_NT 6&&x64", "Windows_NT 6.1 (x86)"));
    /* An empty term, which every text holds, matches nothing. */
    ck_assert(!system_matches("Darwin,", "anything") && system_matches("Darwin,", "Darwin 6"));
    ck_assert(!system_matches(",", "anything") && !system_matches(" , ", "anything"));
    ck_assert(!system_matches("Darwin&&", "Darwin 6") && !system_matches("&&", "anything"));
    ck_assert(!system_matches("Darwin", "darwin"));
}
END_TEST

/* ---- rules that leave others no query ---- */

/* Rules that are alike, with few columns: in which many are covered, and queries match many. */
static void alike_rules(struct rule_row *upper, struct rule_row *lower)
{
    struct rule_row other;
    random_rule(lower, 2);
    random_rule(&other, 1);
    *upper = *lower;
    struct {
        struct str *upper, *lower, other;
    } columns[] = {
        { &upper->product, &lower->product, other.product },
        { &upper->channel, &lower->channel, other.channel },
        { &upper->version, &lower->version, other.version },
        { &upper->build_id, &lower->build_id, other.build_id },
        { &upper->build_target, &lower->build_target, other.build_target },
        { &upper->locale, &lower->locale, other.locale },
        { &upper->distribution, &lower->distribution, other.distribution },
        { &upper->instruction_set, &lower->instruction_set, other.instruction_set },
        { &upper->os_version, &lower->os_version, other.os_version },
        { &upper->memory, &lower->memory, other.memory },
        { &upper->dist_version, &lower->dist_version, other.dist_version },
        { &upper->header_architecture, &lower->header_architecture, other.header_architecture },
    };
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
        unsigned what = rnd(10);
        if (what < 6) {
            *columns[i].upper = *columns[i].lower = STR_NONE;
        } else if (what == 7) {
            *columns[i].upper = STR_NONE;
        } else if (what > 7) {
            *columns[i].upper = columns[i].other;
        }
    }
    upper->rule_id = 1;
    upper->jaws = rnd(2) ? TRI_UNKNOWN : lower->jaws;
    upper->mig64 = rnd(4) ? lower->mig64 : other.mig64;
}

/* Counts queries that LOWER matches. UPPER covers it, so it matches each of them, and is the one that is
 * chosen. */
static unsigned try_covered(const struct rule_row *upper, const struct rule_row *lower)
{
    struct rule_row rows[] = { *upper, *lower };
    unsigned matched = 0;
    rows[0].has_priority = rows[1].has_priority = true;
    rows[0].priority = rows[1].priority = 1;
    struct ruleset *set = ruleset_build(NULL, rows, 2);
    for (unsigned i = 0; i < 200; i++) {
        struct query q;
        const struct rule *got;
        random_query(&q);
        if (rule_mismatches(&set->rules[1], &q) == 0) {
            ck_assert_uint_eq(rule_mismatches(&set->rules[0], &q), 0);
            matched++;
        }
        ck_assert(ruleset_match(set, &q, &got) != MATCH_FOUND || got == &set->rules[0]);
    }
    talloc_free(set);
    return matched;
}

START_TEST(a_covered_rule_is_never_chosen)
{
    unsigned covered = 0, matched = 0, differ = 0;
    state = 7;
    for (unsigned i = 0; i < 4000; i++) {
        struct rule_row upper, lower;
        alike_rules(&upper, &lower);
        if (rule_covers(&upper, &lower)) {
            covered++;
            differ += !rule_covers(&lower, &upper);
            matched += try_covered(&upper, &lower);
        }
    }
    ck_assert_uint_gt(covered, 500);
    ck_assert_uint_gt(differ, 400);
    ck_assert_uint_gt(matched, 3000);
}
END_TEST

/* Whether a rule with TEXT in a column covers one with OTHER; "" stands for NULL. */
#define COVERS(COLUMN, TEXT, OTHER)                                                                          \
    rule_covers(&(struct rule_row){ .product = STR("Firefox"), .COLUMN = or_null(TEXT) },                    \
                &(struct rule_row){ .product = STR("Firefox"), .COLUMN = or_null(OTHER) })

static struct str or_null(const char *text)
{
    return text[0] != '\0' ? str_of(text) : STR_NONE;
}

START_TEST(columns_that_cover)
{
    ck_assert(COVERS(channel, "", "release") && !COVERS(channel, "release", ""));
    ck_assert(COVERS(channel, "release*", "release-cck-*") && !COVERS(channel, "release-cck-*", "release*"));
    ck_assert(COVERS(channel, "release*", "release") && !COVERS(channel, "*", "release"));
    ck_assert(COVERS(locale, "de,fr", "fr") && !COVERS(locale, "fr", "de,fr"));
    ck_assert(COVERS(version, "<70.0", "<60.0") && !COVERS(version, "<60.0", "<70.0"));
    ck_assert(COVERS(version, "<=70.0", "<70.0") && !COVERS(version, "<70.0", "<=70.0"));
    ck_assert(COVERS(version, ">60.0", ">=60.1") && !COVERS(version, ">60.0", ">=60.0"));
    ck_assert(COVERS(version, "70.*", "70.1") && COVERS(version, "70.*", "70.1.*"));
    ck_assert(COVERS(version, ">=70.0", "71.*") && !COVERS(version, ">=70.0", "70.*")); /* 70.0a1 */
    ck_assert(COVERS(version, "<60.0,>=70.0", "71.0,59.0") && !COVERS(version, "<60.0,>=70.0", "65.0"));
    ck_assert(!COVERS(version, "x,<70.0", "<60.0") && !COVERS(version, "<70.0", "<60.0,x"));
    ck_assert(COVERS(build_id, "<2020", "<2019") && !COVERS(build_id, "<2019", "<2020"));
    ck_assert(COVERS(memory, ">=2048", ">4096") && !COVERS(memory, ">4096", ">=2048"));
    ck_assert(COVERS(memory, "<10000", "<9000") && !COVERS(memory, "lots", "<9000"));
    ck_assert(COVERS(os_version, "Windows", "Windows_NT 6&&x86") &&
              !COVERS(os_version, "Windows&&x64", "Windows"));
    ck_assert(COVERS(os_version, "Darwin,Linux", "Linux 4,Darwin 6") &&
              !COVERS(os_version, "Darwin,", "Linux"));
    /* Versions of products that compare loosely are only compared as texts. */
    struct rule_row upper = { .version = STR("<70.0") }, lower = { .version = STR("<60.0") };
    ck_assert(!rule_covers(&upper, &lower));
    lower.version = STR("<70.0");
    ck_assert(rule_covers(&upper, &lower));
    lower.product = STR("Firefox");
    ck_assert(rule_covers(&upper, &lower) && !rule_covers(&lower, &upper));
    upper.product = STR("Thunderbird");
    ck_assert(!rule_covers(&upper, &lower));
}
END_TEST

SUITE_MAIN("ruleset", systems_compiled, index_agrees_with_trying_every_rule, order_of_rules,
           a_covered_rule_is_never_chosen, columns_that_cover)
