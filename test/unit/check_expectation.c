/* What an expectation may say, and when it is broken: by each of the answers that a query can get. */
#include "explain/expectation.h"
#include "update/snapshot_build.h"

#include "suite.h"

static struct {
    void *ctx;
    struct rule_row rules[4];
    size_t n_rules;
    struct engine_settings settings;
} w;

static void setup(void)
{
    struct error e;
    memset(&w, 0, sizeof w);
    w.ctx = talloc_new(NULL);
    struct allowlist *allowlist = allowlist_new(w.ctx);
    ck_assert(allowlist_add(allowlist, STR("good.com Firefox"), &e));
    w.settings = (struct engine_settings){ .allowlist = allowlist };
}

static void teardown(void)
{
    talloc_free(w.ctx);
}

static struct rule_row *add_rule(int64_t priority, const char *mapping)
{
    struct rule_row *row = &w.rules[w.n_rules++];
    *row = (struct rule_row){ .rule_id = (int64_t)w.n_rules,
                              .has_priority = true,
                              .priority = priority,
                              .has_background_rate = true,
                              .background_rate = 100,
                              .mapping = str_of(mapping),
                              .update_type = STR("minor"),
                              .product = STR("Firefox"),
                              .jaws = TRI_UNKNOWN,
                              .mig64 = TRI_UNKNOWN };
    return row;
}

/* The release Fx-VERSION. "Broken" has no JSON; there is nothing else. */
static bool read_release(void *arg, void *ctx, struct str name, struct release_row *row,
                         struct release_stamps *stamps, bool *found, struct error *e)
{
    (void)arg;
    (void)e;
    *stamps = (struct release_stamps){ .rows = 1 };
    *found = str_starts(name, STR("Fx-")) || str_eq(name, STR("Broken"));
    struct str version = str_slice(name, 3, name.n);
    const char *json =
        mem_printf(ctx,
                   "{\"name\": \"%.*s\", \"schema_version\": 9, \"hashFunction\": \"sha512\", "
                   "\"appVersion\": \"%.*s\", \"displayVersion\": \"%.*s\", \"platforms\": {\"Linux\": {"
                   "\"buildID\": \"20200101\", \"locales\": {\"de\": {\"completes\": [{\"from\": \"*\", "
                   "\"filesize\": 1, \"hashValue\": \"c\", \"fileUrl\": \"http://good.com/c\"}]}}}}}",
                   STR_ARG(name), STR_ARG(version), STR_ARG(version));
    *row = (struct release_row){ .name = name,
                                 .product = STR("Firefox"),
                                 .json = str_eq(name, STR("Broken")) ? STR("{") : str_of(json) };
    return true;
}

#define QUERY "/update/3/Firefox/100.0/20200101/Linux/de/release/os/default/default/update.xml"

static cJSON *row_of(const char *must)
{
    struct error e;
    cJSON *row =
        json_parse(str_of(mem_printf(w.ctx,
                                     "{\"product\": \"Firefox\", \"name\": \"x\", \"query\": \"%s\", "
                                     "\"must\": %s}",
                                     QUERY, must)),
                   &e);
    ck_assert_msg(row != NULL, "%s: %s", must, e.what);
    json_keep(w.ctx, row);
    return row;
}

/* Why what MUST says is broken by the rules; "" if it holds. */
static const char *broken(const char *must)
{
    struct error e;
    struct expectation x;
    struct snapshot_input input = { .rules = ruleset_build(w.ctx, w.rules, w.n_rules),
                                    .settings = &w.settings };
    struct release_source source = { .release = read_release };
    struct snapshot_request request = { .cache = release_cache_new(w.ctx),
                                        .input = &input,
                                        .source = &source };
    const struct snapshot *s = snapshot_build(w.ctx, &request, &e);
    ck_assert_ptr_nonnull(s);
    ck_assert_msg(expectation_read(row_of(must), &x, &e), "%s: %s", must, e.what);
    const char *why = expectation_why_broken(w.ctx, s, &x, NULL);
    return why != NULL ? why : "";
}

#define HOLDS(MUST) ck_assert_str_eq(broken(MUST), "")
#define BREAKS(MUST, WHY) ck_assert_msg(strstr(broken(MUST), WHY) != NULL, "%s: %s", MUST, broken(MUST))

START_TEST(an_update_is_judged)
{
    add_rule(1, "Fx-110.0");
    HOLDS("{\"update\": \"always\"}");
    HOLDS("{\"update\": \"maybe\"}");
    BREAKS("{\"update\": \"never\"}", "it gets Fx-110.0 (version 110.0), and must get no update");
    HOLDS("{\"mapping\": [\"Fx-109.0\", \"Fx-110.0\"]}");
    BREAKS("{\"mapping\": [\"Fx-109.0\", \"Fx-111.0\"]}", "and must get Fx-109.0 or Fx-111.0");
    HOLDS("{\"min_version\": \"110.0\"}");
    BREAKS("{\"min_version\": \"110.0.1\"}", "a version of at least 110.0.1");
    HOLDS("{\"below_version\": \"110.0.1\"}");
    BREAKS("{\"below_version\": \"110.0\"}", "a version below 110.0");
    HOLDS("{\"min_version\": \"110.0a1\", \"below_version\": \"110.1\"}");
    HOLDS("{\"no_downgrade\": true}");
}
END_TEST

