/* The agent's decisions: in which order, what is due and signed, back-off, where uptakes come from, tokens.
 */
#include "agent/pending.h"
#include "agent/retry.h"
#include "agent/settings.h"
#include "agent/token.h"
#include "agent/uptake_url.h"
#include "suite.h"

static void *ctx;
static struct error error;
static struct pending_list list;

enum {
    RULES,
    RELEASES,
    PERMISSIONS,
    SHUTOFFS,
    PARTIAL_STOPS,
    PRODUCT_SIGNOFFS,
    PERMISSION_SIGNOFFS,
    PINS,
    RELEASES_V2
};

static void setup(void)
{
    ctx = talloc_new(NULL);
}

static void teardown(void)
{
    talloc_free(ctx);
}

static bool read_list(unsigned kind, const char *json)
{
    cJSON *answer = json_parse(str_of(json), &error);
    ck_assert_msg(answer != NULL, "%s", error.what);
    bool ok = pending_read(ctx, &pending_kinds[kind], answer, &list, &error);
    cJSON_Delete(answer);
    return ok;
}

/* The one change of KIND that is listed as {MEMBERS}. */
static const struct pending *one(unsigned kind, const char *members)
{
    char json[2048];
    snprintf(json, sizeof json, "{\"%s\": [{%s}]}", kind == RELEASES_V2 ? "releases" : "scheduled_changes",
             members);
    ck_assert(read_list(kind, json));
    ck_assert_uint_eq(list.n, 1);
    return &list.item[0];
}

static void expect_order(const char *ids)
{
    char got[256] = "";
    for (size_t i = 0; i < list.n; i++) {
        size_t n = strlen(got);
        snprintf(got + n, sizeof got - n, "%s%s", i > 0 ? " " : "", list.item[i].id);
    }
    ck_assert_str_eq(got, ids);
}

/* ---- lists ---- */

START_TEST(kinds_in_order)
{
    static const char *const paths[] = { "/scheduled_changes/rules",
                                         "/scheduled_changes/releases",
                                         "/scheduled_changes/permissions",
                                         "/scheduled_changes/emergency_shutoff",
                                         "/scheduled_changes/partial_stops",
                                         "/scheduled_changes/required_signoffs/product",
                                         "/scheduled_changes/required_signoffs/permissions",
                                         "/scheduled_changes/pinnable_releases",
                                         "/v2/releases" };
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        ck_assert_str_eq(pending_kinds[i].path, paths[i]);
    }
    ck_assert_ptr_null(pending_kinds[ARRAY_LEN(paths)].name);
}
END_TEST

START_TEST(rules_latest_then_highest)
{
    ck_assert(read_list(RULES, "{\"scheduled_changes\": ["
                               "{\"sc_id\": 1, \"when\": 1000, \"priority\": 50},"
                               "{\"sc_id\": 2, \"when\": 1000, \"priority\": null},"
                               "{\"sc_id\": 3, \"when\": 2000, \"priority\": 1},"
                               "{\"sc_id\": 4, \"when\": 1000, \"priority\": 90},"
                               "{\"sc_id\": 10, \"when\": 1000, \"priority\": 90},"
                               "{\"sc_id\": 5, \"when\": null, \"telemetry_uptake\": 5, \"priority\": 99},"
                               "{\"sc_id\": 6, \"when\": 1000, \"priority\": -1}]}"));
    expect_order("3 4 10 1 2 6 5");
}
END_TEST

START_TEST(others_as_listed)
{
    ck_assert(read_list(PERMISSIONS, "{\"scheduled_changes\": [{\"sc_id\": 7, \"when\": 1}, {\"sc_id\": 3, "
                                     "\"when\": 9, \"priority\": 5}]}"));
    expect_order("7 3");
    ck_assert_str_eq(list.item[0].enact, "/scheduled_changes/permissions/7/enact");
    ck_assert_ptr_eq(pending_find(&list, "3"), &list.item[1]);
    ck_assert_ptr_null(pending_find(&list, "4"));
}
END_TEST

