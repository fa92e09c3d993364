/* Explanations from rows: the rules' verdicts, every outcome with its share, releases, patches, parts of
 * superblobs, and what is said of them. That the bodies are the engine's needs no test here: it makes them.
 */
#include "explain/explain_json.h"
#include "explain/explain_text.h"
#include "update/snapshot_build.h"

#include "suite.h"

#include <stdio.h>

static struct {
    void *ctx;
    struct rule_row rules[40];
    size_t n_rules;
    struct pin_row pins[2];
    size_t n_pins;
    struct shutoff_row shutoffs[2];
    size_t n_shutoffs;
    struct rule_row stops[2]; /* partial ones */
    size_t n_stops;
    struct {
        const char *name, *json;
    } releases[8];
    size_t n_releases;
    struct engine_settings settings;
} w;

static void setup(void)
{
    struct error e;
    memset(&w, 0, sizeof w);
    w.ctx = talloc_new(NULL);
    struct allowlist *allowlist = allowlist_new(w.ctx);
    ck_assert(allowlist_add(allowlist, STR("good.com Firefox A B"), &e));
    w.settings = (struct engine_settings){ .allowlist = allowlist };
}

static void teardown(void)
{
    talloc_free(w.ctx);
}

static struct rule_row *add_rule(int64_t id, int64_t priority, const char *product, const char *mapping)
{
    struct rule_row *row = &w.rules[w.n_rules++];
    *row = (struct rule_row){ .rule_id = id,
                              .data_version = 7,
                              .has_priority = true,
                              .priority = priority,
                              .has_background_rate = true,
                              .background_rate = 100,
                              .mapping = str_of(mapping),
                              .update_type = STR("minor"),
                              .product = str_of(product),
                              .jaws = TRI_UNKNOWN,
                              .mig64 = TRI_UNKNOWN };
    return row;
}

static void add_release(const char *name, const char *json)
{
    w.releases[w.n_releases].name = name;
    w.releases[w.n_releases++].json = json;
}

static void add_app(const char *name, const char *version, const char *build_id, const char *from)
{
    add_release(name,
                mem_printf(w.ctx,
                           "{\"name\": \"%s\", \"schema_version\": 9, \"hashFunction\": \"sha512\", "
                           "\"appVersion\": \"%s\", \"displayVersion\": \"%s\", \"platforms\": {\"Linux\": {"
                           "\"buildID\": \"%s\", \"locales\": {\"de\": {\"completes\": [{\"from\": \"*\", "
                           "\"filesize\": 1, \"hashValue\": \"c\", \"fileUrl\": \"http://good.com/%s\"}], "
                           "\"partials\": [{\"from\": \"%s\", \"filesize\": 1, \"hashValue\": \"p\", "
                           "\"fileUrl\": \"http://good.com/p\"}]}}}, \"Alias\": {\"alias\": \"Linux\"}}}",
                           name, version, version, build_id, name, from));
}

static bool read_release(void *arg, void *ctx, struct str name, struct release_row *row,
                         struct release_stamps *stamps, bool *found, struct error *e)
{
    (void)arg;
    (void)ctx;
    (void)e;
    *stamps = (struct release_stamps){ .rows = 1 };
    *found = false;
    for (size_t i = 0; i < w.n_releases; i++) {
        if (str_eq(name, str_of(w.releases[i].name))) {
            *row = (struct release_row){ .name = name,
                                         .product = STR("Firefox"),
                                         .json = str_of(w.releases[i].json) };
            *found = true;
        }
    }
    return true;
}

static struct explanation *explain(const char *uri, int dice)
{
    struct error e;
    struct query *q = mem_new(w.ctx, struct query);
    char *text = mem_check(talloc_size(w.ctx, QUERY_TEXT_MAX));
    struct snapshot_input input = { .rules = ruleset_build(w.ctx, w.rules, w.n_rules),
                                    .stops = snapshot_stops(w.ctx, w.stops, w.n_stops),
                                    .pins = w.pins,
                                    .n_pins = w.n_pins,
                                    .shutoffs = w.shutoffs,
                                    .n_shutoffs = w.n_shutoffs,
                                    .settings = &w.settings };
    struct release_source source = { .release = read_release };
    struct snapshot_request request = { .cache = release_cache_new(w.ctx),
                                        .input = &input,
                                        .source = &source };
    ck_assert_msg(query_parse(q, text, str_of(uri), STR_NONE, &e) == QUERY_OK, "%s", uri);
    const struct snapshot *s = snapshot_build(w.ctx, &request, &e);
    ck_assert_ptr_nonnull(s);
    return explain_query(w.ctx, s, q, dice);
}

