/* What a change does to many queries, from rows: shares instead of dice, what moves and what stays, new
 * content under an old name, bounds, and how long it takes. */
#include "explain/simulate.h"
#include "explain/simulate_json.h"
#include "update/snapshot_build.h"

#include "suite.h"

#include <stdio.h>
#include <time.h>

/* Two worlds in rows, and the sample. */
struct side_rows {
    struct rule_row *rules;
    size_t n_rules, max_rules;
    struct shutoff_row shutoffs[2];
    size_t n_shutoffs;
    struct rule_row stops[2]; /* partial ones */
    size_t n_stops;
    const char *hash; /* in the releases */
};

static struct {
    void *ctx;
    struct side_rows before, after;
    struct engine_settings settings;
    struct sample *sample;
    unsigned asked; /* by the simulation, whether it shall stop */
    unsigned stop_at;
} w;

static void setup(void)
{
    struct error e;
    memset(&w, 0, sizeof w);
    w.ctx = talloc_new(NULL);
    struct allowlist *allowlist = allowlist_new(w.ctx);
    ck_assert(allowlist_add(allowlist, STR("download.mozilla.org Firefox"), &e));
    w.settings = (struct engine_settings){ .allowlist = allowlist };
    w.before.hash = w.after.hash = "c";
    w.sample = sample_new(w.ctx);
}

static void teardown(void)
{
    talloc_free(w.ctx);
}

static struct rule_row *add_rule(struct side_rows *rows, int64_t priority, int rate, const char *mapping)
{
    if (rows->n_rules == rows->max_rules) {
        rows->max_rules += 1000;
        rows->rules = mem_resize(w.ctx, rows->rules, struct rule_row, rows->max_rules);
    }
    struct rule_row *row = &rows->rules[rows->n_rules++];
    *row = (struct rule_row){ .rule_id = (int64_t)rows->n_rules,
                              .has_priority = true,
                              .priority = priority,
                              .has_background_rate = true,
                              .background_rate = rate,
                              .mapping = str_of(mapping),
                              .update_type = STR("minor"),
                              .product = STR("Firefox"),
                              .jaws = TRI_UNKNOWN,
                              .mig64 = TRI_UNKNOWN };
    return row;
}

/* Every release there is: newer than any client, for Linux in German and French. A superblob is one whose
 * name says so. */
static bool read_release(void *arg, void *ctx, struct str name, struct release_row *row,
                         struct release_stamps *stamps, bool *found, struct error *e)
{
    const struct side_rows *rows = arg;
    (void)stamps;
    (void)e;
    const char *locale = mem_printf(
        ctx, "{\"completes\": [{\"from\": \"*\", \"filesize\": 1, \"hashValue\": \"%s\"}]}", rows->hash);
    *found = !str_eq(name, STR("missing"));
    *row = (struct release_row){
        .name = name,
        .product = STR("Firefox"),
        .json = str_of(mem_printf(
            ctx,
            "{\"name\": \"%.*s\", \"schema_version\": 9, \"hashFunction\": \"sha512\", \"appVersion\": "
            "\"2000.0\", \"displayVersion\": \"2000.0\", \"fileUrls\": {\"*\": {\"completes\": {\"*\": "
            "\"http://download.mozilla.org/%%OS_FTP%%/%%LOCALE%%\"}}}, \"platforms\": {\"Linux\": "
            "{\"OS_FTP\": "
            "\"linux\", \"OS_BOUNCER\": \"lin\", \"buildID\": \"20300101\", \"locales\": {\"de\": %s, "
            "\"fr\": "
            "%s}}}}",
            STR_ARG(name), locale, locale)),
    };
    return true;
}

static const struct snapshot *build(struct side_rows *rows)
{
    struct error e;
    struct snapshot_input input = { .rules = ruleset_build(w.ctx, rows->rules, rows->n_rules),
                                    .stops = snapshot_stops(w.ctx, rows->stops, rows->n_stops),
                                    .shutoffs = rows->shutoffs,
                                    .n_shutoffs = rows->n_shutoffs,
                                    .settings = &w.settings };
    struct release_source source = { .release = read_release, .arg = rows };
    struct snapshot_request request = { .cache = release_cache_new(w.ctx),
                                        .input = &input,
                                        .source = &source };
    const struct snapshot *s = snapshot_build(w.ctx, &request, &e);
    ck_assert_ptr_nonnull(s);
    return s;
}