START_TEST(unreadable_entries_hold_no_others)
{
    ck_assert(read_list(RULES, "{\"scheduled_changes\": [1, {\"sc_id\": \"1\"}, {\"sc_id\": 0}, {}, "
                               "{\"sc_id\": 99999999999}, {\"sc_id\": 2, \"when\": 1}]}"));
    expect_order("2");
    ck_assert_uint_eq(list.unreadable, 5);
    ck_assert(read_list(RELEASES_V2, "{\"releases\": [{\"name\": \"A\", \"scheduled_changes\": []},"
                                     "{\"name\": \"B\"}, {\"scheduled_changes\": [{}]},"
                                     "{\"name\": \"C\", \"scheduled_changes\": [{\"when\": 1}]}]}"));
    expect_order("C");
    ck_assert_uint_eq(list.unreadable, 2);
    ck_assert(!read_list(RULES, "{\"releases\": []}"));
    ck_assert(!read_list(RULES, "[]"));
    ck_assert(!read_list(RELEASES_V2, "{\"scheduled_changes\": []}"));
    ck_assert_ptr_nonnull(strstr(error.what, "\"releases\""));
}
END_TEST

START_TEST(told_to_people)
{
    const struct pending *p =
        one(RULES, "\"sc_id\": 1, \"change_type\": \"update\", \"rule_id\": 12, \"alias\": null,"
                   "\"product\": \"Firefox\", \"scheduled_by\": \"rel@example.org\"");
    ck_assert_str_eq(p->what, "update of rules rule_id=12 product=Firefox, scheduled by rel@example.org");
    p = one(RULES, "\"sc_id\": 1");
    ck_assert_str_eq(p->what, "change of rules, scheduled by nobody");
}
END_TEST

/* ---- due ---- */

START_TEST(time_to_the_millisecond)
{
    const struct pending *p = one(RULES, "\"sc_id\": 1, \"when\": 300000");
    ck_assert(!pending_is_time(p, 299999));
    ck_assert(pending_is_time(p, 300000));
    ck_assert(pending_is_time(p, 500000));
    ck_assert(!pending_is_taken_up(p, 1e9));
}
END_TEST

START_TEST(without_condition_never)
{
    ck_assert(!pending_is_time(one(RULES, "\"sc_id\": 1"), INT64_MAX));
    ck_assert(!pending_is_time(one(RULES, "\"sc_id\": 1, \"when\": null"), INT64_MAX));
    ck_assert(!pending_is_time(one(RULES, "\"sc_id\": 1, \"when\": 0"), INT64_MAX));
    ck_assert(!pending_is_time(one(RULES, "\"sc_id\": 1, \"when\": \"1\""), INT64_MAX));
    ck_assert(!pending_is_time(one(RULES, "\"sc_id\": 1, \"when\": 1e300"), 1));
    ck_assert(pending_is_time(one(RULES, "\"sc_id\": 1, \"when\": -1e300"), 1));
}
END_TEST

START_TEST(uptake_counts_alone)
{
    const struct pending *p =
        one(RULES, "\"sc_id\": 1, \"when\": 1, \"telemetry_uptake\": 5000,"
                   "\"telemetry_product\": \"Firefox\", \"telemetry_channel\": \"release\"");
    ck_assert_str_eq(p->product, "Firefox");
    ck_assert_str_eq(p->channel, "release");
    ck_assert(!pending_is_time(p, INT64_MAX));
    ck_assert(!pending_is_taken_up(p, 0));
    ck_assert(!pending_is_taken_up(p, 4999));
    ck_assert(!pending_is_taken_up(p, 4999.9));
    ck_assert(pending_is_taken_up(p, 5000));
    ck_assert(pending_is_taken_up(p, 6000));
    /* As in the reference an uptake of 0 is none. */
    ck_assert(pending_is_time(one(RULES, "\"sc_id\": 1, \"when\": 1, \"telemetry_uptake\": 0"), 2));
}
END_TEST