/* "RULE verdict column wants/is;" of each rule. */
static const char *verdicts(const struct explanation *x)
{
    static const char *const names[] = { "chosen", "against", "not_reached", "unparsable" };
    char *said = mem_strdup(w.ctx, "");
    for (size_t i = 0; i < x->n_rules; i++) {
        const struct rule_explained *r = &x->rules[i];
        char scratch[24];
        said = mem_check(talloc_asprintf_append_buffer(said, "%lld %s", (long long)r->rule->row.rule_id,
                                                       names[r->verdict]));
        for (unsigned against = r->against; against != 0; against &= against - 1) {
            enum rule_column c = (enum rule_column)__builtin_ctz(against);
            struct str is = rule_column_is(x->q, c, scratch);
            said =
                mem_check(talloc_asprintf_append_buffer(said, " %s:%.*s/%.*s", rule_column_name(c),
                                                        STR_ARG(rule_column_wants(r->rule, c)), STR_ARG(is)));
        }
        said = mem_check(talloc_asprintf_append_buffer(said, ";"));
    }
    return said;
}

/* "SHARE% reason mapping;" of each outcome. */
static const char *outcomes(const struct explanation *x)
{
    char *said = mem_strdup(w.ctx, "");
    for (size_t i = 0; i < x->n_outcomes; i++) {
        const struct outcome *o = &x->outcomes[i];
        said = mem_check(talloc_asprintf_append_buffer(
            said, "%g%% %s %.*s;", o->percent, engine_reason_name(o->reason), STR_ARG(o->choice.mapping)));
    }
    return said;
}

/* The value at POINTER of the explanation as JSON, printed. */
static const char *json_at(const struct explanation *x, const char *pointer)
{
    struct buf text;
    cJSON *json = explanation_json(x);
    const cJSON *value = json_pointer(json, pointer);
    ck_assert_msg(value != NULL, "nothing at %s", pointer);
    buf_init(&text, 256, 1 << 20);
    json_print(&text, value, JSON_COMPACT);
    const char *copy = mem_strndup(w.ctx, text.p, text.n);
    buf_free(&text);
    cJSON_Delete(json);
    return copy;
}

#define ASK                                                                                                  \
    "/update/6/Firefox/100.0/20200101/Linux/de/release/os/ISET:SSE3,MEM:2048/default/default/update.xml"

START_TEST(rules_have_verdicts)
{
    add_rule(1, 50, "Thunderbird", "new");
    add_rule(2, 40, "Firefox", "new")->memory = STR(">4096");
    add_rule(3, 30, "Firefox", "new")->version = STR("<x");
    add_rule(4, 25, "Firefox", "new")->locale = STR("fr,it");
    w.rules[3].channel = STR("beta*");
    add_rule(5, 20, "Firefox", "new");
    add_rule(6, 10, NULL, "new");
    add_rule(7, 5, NULL, "new")->mig64 = TRI_TRUE;
    add_app("new", "101.0", "20210101", "old");
    const struct explanation *x = explain(ASK, DICE_ALL);
    ck_assert_str_eq(verdicts(x), "1 against product:Thunderbird/Firefox;2 against memory:>4096/2048;"
                                  "3 unparsable version:<x/100.0;"
                                  "4 against channel:beta*/release locale:fr,it/de;5 chosen;6 not_reached;"
                                  "7 not_reached mig64:true/;");
    ck_assert(strstr(x->rules[2].why, "is not a version") != NULL);
    ck_assert_str_eq(json_at(x, "/rules/1"),
                     "{\"column\":\"memory\",\"is\":\"2048\",\"priority\":40,\"rule_id\":2,"
                     "\"verdict\":\"against\",\"wants\":\">4096\"}");
    ck_assert_str_eq(json_at(x, "/nearest_misses/0/rule_id"), "2");
    ck_assert_str_eq(json_at(x, "/nearest_misses/1/rule_id"), "3");
    ck_assert_str_eq(json_at(x, "/nearest_misses/3/rule_id"), "1");
    ck_assert_str_eq(json_at(x, "/nearest_misses/2/rule_id"), "7"); /* 4 has two columns against it */
}
END_TEST

