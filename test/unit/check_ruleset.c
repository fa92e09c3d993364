/* The rule index against its definition: for random rules and queries, the answer must be that of trying
 * every rule in priority order, the 400 for a version that some rule has to parse included. */
#include "update/ruleset.h"

#include "suite.h"

#include <stdio.h>

enum { RULES_MAX = 300, QUERIES = 250, ROUNDS = 400 }; /* 100,000 pairs of a rule set and a query */

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
static const char *const systems[] = { NULL, NULL, "Windows", "Linux&&x64,Darwin", "" };
static const char *const memories[] = { NULL, NULL, "<4096", ">=2048", "lots" };

#define PICK(LIST) str_of((LIST)[rnd(sizeof(LIST) / sizeof(LIST)[0])])

static void random_rule(struct rule_row *row, int64_t id)
{
    *row = (struct rule_row){ .rule_id = id,
                              .has_priority = rnd(20) != 0,
                              .priority = rnd(100),
                              .product = PICK(products),
                              .build_target = PICK(targets),
                              .channel = PICK(rule_channels),
                              .version = PICK(rule_versions),
                              .build_id = PICK(build_ids),
                              .locale = PICK(rule_lists),
                              .distribution = PICK(rule_lists),
                              .os_version = PICK(systems),
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

static void random_query(struct query *q)
{
    *q = (struct query){ .form = QUERY_XML,
                         .product = PICK(products),
                         .version = PICK(versions),
                         .build_target = PICK(targets),
                         .locale = PICK(words),
                         .channel = PICK(channels),
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
    q->fallback_channel = fallback_channel(q->channel);
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
        if (column == RULE_MATCHES && *rule == NULL) {
            *rule = &set->rules[i];
        }
    }
    return *rule != NULL ? MATCH_FOUND : MATCH_NONE;
}

START_TEST(index_agrees_with_trying_every_rule)
{
    static struct rule_row rows[RULES_MAX];
    unsigned seen[3] = { 0 };
    state = 0x9e3779b97f4a7c15u;
    for (unsigned round = 0; round < ROUNDS; round++) {
        size_t n = rnd(8) == 0 ? rnd(3) : rnd(RULES_MAX);
        for (size_t i = 0; i < n; i++) {
            random_rule(&rows[i], (int64_t)i + 1);
        }
        struct ruleset *set = ruleset_build(NULL, rows, n);
        for (unsigned k = 0; k < QUERIES; k++) {
            struct query q;
            const struct rule *got, *want;
            random_query(&q);
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

SUITE_MAIN("ruleset", index_agrees_with_trying_every_rule, order_of_rules)