START_TEST(signed_by_enough_of_each_role)
{
    static const struct {
        const char *signoffs;
        size_t missing;
    } rows[] = {
        { "{}", 2 },
        { "null", 2 },
        { "{\"a\": \"releng\"}", 2 },
        { "{\"a\": \"releng\", \"b\": \"releng\"}", 1 },
        { "{\"a\": \"releng\", \"b\": \"relman\"}", 1 },
        { "{\"a\": \"releng\", \"b\": \"qa\", \"c\": \"relman\"}", 1 },
        { "{\"a\": \"releng\", \"b\": \"releng\", \"c\": \"relman\"}", 0 },
        { "{\"a\": \"releng\", \"b\": \"releng\", \"c\": \"relman\", \"d\": \"qa\"}", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char members[512];
        snprintf(members, sizeof members,
                 "\"sc_id\": 1, \"required_signoffs\": {\"releng\": 2, \"relman\": 1}, \"signoffs\": %s",
                 rows[i].signoffs);
        const struct pending *p = one(PERMISSIONS, members);
        ck_assert_msg(p->n_missing == rows[i].missing, "%s: %zu", rows[i].signoffs, p->n_missing);
        ck_assert(pending_is_signed(p) == (rows[i].missing == 0));
    }
    const struct pending *p = one(PERMISSIONS, "\"sc_id\": 1, \"required_signoffs\": {\"releng\": 2}, "
                                               "\"signoffs\": {\"a\": \"releng\"}");
    ck_assert_str_eq(p->missing[0].role, "releng");
    ck_assert_uint_eq(p->missing[0].needed, 2);
    ck_assert_uint_eq(p->missing[0].given, 1);
    ck_assert(pending_is_signed(one(PERMISSIONS, "\"sc_id\": 1")));
    ck_assert(pending_is_signed(one(PERMISSIONS, "\"sc_id\": 1, \"required_signoffs\": null")));
}
END_TEST

#define RELEASE "\"name\": \"Firefox 1/x\", \"required_signoffs\": {\"releng\": 1}, \"scheduled_changes\": "

START_TEST(a_release_when_all_of_it_is_due)
{
    const struct pending *p =
        one(RELEASES_V2, RELEASE "[{\"sc_id\": 1, \"when\": 10, \"signoffs\": {\"a\": \"releng\"}},"
                                 "{\"sc_id\": 2, \"when\": 30, \"signoffs\": {\"b\": \"releng\"}},"
                                 "{\"sc_id\": 3, \"when\": 20, \"signoffs\": {\"a\": \"releng\"}}]");
    ck_assert_str_eq(p->id, "Firefox 1/x");
    ck_assert_str_eq(p->enact, "/v2/releases/Firefox%201%2Fx/enact");
    ck_assert(pending_is_signed(p));
    ck_assert(!pending_is_time(p, 29));
    ck_assert(pending_is_time(p, 30));
    p = one(RELEASES_V2, RELEASE "[{\"when\": 10}, {\"when\": null}]");
    ck_assert(!pending_is_time(p, INT64_MAX));
    p = one(RELEASES_V2, RELEASE "[{\"when\": null}, {\"when\": 10}]");
    ck_assert(!pending_is_time(p, INT64_MAX));
}
END_TEST

START_TEST(a_release_when_all_of_it_is_signed)
{
    const struct pending *p =
        one(RELEASES_V2,
            RELEASE "[{\"when\": 1, \"signoffs\": {\"a\": \"releng\"}}, {\"when\": 1, \"signoffs\": {}}]");
    ck_assert_uint_eq(p->n_missing, 1);
    ck_assert_uint_eq(p->missing[0].given, 0);
    p = one(RELEASES_V2, "\"name\": \"N\", \"scheduled_changes\": [{\"when\": 1}]");
    ck_assert(pending_is_signed(p));
}
END_TEST

START_TEST(fingerprints)
{
    uint64_t was = one(RULES, "\"sc_id\": 1, \"when\": 1, \"signoffs\": {}")->fingerprint;
    ck_assert(was == one(RULES, "\"sc_id\": 1, \"when\": 1, \"signoffs\": {}")->fingerprint);
    ck_assert(was != one(RULES, "\"sc_id\": 1, \"when\": 2, \"signoffs\": {}")->fingerprint);
    ck_assert(was != one(RULES, "\"sc_id\": 1, \"when\": 1, \"signoffs\": {\"a\": \"b\"}")->fingerprint);
    ck_assert(was != one(RULES, "\"sc_id\": 1, \"when\": 1, \"signoffs\": {}, \"x\": \"\"")->fingerprint);
    was = one(RELEASES_V2, RELEASE "[{\"sc_id\": 1}]")->fingerprint;
    ck_assert(was == one(RELEASES_V2, "\"rule_info\": {}, " RELEASE "[{\"sc_id\": 1}]")->fingerprint);
    ck_assert(was != one(RELEASES_V2, RELEASE "[{\"sc_id\": 1}, {\"sc_id\": 2}]")->fingerprint);
}
END_TEST

/* ---- back-off ---- */

START_TEST(delays_double)
{
    const struct retry_limits limits = { 30, 900 };
    static const int delays[] = { 30, 60, 120, 240, 480, 900, 900 };
    for (unsigned i = 0; i < ARRAY_LEN(delays); i++) {
        ck_assert_int_eq(retry_delay_s(limits, i + 1), delays[i]);
    }
    ck_assert_int_eq(retry_delay_s(limits, 4000000000u), 900);
    ck_assert_int_eq(retry_delay_s((struct retry_limits){ 3600, 86400 }, 100), 86400);
    ck_assert_int_eq(retry_delay_s((struct retry_limits){ 5, 5 }, 3), 5);
}
END_TEST

START_TEST(held_back_for_a_while)
{
    struct retry *r = retry_new(ctx, (struct retry_limits){ 10, 1000 });
    ck_assert(read_list(RULES, "{\"scheduled_changes\": [{\"sc_id\": 1}, {\"sc_id\": 2}]}"));
    const struct pending *p = pending_find(&list, "1");
    ck_assert_int_eq(retry_wait_ms(r, p, 0), 0);
    ck_assert_int_eq(retry_failed(r, p, false, 1000), 10);
    ck_assert_int_eq(retry_wait_ms(r, p, 1000), 10000);
    ck_assert_int_eq(retry_wait_ms(r, p, 10999), 1);
    ck_assert_int_eq(retry_wait_ms(r, p, 11000), 0);
    ck_assert_int_eq(retry_wait_ms(r, pending_find(&list, "2"), 1000), 0);
    ck_assert_int_eq(retry_failed(r, p, false, 11000), 20);
    ck_assert_int_eq(retry_failed(r, p, true, 40000), 10);
    ck_assert_int_eq(retry_failed(r, p, false, 50000), 40);
    ck_assert_uint_eq(retry_count(r), 1);
}
END_TEST

/* What the admin is told of changes that failed, limited to MAX bytes. */
static bool prints(const struct retry *r, size_t max, const char *expected)
{
    struct buf out;
    buf_init(&out, 0, 8192);
    retry_print(r, &out, max);
    bool same = str_eq(buf_view(&out), str_of(expected));
    buf_free(&out);
    return same;
}

START_TEST(failures_are_named)
{
    struct retry *r = retry_new(ctx, (struct retry_limits){ 10, 1000 });
    ck_assert(read_list(RULES, "{\"scheduled_changes\": [{\"sc_id\": 1}, {\"sc_id\": 2}]}"));
    retry_failed(r, &list.item[0], false, 0);
    retry_failed(r, &list.item[1], false, 0);
    ck_assert(prints(r, 2000, "[]"));
    retry_explain(r, &list.item[0], "first", 1, 2);
    retry_explain(r, &list.item[0], "no \"R\"", 5, 6);
    retry_explain(r, &list.item[1], "x", 7, 8);
    const char *one = "{\"kind\": \"rules\", \"id\": 1, \"at\": 5, \"next\": 6, \"what\": \"no \\\"R\\\"\"}";
    const char *two = "{\"kind\": \"rules\", \"id\": 2, \"at\": 7, \"next\": 8, \"what\": \"x\"}";
    const char *both = mem_printf(ctx, "[%s, %s]", one, two);
    ck_assert(prints(r, strlen(both), both));
    ck_assert(prints(r, strlen(both) - 1, mem_printf(ctx, "[%s]", one)));
    ck_assert(read_list(RULES, "{\"scheduled_changes\": [{\"sc_id\": 2}]}"));
    retry_keep(r, &pending_kinds[RULES], &list);
    ck_assert(prints(r, 2000, mem_printf(ctx, "[%s]", two)));
}
END_TEST

START_TEST(forgotten_once_it_is_another)
{
    struct retry *r = retry_new(ctx, (struct retry_limits){ 10, 1000 });
    ck_assert(read_list(RULES, "{\"scheduled_changes\": [{\"sc_id\": 1}, {\"sc_id\": 2}, {\"sc_id\": 3}]}"));
    for (size_t i = 0; i < list.n; i++) {
        retry_failed(r, &list.item[i], false, 0);
    }
    const struct pending *of_others = one(PERMISSIONS, "\"sc_id\": 2");
    ck_assert_int_eq(retry_wait_ms(r, of_others, 1), 0);
    retry_failed(r, of_others, false, 0);
    ck_assert(read_list(RULES, "{\"scheduled_changes\": [{\"sc_id\": 1}, {\"sc_id\": 3, \"when\": 1}]}"));
    retry_keep(r, &pending_kinds[RULES], &list);
    ck_assert_uint_eq(retry_count(r), 2);
    ck_assert_int_gt(retry_wait_ms(r, pending_find(&list, "1"), 1), 0);
    ck_assert_int_eq(retry_wait_ms(r, pending_find(&list, "3"), 1), 0);
    ck_assert(read_list(PERMISSIONS, "{\"scheduled_changes\": []}"));
    retry_keep(r, &pending_kinds[PERMISSIONS], &list);
    ck_assert_uint_eq(retry_count(r), 1);
}
END_TEST

/* ---- uptakes ---- */

static bool make_url(const char *template, const char *product, const char *channel, const char *expected)
{
    struct buf url;
    buf_init(&url, 0, 200);
    bool ok = uptake_url(&url, template, product, channel, &error);
    if (ok) {
        ck_assert_msg(str_eq(buf_view(&url), str_of(expected)), "%.*s", STR_ARG(buf_view(&url)));
    }
    buf_free(&url);
    return ok;
}

START_TEST(urls_from_templates)
{
    ck_assert(make_url("http://h/{product}/{channel}", "Firefox", "release", "http://h/Firefox/release"));
    ck_assert(make_url("http://h/?q={channel}&p={product}&{channel}", "A b/&?", "é%+",
                       "http://h/?q=%C3%A9%25%2B&p=A%20b%2F%26%3F&%C3%A9%25%2B"));
    ck_assert(make_url("http://h/q?query=x%7Bp%3D%22{product}%22%7D", "a-b._~", "c",
                       "http://h/q?query=x%7Bp%3D%22a-b._~%22%7D"));
    ck_assert(!make_url("http://h/{products}", "p", "c", ""));
    ck_assert(!make_url("http://h/{product", "p", "c", ""));
    ck_assert(!make_url("http://h/}", "p", "c", ""));
    ck_assert_ptr_nonnull(strstr(error.what, "%7B"));
    static const char *const harmful[] = { "", "a\"b", "a'b", "a`b", "a\\b", "a\nb", "a\x7f" };
    for (size_t i = 0; i < ARRAY_LEN(harmful); i++) {
        ck_assert_msg(!make_url("http://h/{product}", harmful[i], "c", ""), "%s", harmful[i]);
        ck_assert_msg(!make_url("http://h/{product}", "p", harmful[i], ""), "%s", harmful[i]);
    }
    char name[300];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert(!make_url("http://h/{product}", name, "c", ""));
    ck_assert_ptr_nonnull(strstr(error.what, "longer than 200 bytes"));
}
END_TEST

static bool number_at(const char *json, const char *pointer, double expected)
{
    double n = -1;
    cJSON *value = json_parse(str_of(json), &error);
    ck_assert_msg(value != NULL, "%s", error.what);
    bool ok = uptake_number(value, pointer, &n);
    cJSON_Delete(value);
    if (ok) {
        ck_assert_double_eq(n, expected);
    }
    return ok;
}

START_TEST(numbers_in_answers)
{
    const char *prometheus =
        "{\"status\": \"success\", \"data\": {\"result\": [{\"value\": [1.5, \"120.5\"]}]}}";
    ck_assert(number_at(prometheus, "/data/result/0/value/1", 120.5));
    ck_assert(number_at(prometheus, "/data/result/0/value/0", 1.5));
    ck_assert(number_at("{\"a/b\": {\"~\": 7}}", "/a~1b/~0", 7));
    ck_assert(number_at("{\"n\": \"1e3\"}", "/n", 1000));
    ck_assert(number_at("{\"n\": -1}", "/n", -1));
    static const char *const none[] = {
        "{\"n\": \"\"}", "{\"n\": \"12 \"}", "{\"n\": \"NaN\"}",  "{\"n\": \"+Inf\"}",  "{\"n\": true}",
        "{\"n\": null}", "{\"n\": [1]}",     "{\"n\": \"0x10\"}", "{\"n\": \"1e999\"}", "{\"m\": 1}",
        "[1]",           "{\"n\": \" 1\"}"
    };
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        ck_assert_msg(!number_at(none[i], "/n", 0), "%s", none[i]);
    }
    ck_assert(!number_at(prometheus, "/data/result/1/value/1", 0));
}
END_TEST