START_TEST(both_outcomes_have_their_shares)
{
    struct rule_row *rule = add_rule(5, 20, "Firefox", "new");
    rule->background_rate = 25;
    add_app("new", "101.0", "20210101", "old");
    add_app("other", "100.5", "20200601", "old");
    ck_assert_str_eq(outcomes(explain(ASK, DICE_ALL)), "25% served new;75% throttled ;");
    rule->fallback_mapping = STR("other");
    ck_assert_str_eq(outcomes(explain(ASK, DICE_ALL)), "25% served new;75% served other;");
    ck_assert_str_eq(outcomes(explain(ASK, 24)), "25% served new;");
    ck_assert_str_eq(outcomes(explain(ASK, 25)), "75% served other;");
    ck_assert_str_eq(outcomes(explain(ASK "?force=1", DICE_ALL)), "100% served new;");
    ck_assert_str_eq(outcomes(explain(ASK "?force=-1", DICE_ALL)), "100% served other;");
    rule->fallback_mapping = STR("new");
    ck_assert_str_eq(outcomes(explain(ASK, DICE_ALL)), "100% served new;");
    rule->background_rate = 0;
    rule->fallback_mapping = STR_NONE;
    ck_assert_str_eq(outcomes(explain(ASK, DICE_ALL)), "100% throttled ;");
}
END_TEST

START_TEST(releases_are_explained)
{
    add_rule(5, 20, "Firefox", "new");
    add_app("new", "101.0", "20210101", "old");
    add_app("old", "100.0", "20200101", "older");
    const struct explanation *x =
        explain("/update/1/Firefox/100.0/20200101/Alias/de/release/update.xml", DICE_ALL);
    ck_assert_str_eq(json_at(x, "/release/alias_of"), "\"Linux\"");
    ck_assert_str_eq(json_at(x, "/release/locale"), "\"de\"");
    ck_assert_str_eq(json_at(x, "/release/patches/1/verdict"), "\"offered\"");
    ck_assert_str_eq(
        json_at(x, "/dice/outcomes/0/why"),
        "\"new is served: it has the platform Alias (an alias of Linux) with the locale de, and 101.0 "
        "(build 20210101) is newer than the client's 100.0 (build 20200101)\"");
    ck_assert_str_eq(
        json_at(x, "/dice/outcomes/0/headers"),
        "{\"Content-Type\":\"text/xml; charset=utf-8\",\"Rule-Data-Version\":\"7\",\"Rule-ID\":\"5\"}");
    x = explain("/update/1/Firefox/100.0/20200102/Linux/de/release/update.xml", DICE_ALL);
    ck_assert_str_eq(json_at(x, "/release/patches/1/why"),
                     "\"the client's build 20200102 is not that of old\"");
    x = explain("/update/1/Firefox/102.0/20200102/Linux/de/release/update.xml", DICE_ALL);
    ck_assert_str_eq(json_at(x, "/dice/outcomes/0/reason"), "\"up_to_date\"");
    ck_assert_str_eq(
        json_at(x, "/dice/outcomes/0/why"),
        "\"new has nothing for the client: its version 101.0 is not newer than the client's 102.0\"");
    w.n_releases = 0;
    x = explain(ASK, DICE_ALL);
    ck_assert_str_eq(json_at(x, "/release/found"), "false");
    ck_assert_str_eq(outcomes(x), "100% no_release new;");
}
END_TEST