static bool stop(void *arg)
{
    (void)arg;
    return w.asked++ == w.stop_at;
}

static const struct simulation *run(void)
{
    const struct simulate_request request = {
        .before = build(&w.before),
        .after = build(&w.after),
        .sample = w.sample,
        .stop = w.stop_at > 0 ? stop : NULL,
    };
    return simulate(w.ctx, &request);
}

static void ask(uint64_t count, const char *path)
{
    sample_add(w.sample, str_of(path), count);
    w.sample->queries += count;
}

#define LINUX_DE "/update/1/Firefox/100.0/20200101/Linux/de/release/update.xml"
#define LINUX_FR "/update/1/Firefox/99.0/20190101/Linux/fr/beta/update.xml"
#define OTHER "/update/1/Firefox/100.0/20200101/Other/de/release/update.xml"

static double served(const struct simulated_side *side, const char *name)
{
    for (size_t i = 0; i < side->served.n; i++) {
        if (str_eq(side->served.item[i]->name, str_of(name))) {
            return side->served.item[i]->queries;
        }
    }
    return 0;
}

static void is_about(double got, double want)
{
    ck_assert_msg(got > want - 1e-6 && got < want + 1e-6, "got %f, wanted %f", got, want);
}

static const struct move *only_move(const struct simulation *r, const char *from, const char *to)
{
    ck_assert_uint_eq(r->n_moves, 1);
    const struct move *move = r->moves[0];
    ck_assert(from == NULL ? str_absent(move->from) : str_eq(move->from, str_of(from)));
    ck_assert(to == NULL ? str_absent(move->to) : str_eq(move->to, str_of(to)));
    return move;
}

START_TEST(nothing_changes)
{
    add_rule(&w.before, 1, 25, "new")->fallback_mapping = STR("old");
    add_rule(&w.after, 1, 25, "new")->fallback_mapping = STR("old");
    ask(100, LINUX_DE);
    ask(7, OTHER);
    const struct simulation *r = run();
    ck_assert_uint_eq(r->n_moves, 0);
    is_about(r->moved, 0);
    ck_assert_uint_eq(r->queries, 107);
    ck_assert_uint_eq(r->distinct, 2);
    is_about(served(&r->before, "new"), 25);
    is_about(served(&r->after, "old"), 75);
    is_about(r->after.unserved[REASON_UP_TO_DATE], 7);
}
END_TEST

START_TEST(rates_are_shares)
{
    add_rule(&w.before, 1, 25, "new")->fallback_mapping = STR("old");
    add_rule(&w.after, 1, 50, "new")->fallback_mapping = STR("old");
    ask(100, LINUX_DE);
    ask(1, LINUX_DE "?force=1");
    const struct simulation *r = run();
    is_about(only_move(r, "old", "new")->queries, 25);
    is_about(served(&r->before, "new"), 26);
    is_about(served(&r->after, "new"), 51);
    is_about(r->newly_unserved, 0);
    ck_assert_uint_eq(r->moves[0]->n_examples, 1);
    ck_assert(str_eq(r->moves[0]->examples[0], STR(LINUX_DE)));
}
END_TEST

START_TEST(losing_the_update)
{
    add_rule(&w.before, 1, 100, "new");
    add_rule(&w.after, 1, 10, "new");
    ask(200, LINUX_DE);
    ask(100, LINUX_FR);
    const struct simulation *r = run();
    const struct move *move = only_move(r, "new", NULL);
    is_about(move->queries, 270);
    is_about(r->newly_unserved, 270);
    is_about(r->newly_served, 0);
    is_about(r->after.unserved[REASON_THROTTLED], 270);
    ck_assert(str_eq(move->by[BY_VERSION].item[0]->name, STR("100.0")));
    is_about(move->by[BY_VERSION].item[0]->queries, 180);
    is_about(move->by[BY_LOCALE].item[1]->queries, 90);
    ck_assert(str_eq(move->by[BY_LOCALE].item[1]->name, STR("fr")));
    ck_assert(str_eq(move->by[BY_CHANNEL].item[1]->name, STR("beta")));
    ck_assert_uint_eq(move->by[BY_TARGET].n, 1);
}
END_TEST