/* ---- tokens ---- */

static const char *take(const char *answer, int64_t *life_s)
{
    return token_take(ctx, str_of(answer), life_s, &error);
}

START_TEST(tokens_and_their_lives)
{
    int64_t life_s;
    ck_assert_str_eq(take("{\"access_token\": \"a.b.c\", \"expires_in\": 86400}", &life_s), "a.b.c");
    ck_assert_int_eq(life_s, 86400);
    ck_assert_str_eq(take("{\"access_token\": \"a\"}", &life_s), "a");
    ck_assert_int_eq(life_s, TOKEN_LIFE_S);
    take("{\"access_token\": \"a\", \"expires_in\": -5}", &life_s);
    ck_assert_int_eq(life_s, TOKEN_LIFE_S);
    take("{\"access_token\": \"a\", \"expires_in\": 1e300}", &life_s);
    ck_assert_int_eq(life_s, 7 * 86400);
    static const char *const none[] = { "",
                                        "{}",
                                        "[]",
                                        "{\"access_token\": 1}",
                                        "{\"access_token\": \"\"}",
                                        "{\"access_token\": \"a b\"}",
                                        "{\"access_token\": \"a\\r\\nX: y\"}" };
    for (size_t i = 0; i < ARRAY_LEN(none); i++) {
        ck_assert_msg(take(none[i], &life_s) == NULL, "%s", none[i]);
    }
    ck_assert_int_eq(token_refresh_s(86400), 86100);
    ck_assert_int_eq(token_refresh_s(3000), 2700);
    ck_assert_int_eq(token_refresh_s(60), 54);
    ck_assert_int_eq(token_refresh_s(1), 1);
}
END_TEST