START_TEST(stops_pins_and_refusals)
{
    add_rule(5, 20, "Firefox", "new")->version = STR("<200.0");
    add_app("new", "103.0", "20210101", "old");
    add_app("pinned", "101.0", "20200601", "old");
    w.pins[w.n_pins++] = (struct pin_row){ STR("Firefox"), STR("101."), STR("release"), STR("pinned") };
    const struct explanation *x = explain(ASK "?pin=101.", DICE_ALL);
    ck_assert_str_eq(json_at(x, "/pin"), "{\"mapping\":\"pinned\",\"pin\":\"101.\"}");
    ck_assert_str_eq(json_at(x, "/release/name"), "\"pinned\"");
    x = explain("/update/1/Firefox/x/20200101/Linux/de/release/update.xml", DICE_ALL);
    ck_assert_str_eq(outcomes(x), "100% bad_request ;");
    ck_assert_int_eq(x->outcomes[0].status, 400);
    ck_assert_str_eq(json_at(x, "/dice/outcomes/0/body"), "\"Version number x is invalid.\"");
    w.shutoffs[w.n_shutoffs++] = (struct shutoff_row){ STR("Firefox"), STR("release") };
    x = explain("/update/1/Firefox/100.0/20200101/Linux/de/release-cck-x/update.xml", DICE_ALL);
    ck_assert_str_eq(json_at(x, "/stopped"), "{\"channel\":\"release\",\"product\":\"Firefox\"}");
    ck_assert_str_eq(verdicts(x), "5 not_reached;");
    ck_assert_str_eq(outcomes(x), "100% shut_off ;");
}
END_TEST

START_TEST(partial_stops_are_named)
{
    add_rule(5, 20, "Firefox", "new");
    add_app("new", "103.0", "20210101", "old");
    w.stops[w.n_stops++] = (struct rule_row){ .rule_id = 3,
                                              .product = STR("Firefox"),
                                              .channel = STR("release"),
                                              .build_target = STR("Linux"),
                                              .version = STR("<102.0"),
                                              .jaws = TRI_UNKNOWN,
                                              .mig64 = TRI_UNKNOWN };
    const struct explanation *x = explain(ASK, DICE_ALL);
    ck_assert_str_eq(
        json_at(x, "/stopped"),
        "{\"channel\":\"release\",\"conditions\":{\"buildTarget\":\"Linux\",\"version\":\"<102.0\"},"
        "\"product\":\"Firefox\",\"stop_id\":3}");
    ck_assert_str_eq(verdicts(x), "5 not_reached;");
    ck_assert_str_eq(outcomes(x), "100% partial_stop ;");
    ck_assert_str_eq(
        json_at(x, "/dice/outcomes/0/why"),
        "\"updates of Firefox on release are stopped for a part of the clients, by partial stop 3: "
        "buildTarget Linux, version <102.0\"");
    x = explain("/update/1/Firefox/102.0/20200101/Linux/de/release/update.xml", DICE_ALL);
    ck_assert_str_eq(json_at(x, "/stopped"), "null");
    ck_assert_str_eq(outcomes(x), "100% served new;");
}
END_TEST

/* Two products with draws of their own: four outcomes. */
START_TEST(superblobs_have_parts)
{
    add_rule(1, 10, "Firefox", "super");
    add_rule(2, 10, "A", "a")->background_rate = 50;
    add_rule(3, 10, "B", "b")->background_rate = 20;
    add_release("super", "{\"name\": \"super\", \"schema_version\": 4000, \"products\": [\"A\", \"B\"]}");
    add_app("a", "101.0", "20210101", "old");
    add_app("b", "101.1", "20210101", "old");
    const struct explanation *x = explain(ASK, DICE_ALL);
    ck_assert_str_eq(outcomes(x), "10% served super;40% served super;10% served super;40% served super;");
    ck_assert_uint_eq(x->outcomes[0].n_parts, 2);
    ck_assert_str_eq(json_at(x, "/dice/outcomes/1/parts/1/reason"), "\"throttled\"");
    ck_assert_str_eq(json_at(x, "/dice/outcomes/1/parts/0/release/name"), "\"a\"");
    w.rules[2].background_rate = 100;
    ck_assert_str_eq(outcomes(explain(ASK, DICE_ALL)), "50% served super;50% served super;");
}
END_TEST