/* Another reason for no update is no move, and a stop is one. */
START_TEST(reasons)
{
    add_rule(&w.before, 1, 0, "new");
    ask(10, LINUX_DE);
    ask(1, LINUX_DE "?unknown=1");
    ask(2, "/nothing");
    const struct simulation *r = run();
    ck_assert_uint_eq(r->n_moves, 0);
    is_about(r->before.unserved[REASON_THROTTLED], 10);
    is_about(r->after.unserved[REASON_NO_RULE], 10);
    is_about(r->after.unserved[REASON_BAD_REQUEST], 1);
    is_about(r->after.unserved[REASON_NO_ROUTE], 2);
    w.before.rules[0].background_rate = 100;
    add_rule(&w.after, 1, 100, "new");
    w.after.shutoffs[w.after.n_shutoffs++] = (struct shutoff_row){ STR("Firefox"), STR("release") };
    r = run();
    is_about(only_move(r, "new", NULL)->queries, 10);
    is_about(r->after.unserved[REASON_SHUT_OFF], 10);
}
END_TEST

/* Only those that match are stopped. */
START_TEST(a_partial_stop)
{
    add_rule(&w.before, 1, 100, "new");
    add_rule(&w.after, 1, 100, "new");
    w.after.stops[w.after.n_stops++] = (struct rule_row){ .rule_id = 1,
                                                          .product = STR("Firefox"),
                                                          .channel = STR("beta"),
                                                          .locale = STR("fr,it"),
                                                          .jaws = TRI_UNKNOWN,
                                                          .mig64 = TRI_UNKNOWN };
    ask(10, LINUX_DE);
    ask(7, LINUX_FR);
    const struct simulation *r = run();
    is_about(only_move(r, "new", NULL)->queries, 7);
    is_about(r->after.unserved[REASON_PARTIAL_STOP], 7);
}
END_TEST

START_TEST(new_content_of_a_release)
{
    add_rule(&w.before, 1, 40, "new");
    add_rule(&w.after, 1, 60, "new");
    w.after.hash = "d";
    ask(100, LINUX_DE);
    const struct simulation *r = run();
    ck_assert_uint_eq(r->n_moves, 2);
    ck_assert(str_eq(r->moves[0]->from, STR("new")) && str_eq(r->moves[0]->to, STR("new")));
    is_about(r->moves[0]->queries, 40);
    ck_assert(str_absent(r->moves[1]->from));
    is_about(r->moves[1]->queries, 20);
    is_about(r->newly_served, 20);
    is_about(r->moved, 60);
}
END_TEST

START_TEST(a_missing_release)
{
    add_rule(&w.before, 1, 100, "new");
    add_rule(&w.after, 1, 100, "missing");
    ask(3, LINUX_DE);
    const struct simulation *r = run();
    is_about(only_move(r, "new", NULL)->queries, 3);
    is_about(r->after.unserved[REASON_NO_RELEASE], 3);
}
END_TEST

/* Each query moves from a rule of its own to another. */
static void many(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char *version = mem_printf(w.ctx, "%u.0", i + 1);
        add_rule(&w.before, 1, 100, mem_printf(w.ctx, "old%u", i))->version = str_of(version);
        add_rule(&w.after, 1, 100, mem_printf(w.ctx, "new%u", i))->version = str_of(version);
        ask(1, mem_printf(w.ctx, "/update/1/Firefox/%s/20200101/Linux/de/release/update.xml", version));
    }
}

START_TEST(moves_are_bounded)
{
    many(MOVES_MAX + 5);
    const struct simulation *r = run();
    ck_assert_uint_eq(r->n_moves, MOVES_MAX);
    is_about(r->moved, MOVES_MAX + 5);
    is_about(r->moved_rest, 5);
    ck_assert_uint_eq(r->after.served.n, MOVES_MAX + 5);
}
END_TEST