START_TEST(token_requests)
{
    struct config c = {
        .agent = { .client_id = "id", .client_secret = "s&=c", .audience = "https://a/", .scope = "" }
    };
    struct buf form;
    buf_init(&form, 0, 1000);
    token_form(&form, &c, true);
    ck_assert(str_eq(buf_view(&form), STR("grant_type=client_credentials&client_id=id&client_secret=s%26%3Dc"
                                          "&audience=https%3A%2F%2Fa%2F")));
    buf_reset(&form);
    c.agent.scope = "x y";
    token_form(&form, &c, false);
    ck_assert(str_eq(buf_view(&form),
                     STR("grant_type=client_credentials&audience=https%3A%2F%2Fa%2F&scope=x%20y")));
    buf_free(&form);
}
END_TEST

/* ---- settings ---- */

/* The settings of a good configuration, before a test spoils something of it. */
static struct config good(void)
{
    return (struct config){ .agent = { .admin_url = "https://admin.example.org/api/",
                                       .ca_file = "",
                                       .allow_http = "no",
                                       .user = "balrogagent",
                                       .password = "secret",
                                       .token_url = "",
                                       .client_id = "",
                                       .client_secret = "",
                                       .token_auth = "body",
                                       .audience = "",
                                       .scope = "",
                                       .retry_min_s = 1,
                                       .retry_max_s = 1,
                                       .uptake_url = "",
                                       .uptake_pointer = "",
                                       .uptake_bearer = "" } };
}