START_TEST(nothing_is_judged)
{
    BREAKS("{\"update\": \"always\"}", "it gets no update: no rule matches");
    BREAKS("{\"min_version\": \"1.0\"}", "it gets no update");
    HOLDS("{\"update\": \"never\"}");
    HOLDS("{\"update\": \"maybe\", \"min_version\": \"1.0\"}");
    add_rule(1, NULL);
    HOLDS("{\"update\": \"never\"}");
}
END_TEST

/* Something that is broken is neither an update nor none. */
START_TEST(failures_always_break)
{
    struct rule_row *rule = add_rule(1, "Broken");
    BREAKS("{\"update\": \"maybe\"}", "the answer fails: ");
    BREAKS("{\"update\": \"never\"}", "the answer fails: ");
    rule->mapping = STR("None");
    BREAKS("{\"update\": \"never\"}", "the answer fails: release None is missing or broken");
}
END_TEST

START_TEST(every_outcome_counts)
{
    struct rule_row *rule = add_rule(1, "Fx-110.0");
    rule->background_rate = 25;
    BREAKS("{\"update\": \"always\"}", "(75 % of such clients)");
    HOLDS("{\"update\": \"maybe\", \"mapping\": [\"Fx-110.0\"]}");
    rule->fallback_mapping = STR("Fx-105.0");
    HOLDS("{\"update\": \"always\"}");
    HOLDS("{\"min_version\": \"105.0\"}");
    BREAKS("{\"min_version\": \"106.0\"}", "it gets Fx-105.0 (version 105.0)");
    BREAKS("{\"below_version\": \"110.0\"}", "(25 % of such clients)");
    rule->background_rate = 0;
    HOLDS("{\"mapping\": [\"Fx-105.0\"]}");
}
END_TEST

START_TEST(downgrades_break)
{
    struct rule_row *rule = add_rule(1, "Fx-99.0");
    BREAKS("{\"update\": \"maybe\", \"no_downgrade\": true}",
           "version 99.0 is older than the client's 100.0");
    HOLDS("{\"update\": \"maybe\", \"no_downgrade\": false}");
    rule->mapping = STR("Fx-110.0");
    rule->fallback_mapping = STR("Fx-99.0");
    rule->background_rate = 10;
    HOLDS("{\"update\": \"maybe\", \"no_downgrade\": true}");
    rule->mapping = STR("Fx-100.0"); /* the client has it */
    HOLDS("{\"update\": \"maybe\", \"no_downgrade\": true}");
}
END_TEST

static const char *refusal(const char *must)
{
    struct error e;
    struct expectation x;
    error_clear(&e);
    ck_assert_msg(!expectation_read(row_of(must), &x, &e), "%s", must);
    return mem_strdup(w.ctx, e.what);
}

#define REFUSED(MUST, WHY) ck_assert_msg(strstr(refusal(MUST), WHY) != NULL, "%s: %s", MUST, refusal(MUST))

START_TEST(what_makes_no_sense_is_refused)
{
    REFUSED("{}", "says something");
    REFUSED("[]", "must has to be an object");
    REFUSED("null", "must has to be an object");
    REFUSED("{\"updates\": \"never\"}", "'updates' is not known");
    REFUSED("{\"update\": \"often\"}", "always, maybe or never");
    REFUSED("{\"update\": null}", "always, maybe or never");
    REFUSED("{\"mapping\": []}", "1 to 20 names");
    REFUSED("{\"mapping\": [\"\"]}", "the name of a release");
    REFUSED("{\"mapping\": [1]}", "the name of a release");
    REFUSED("{\"min_version\": \"x\"}", "min_version has to be a version");
    REFUSED("{\"below_version\": 5}", "below_version has to be a version");
    REFUSED("{\"no_downgrade\": 1}", "true or false");
    REFUSED("{\"update\": \"never\", \"no_downgrade\": true}", "nothing else can be said");
    REFUSED("{\"min_version\": \"5.0\", \"below_version\": \"5.0\"}", "at least 5.0 and below 5.0");
}
END_TEST

static const char *stored(const char *product, const char *url)
{
    struct error e;
    struct str path;
    error_clear(&e);
    return expectation_query(w.ctx, str_of(product), str_of(url), &path, &e)
               ? mem_strndup(w.ctx, path.p, path.n)
               : mem_printf(w.ctx, "! %s", e.what);
}

START_TEST(queries_are_stored_in_one_spelling)
{
    ck_assert_str_eq(stored("Firefox", "https://aus5.mozilla.org" QUERY), QUERY);
    ck_assert_str_eq(stored("Firefox", " " QUERY "?force=0 "), QUERY);
    ck_assert_str_eq(stored("Firefox", "/update/5/Firefox/1.0/1/t/de/c/os/d/d/123456789/update.xml"),
                     "/update/5/Firefox/1.0/1/t/de/c/os/d/d/-/update.xml");
    ck_assert_ptr_nonnull(strstr(stored("Fenix", QUERY), "asks for the product 'Firefox'"));
    ck_assert_ptr_nonnull(strstr(stored("Firefox", "/update/9/x"), "! query: no form"));
    ck_assert_ptr_nonnull(strstr(stored("Firefox", QUERY "?no=1"), "! query: "));
}
END_TEST

SUITE_MAIN_WITH("expectation", setup, teardown, an_update_is_judged, nothing_is_judged, failures_always_break,
                every_outcome_counts, downgrades_break, what_makes_no_sense_is_refused,
                queries_are_stored_in_one_spelling)