START_TEST(values_are_bounded)
{
    add_rule(&w.before, 1, 100, "old");
    add_rule(&w.after, 1, 100, "new");
    for (unsigned i = 0; i < MOVE_VALUES_MAX + 7; i++) {
        ask(2, mem_printf(w.ctx, "/update/1/Firefox/%u.0/20200101/Linux/de/release/update.xml", i + 1));
    }
    const struct move *move = only_move(run(), "old", "new");
    ck_assert_uint_eq(move->by[BY_VERSION].n, MOVE_VALUES_MAX);
    is_about(move->by_rest[BY_VERSION], 14);
    is_about(move->by_rest[BY_LOCALE], 0);
    ck_assert_uint_eq(move->n_examples, MOVE_EXAMPLES_MAX);
}
END_TEST

START_TEST(stopped)
{
    add_rule(&w.before, 1, 100, "old");
    add_rule(&w.after, 1, 100, "new");
    for (unsigned i = 0; i < 1000; i++) {
        ask(1, mem_printf(w.ctx, "/update/1/Firefox/%u.0/20200101/Linux/de/release/update.xml", i + 1));
    }
    w.stop_at = 2;
    const struct simulation *r = run();
    ck_assert(r->partial);
    ck_assert_uint_gt(r->distinct, 0);
    ck_assert_uint_lt(r->distinct, 200);
    is_about(r->moved, (double)r->distinct);
}
END_TEST

START_TEST(as_json)
{
    add_rule(&w.before, 1, 33, "new");
    add_rule(&w.after, 1, 100, "new");
    ask(10, LINUX_DE);
    cJSON *json = simulation_json(run(), w.sample);
    cJSON *move = cJSON_GetArrayItem(json_get(json, "moved"), 0);
    ck_assert(cJSON_IsNull(json_get(move, "from")));
    ck_assert_str_eq(json_get_string(move, "to"), "new");
    is_about(json_get(move, "queries")->valuedouble, 6.7);
    is_about(json_get(json_get(json_get(move, "by"), "version"), "100.0")->valuedouble, 6.7);
    is_about(json_get(json_get(json_get(json, "before"), "unserved"), "throttled")->valuedouble, 6.7);
    is_about(json_get(json_get(json_get(json, "after"), "served"), "new")->valuedouble, 10);
    ck_assert(cJSON_IsFalse(json_get(json, "partial")));
    cJSON_Delete(json);
}
END_TEST

static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* With BALROG_TEST_FULL 100,000 queries against 1,000 rules, else a hundredth of it. */
START_TEST(is_fast)
{
    bool full = getenv("BALROG_TEST_FULL") != NULL;
    unsigned rules = full ? 1000 : 10, queries = full ? 100000 : 1000;
    for (unsigned i = 0; i < rules; i++) {
        char *version = mem_printf(w.ctx, "%u.0", 1 + i / 10);
        char *locale = i % 10 < 5 ? "de" : "fr";
        for (struct side_rows *rows = &w.before; rows != NULL; rows = rows == &w.before ? &w.after : NULL) {
            struct rule_row *row = add_rule(rows, i % 7, i % 3 == 0 ? 50 : 100,
                                            mem_printf(w.ctx, "%s%u", rows == &w.before ? "a" : "b", i % 50));
            row->version = str_of(version);
            row->locale = str_of(locale);
            row->fallback_mapping = STR("fallback");
        }
    }
    for (unsigned i = 0; i < queries; i++) {
        ask(1 + queries / (i + 1), mem_printf(w.ctx, "/update/1/Firefox/%u.0/%u/Linux/%s/release/update.xml",
                                              1 + i % (rules / 10), i, i % 3 == 0 ? "de" : "fr"));
    }
    double start = processor_s();
    const struct simulation *r = run();
    double took = processor_s() - start;
    ck_assert_uint_eq(r->distinct, queries);
    ck_assert_uint_gt(r->n_moves, 1);
    printf("%u queries against %u rules: %.2f s with both snapshots\n", queries, rules, took);
    if (full) {
        ck_assert_msg(took < 10, "took %.1f s", took);
    }
}
END_TEST

SUITE_MAIN_WITH("simulate", setup, teardown, nothing_changes, rates_are_shares, losing_the_update, reasons,
                a_partial_stop, new_content_of_a_release, a_missing_release, moves_are_bounded,
                values_are_bounded, stopped, as_json, is_fast)