static void refused(const struct config *c, const char *expected)
{
    ck_assert_ptr_null(agent_settings_new(ctx, c, &error));
    ck_assert_str_eq(error.what, expected);
}

START_TEST(settings_that_fit)
{
    struct config c = good();
    struct agent_settings *s = agent_settings_new(ctx, &c, &error);
    ck_assert_msg(s != NULL, "%s", error.what);
    ck_assert_str_eq(s->api, "https://admin.example.org/api");
    ck_assert_int_eq(s->auth, AGENT_BASIC);
    ck_assert(!s->has_uptake);
    c.agent.admin_url = "http://localhost:8081";
    c.agent.user = "";
    c.agent.token_url = "http://[::1]:1/token";
    c.agent.client_id = "id";
    c.agent.client_secret = "s";
    c.agent.uptake_url = "https://prometheus/api/v1/query?query=a%7Bp%3D%22{product}%22%7D&c={channel}";
    c.agent.uptake_pointer = "/data/result/0/value/1";
    s = agent_settings_new(ctx, &c, &error);
    ck_assert_msg(s != NULL, "%s", error.what);
    ck_assert_int_eq(s->auth, AGENT_TOKEN);
    ck_assert(s->has_uptake);
    c.agent.admin_url = "http://admin.example.org";
    c.agent.allow_http = "yes";
    ck_assert_ptr_nonnull(agent_settings_new(ctx, &c, &error));
}
END_TEST