static void text_has(const struct explanation *x, const char *wanted)
{
    struct buf text;
    buf_init(&text, 1024, 1 << 20);
    explain_text(&text, x);
    ck_assert_msg(str_contains(buf_view(&text), str_of(wanted)), "no '%s' in\n%.*s", wanted,
                  STR_ARG(buf_view(&text)));
    buf_free(&text);
}

START_TEST(text_for_people)
{
    struct error why;
    add_rule(1, 50, "Thunderbird", "new");
    add_rule(2, 40, "Firefox", "new")->locale = STR("fr,it");
    add_rule(3, 30, "Firefox", "new")->background_rate = 25;
    add_app("new", "101.0", "20210101", "old");
    const struct explanation *x = explain(ASK, DICE_ALL);
    text_has(x, "  rule 2, priority 40: locale wants fr,it, is de\n");
    text_has(x, "  rule 3, priority 30: chosen\n");
    text_has(x, "  1 of other products\n");
    text_has(x, "Rate 25 %: new, else nothing\n");
    text_has(x, "Answer to 75 % of such clients: 200, throttled\n");
    error_set(&why, ERROR_BAD_REQUEST, "Extra query parameter(s) x not in spec");
    x = explain_refused(w.ctx, &why);
    text_has(x, "Answer: 400, bad_request\n");
    ck_assert_str_eq(json_at(x, "/query"), "null");
}
END_TEST

START_TEST(near_misses_of_the_product_come_first)
{
    for (int i = 1; i <= 30; i++) {
        add_rule(i, 100 - i, "Thunderbird", "new");
    }
    add_rule(31, 10, "Firefox", "new")->locale = STR("fr");
    add_app("new", "101.0", "20210101", "old");
    const struct explanation *x = explain(ASK, DICE_ALL);
    ck_assert_str_eq(json_at(x, "/nearest_misses/0/rule_id"), "31");
    ck_assert_str_eq(json_at(x, "/nearest_misses/1/rule_id"), "1");
    ck_assert_str_eq(json_at(x, "/nearest_misses/19/rule_id"), "19");
}
END_TEST

START_TEST(headers_are_those_of_the_site)
{
    const struct str products[] = { { "Firefox", 7 } };
    struct explain_site site = { .cache_control = "max-age=5",
                                 .signed_products = products,
                                 .n_signed_products = 1 };
    add_rule(1, 30, "Firefox", "new");
    add_app("new", "101.0", "20210101", "old");
    struct explanation *x = explain(ASK, DICE_ALL);
    ck_assert_str_eq(json_at(x, "/dice/outcomes/0/content_signature"), "null");
    explain_add_site(x, &site);
    ck_assert_str_eq(json_at(x, "/dice/outcomes/0/headers/Cache-Control"), "\"max-age=5\"");
    ck_assert_str_eq(json_at(x, "/dice/outcomes/0/headers/Rule-ID"), "\"1\"");
    ck_assert_str_eq(json_at(x, "/dice/outcomes/0/headers/X-Content-Type-Options"), "\"nosniff\"");
    ck_assert_str_eq(json_at(x, "/dice/outcomes/0/content_signature/signed"), "true");
    text_has(x, "\nCache-Control: max-age=5\n(Content-Signature: ");
    site.n_signed_products = 0;
    x = explain(ASK, DICE_ALL);
    explain_add_site(x, &site);
    ck_assert_str_eq(json_at(x, "/dice/outcomes/0/content_signature/signed"), "false");
    ck_assert_str_eq(json_at(x, "/dice/outcomes/0/content_signature/why"),
                     "\"content_signature_products in [signing] does not have Firefox\"");
    x = explain("/json/1/Firefox/1.0/p/release/update.json", DICE_ALL);
    site.json_is_signed = true;
    explain_add_site(x, &site);
    ck_assert_str_eq(json_at(x, "/dice/outcomes/0/content_signature/signed"), "false");
}
END_TEST

SUITE_MAIN_WITH("explain", setup, teardown, rules_have_verdicts, both_outcomes_have_their_shares,
                releases_are_explained, stops_pins_and_refusals, partial_stops_are_named,
                superblobs_have_parts, text_for_people, near_misses_of_the_product_come_first,
                headers_are_those_of_the_site)