START_TEST(settings_that_do_not)
{
    struct config c = good();
    c.agent.admin_url = "";
    refused(&c, "[agent] admin_url: must be set, for example to https://balrog-admin.example.org");
    c.agent.admin_url = "http://admin.example.org";
    refused(&c, "[agent] admin_url: must be https (or set allow_http)");
    c.agent.admin_url = "https://u:p@admin.example.org";
    refused(&c, "[agent] admin_url: this URL must not contain a user or a password");
    c = good();
    c.agent.password = "";
    refused(&c, "[agent] user: password_file must be set as well");
    c.agent.user = "";
    refused(&c, "[agent] set either user or token_url: the admin must know who calls");
    c.agent.token_url = "https://t/";
    refused(&c, "[agent] token_url: client_id and client_secret_file must be set as well");
    c.agent.client_id = c.agent.client_secret = "x";
    c.agent.token_url = "http://t/";
    refused(&c, "[agent] token_url: must be https (or set allow_http)");
    c = good();
    c.agent.token_url = "https://t/";
    refused(&c, "[agent] set either user or token_url: the admin must know who calls");
    c = good();
    c.agent.user = "a:b";
    refused(&c, "[agent] user: must not contain a colon");
    c = good();
    c.agent.retry_min_s = 2;
    refused(&c, "[agent] retry_max_s: must not be less than retry_min_s");
}
END_TEST

START_TEST(uptake_settings_that_do_not)
{
    struct config c = good();
    c.agent.uptake_url = "https://h/{product}";
    refused(&c, "[agent] uptake_pointer: must be a JSON pointer (RFC 6901), as /data/result/0/value/1");
    c.agent.uptake_pointer = "data";
    refused(&c, "[agent] uptake_pointer: must be a JSON pointer (RFC 6901), as /data/result/0/value/1");
    c.agent.uptake_pointer = "/a";
    c.agent.uptake_url = "https://{product}.example.org/";
    refused(&c, "[agent] uptake_url: {product} and {channel} are allowed only after the host name");
    c.agent.uptake_url = "{product}";
    refused(&c, "[agent] uptake_url: {product} and {channel} are allowed only after the host name");
    c.agent.uptake_url = "https://h/{version}";
    refused(&c, "[agent] uptake_url: only {product} and {channel} can be replaced; write any other brace as "
                "%7B or %7D");
    c.agent.uptake_url = "https://h/?q={version}";
    refused(&c, "[agent] uptake_url: only {product} and {channel} can be replaced; write any other brace as "
                "%7B or %7D");
    c.agent.uptake_url = "https://h/#{product}";
    refused(&c, "[agent] uptake_url: must not have a fragment (#…), because it would not be sent");
    c.agent.uptake_url = "http://h/{product}";
    refused(&c, "[agent] uptake_url: must be https (or set allow_http)");
    c.agent.uptake_url = "ftp://h/{product}";
    refused(&c, "[agent] uptake_url: not a http:// or https:// URL");
}
END_TEST

SUITE_MAIN_WITH("agent", setup, teardown, kinds_in_order, rules_latest_then_highest, others_as_listed,
                unreadable_entries_hold_no_others, told_to_people, time_to_the_millisecond,
                without_condition_never, uptake_counts_alone, signed_by_enough_of_each_role,
                a_release_when_all_of_it_is_due, a_release_when_all_of_it_is_signed, fingerprints,
                delays_double, held_back_for_a_while, failures_are_named, forgotten_once_it_is_another,
                urls_from_templates, numbers_in_answers, tokens_and_their_lives, token_requests,
                settings_that_fit, settings_that_do_not, uptake_settings_that_do_not)
