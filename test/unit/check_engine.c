/* The engine from rows: choosing a rule and a release, dice, pins, shutoffs, superblobs, broken data, and
 * snapshots that share releases. Expected bytes were worked out from the reference's code. */
#include "engine_world.h"

START_TEST(serves_an_update)
{
    add_rule(5, 10, "Firefox", "new");
    add_app("new", "101.0", "20210101", NULL);
    ck_assert_int_eq(ask(ASK_LINUX)->reason, REASON_SERVED);
    ck_assert_int_eq(w.answer.rule->row.rule_id, 5);
    body_is("<?xml version=\"1.0\"?>\n<updates>\n"
            "    <update appVersion=\"101.0\" buildID=\"20210101\" displayVersion=\"101.0\" type=\"minor\">\n"
            "        <patch type=\"complete\" URL=\"http://download.mozilla.org/linux/de\" "
            "hashFunction=\"sha512\" "
            "hashValue=\"c\" size=\"1\"/>\n"
            "    </update>\n</updates>");
    ask("/update/1/Firefox/100.0/20200101/Alias/de/release/update.xml?force=1");
    body_has("URL=\"http://download.mozilla.org/linux/de?force=1\"");
}
END_TEST

START_TEST(partials_need_their_release)
{
    add_rule(5, 10, "Firefox", "new");
    add_app("new", "101.0", "20210101", "old");
    add_app("old", "100.0", "20200101", "older");
    ask(ASK_LINUX);
    body_has("<patch type=\"partial\" URL=\"http://download.mozilla.org/p?a=1&amp;b=2\" ");
    ask("/update/1/Firefox/100.0/20200101/Alias/de/release/update.xml");
    body_has("partial");
    ask("/update/1/Firefox/100.0/20200102/Linux/de/release/update.xml");
    ck_assert(!str_contains(buf_view(&w.body), STR("partial")));
    ck_assert_uint_eq(w.reads, 2); /* the release that "old" starts from is of no interest */
    ck_assert_uint_eq(w.snapshot->n_releases, 2);
}
END_TEST

START_TEST(priority_decides)
{
    add_rule(1, 10, "Firefox", NULL);
    add_rule(2, 20, NULL, "new");
    add_rule(3, 20, NULL, NULL); /* the same priority: the lower rule_id */
    add_rule(4, 0, NULL, NULL)->has_priority = false;
    add_app("new", "101.0", "20210101", NULL);
    ask(ASK_LINUX);
    ck_assert_int_eq(w.answer.rule->row.rule_id, 2);
    w.rules[1].channel = STR("beta");
    w.rules[2].channel = STR("beta");
    ck_assert(build());
    ask(ASK_LINUX);
    ck_assert_int_eq(w.answer.rule->row.rule_id, 1);
    is_empty(REASON_NULL_MAPPING);
    w.rules[0].product = STR("Thunderbird");
    ck_assert(build());
    ask(ASK_LINUX);
    ck_assert_int_eq(w.answer.rule->row.rule_id, 4);
}
END_TEST

START_TEST(no_rule_and_shutoffs)
{
    ask(ASK_LINUX);
    is_empty(REASON_NO_RULE);
    ck_assert_ptr_null(w.answer.rule);
    add_rule(1, 1, NULL, "new");
    add_app("new", "101.0", "20210101", NULL);
    w.shutoffs[w.n_shutoffs++] = (struct shutoff_row){ STR("Firefox"), STR("release") };
    ck_assert(build());
    ask(ASK_LINUX);
    is_empty(REASON_SHUT_OFF);
    ck_assert_ptr_null(w.answer.rule);
    ask("/update/1/Firefox/100.0/20200101/Linux/de/release-cck-x/update.xml");
    is_empty(REASON_SHUT_OFF);
    ask("/update/1/Firefox/100.0/20200101/Linux/de/beta/update.xml");
    ck_assert_int_eq(w.answer.reason, REASON_SERVED);
}
END_TEST

START_TEST(throttling)
{
    struct rule_row *row = add_rule(1, 1, NULL, "new");
    row->background_rate = 25;
    add_app("new", "101.0", "20210101", NULL);
    add_app("fallback", "100.5", "20200601", NULL);
    w.random.fixed = 24;
    ck_assert_int_eq(ask(ASK_LINUX)->reason, REASON_SERVED);
    ck_assert(w.answer.is_random);
    w.random.fixed = 25;
    ask(ASK_LINUX);
    is_empty(REASON_THROTTLED);
    ck_assert_int_eq(ask(ASK_LINUX "?force=1")->reason, REASON_SERVED);
    ck_assert(!w.answer.is_random);
    w.random.fixed = 0;
    ask(ASK_LINUX "?force=-1");
    is_empty(REASON_THROTTLED);
    row->fallback_mapping = STR("fallback");
    ck_assert(build());
    ask(ASK_LINUX "?force=-1");
    body_has("appVersion=\"100.5\"");
    row->background_rate = 100;
    ck_assert(build());
    ask(ASK_LINUX "?force=-1"); /* nothing to lose at 100 % */
    body_has("appVersion=\"101.0\"");
    row->background_rate = 0;
    ck_assert(build());
    ask(ASK_LINUX); /* and nothing to win at 0 % */
    body_has("appVersion=\"100.5\"");
    ck_assert(!w.answer.is_random);
}
END_TEST

START_TEST(dice_are_fair)
{
    struct rule_row *row = add_rule(1, 1, NULL, "new");
    enum { THROWS = 20000 };
    unsigned served = 0;
    row->background_rate = 10;
    add_app("new", "101.0", "20210101", NULL);
    w.random = (struct random_source){ 88172645463325252u, -1 };
    for (int i = 0; i < THROWS; i++) {
        served += ask(ASK_LINUX)->reason == REASON_SERVED;
    }
    /* 10 % of 20,000 is 2,000 with a standard deviation of 42. */
    ck_assert_uint_gt(served, 1750);
    ck_assert_uint_lt(served, 2250);
}
END_TEST

static void ask_by_script(struct draw_script *script)
{
    script->at = 0;
    w.random = (struct random_source){ .fixed = DRAW_SCRIPTED, .script = script };
    ask(ASK_LINUX);
}

/* Draws are won until the script says otherwise, and it records each that was made. */
START_TEST(draws_by_a_script)
{
    struct draw_script script = { 0 };
    struct rule_row *row = add_rule(1, 1, NULL, "new");
    row->background_rate = 25;
    add_app("new", "101.0", "20210101", NULL);
    ask_by_script(&script);
    ck_assert_int_eq(w.answer.reason, REASON_SERVED);
    ck_assert_uint_eq(script.n, 1);
    ck_assert_int_eq(script.draw[0].rate, 25);
    script.draw[0].lost = true;
    ask_by_script(&script);
    is_empty(REASON_THROTTLED);
    ck_assert_uint_eq(script.n, 1);
    row->background_rate = 100;
    script = (struct draw_script){ 0 };
    ck_assert(build());
    ask_by_script(&script);
    ck_assert_uint_eq(script.n, 0);
}
END_TEST

START_TEST(choices_name_what_they_lead_to)
{
    static char text[QUERY_TEXT_MAX];
    struct query q;
    struct error e = { 0 };
    struct engine_choice c;
    struct random_source source = { .fixed = 99 };
    struct rule_row *row = add_rule(1, 1, NULL, "new");
    row->background_rate = 25;
    row->fallback_mapping = STR("fallback");
    add_app("new", "103.0", "20210101", NULL);
    add_app("fallback", "102.0", "20200601", NULL);
    add_app("pinned", "101.0", "20200501", NULL);
    w.pins[w.n_pins++] = (struct pin_row){ STR("Firefox"), STR("101."), STR("release"), STR("pinned") };
    ck_assert(build());
    ck_assert(query_parse(&q, text, STR(ASK_LINUX "?pin=101."), STR_NONE, &e) == QUERY_OK);
    engine_choose(w.snapshot, &q, &source, &e, &c);
    ck_assert_int_eq(c.throttle, THROTTLE_FALLBACK);
    ck_assert(str_eq(c.mapping, STR("fallback")) && str_eq(c.pinned, STR("pinned")));
    ck_assert(str_eq(c.release->name, STR("pinned")));
    ck_assert(query_parse(&q, text, STR(ASK_LINUX "?force=1"), STR_NONE, &e) == QUERY_OK);
    engine_choose(w.snapshot, &q, &source, &e, &c);
    ck_assert(str_eq(c.mapping, STR("new")) && str_absent(c.pinned));
}
END_TEST

START_TEST(pins_hold_back)
{
    add_rule(1, 1, NULL, "new");
    add_app("new", "103.0", "20230101", NULL);
    add_app("pinned", "102.5", "20220101", NULL);
    w.pins[w.n_pins++] = (struct pin_row){ STR("Firefox"), STR("102."), STR("release"), STR("pinned") };
    ask(ASK_LINUX "?pin=102.");
    body_has("appVersion=\"102.5\"");
    ask("/update/1/Firefox/100.0/20200101/Linux/de/release-cck-x/update.xml?pin=102.");
    body_has("appVersion=\"102.5\"");
    ask(ASK_LINUX "?pin=103.0.");
    body_has("appVersion=\"103.0\"");
    ask(ASK_LINUX "?pin=101."); /* no such pin: better up to date than left behind */
    body_has("appVersion=\"103.0\"");
    ask("/update/1/Firefox/102.5/20220101/Linux/de/release/update.xml?pin=102.");
    is_empty(REASON_PIN_UNAVAILABLE);
    ck_assert_int_eq(ask(ASK_LINUX "?pin=abc")->status, 400);
    w.pins[0].mapping = STR("gone");
    ck_assert(build());
    ask(ASK_LINUX "?pin=102.");
    is_empty(REASON_NO_RELEASE);
}
END_TEST

START_TEST(pins_never_lead_past_themselves)
{
    add_rule(1, 1, NULL, "new");
    add_app("new", "103.0", "20230101", NULL);
    add_app("beyond", "102.1", "20220101", NULL);
    add_app("older", "101.0", "20210101", NULL);
    w.pins[w.n_pins++] = (struct pin_row){ STR("Firefox"), STR("102."), STR("release"), STR("new") };
    w.pins[w.n_pins++] = (struct pin_row){ STR("Firefox"), STR("102.0."), STR("release"), STR("beyond") };
    w.pins[w.n_pins++] = (struct pin_row){ STR("Firefox"), STR("101.5."), STR("release"), STR("older") };
    const struct answer *a = ask(ASK_LINUX "?pin=102.");
    is_empty(REASON_PIN_UNAVAILABLE);
    ck_assert_ptr_nonnull(strstr(a->error.what, "pin 102. leads to release new"));
    ask(ASK_LINUX "?pin=102.0.");
    is_empty(REASON_PIN_UNAVAILABLE);
    ask(ASK_LINUX "?pin=101.5.");
    body_has("appVersion=\"101.0\"");
}
END_TEST

START_TEST(versions_that_a_rule_has_to_parse)
{
    add_rule(1, 20, NULL, "new");
    add_rule(2, 10, NULL, "new")->version = STR("<200.0");
    w.rules[1].channel = STR("release");
    add_app("new", "101.0", "20210101", NULL);
    /* Rule 1 would win, but rule 2 is asked too. */
    ck_assert_int_eq(ask("/update/1/Firefox/x/20200101/Linux/de/release/update.xml")->status, 400);
    ck_assert_str_eq(w.answer.error.what, "Version number x is invalid.");
    w.rules[1].channel = STR("beta");
    w.rules[0].version = STR("nonsense");
    ck_assert(build());
    ask(ASK_LINUX);
    is_empty(REASON_NO_RULE);
}
END_TEST

START_TEST(what_points_at_nothing)
{
    add_rule(1, 1, NULL, "gone");
    ask(ASK_LINUX);
    is_empty(REASON_NO_RELEASE);
    ck_assert_uint_eq(w.broken, 1);
    ck_assert_uint_eq(w.snapshot->n_missing, 1);
    ck_assert(build());
    ck_assert_uint_eq(w.reads, 1); /* known to be missing until something says otherwise */
    add_app("gone", "101.0", "20210101", NULL);
    release_cache_expire(w.cache, STR("gone"));
    ck_assert(build());
    ck_assert_int_eq(ask(ASK_LINUX)->reason, REASON_SERVED);
}
END_TEST

START_TEST(broken_releases_are_absent)
{
    static const char *const blobs[] = { "",
                                         "{",
                                         "[]",
                                         "null",
                                         "{\"schema_version\": 7}",
                                         "{\"schema_version\": \"9\"}",
                                         "{}",
                                         "\"\"",
                                         "0",
                                         "{\"name\": \"x\"}" };
    add_rule(1, 1, NULL, "bad");
    add_release("bad", "Firefox", "");
    for (size_t i = 0; i < ARRAY_LEN(blobs); i++) {
        w.releases[0].json = mem_strdup(w.ctx, blobs[i]);
        release_cache_expire_all(w.cache);
        ck_assert(build());
        ask(ASK_LINUX);
        is_empty(REASON_NO_RELEASE);
    }
    w.releases[0].json = mem_strndup(w.ctx, "{\"schema_version\": 9, \"appVersion\": \"101.0\"}", 44);
    release_cache_expire_all(w.cache);
    ck_assert(build());
    ask(ASK_LINUX);
    ck_assert_int_eq(w.answer.status, 200);
    body_is(ENGINE_EMPTY_XML);
}
END_TEST

START_TEST(json_answers)
{
    add_rule(1, 1, "FirefoxVPN", "vpn");
    add_rule(2, 1, "Firefox", "new");
    add_app("new", "101.0", "20210101", NULL);
    add_release(
        "vpn", "FirefoxVPN",
        "{\"name\": \"vpn\", \"schema_version\": 10000, \"version\": \"2.0.0b2\", \"required\": true, "
        "\"hashFunction\": "
        "\"sha512\", \"platforms\": {\"WINNT\": {\"fileUrl\": \"https://download.mozilla.org/vpn?a=1&b=2\", "
        "\"hashValue\": \"h\"}}}");
    ck_assert_int_eq(ask("/json/1/FirefoxVPN/1.0.0/WINNT/release/update.json")->status, 200);
    body_is("{\"version\": \"2.0.0b2\", \"url\": \"https://download.mozilla.org/vpn?a=1&b=2\", \"required\": "
            "true, "
            "\"hashFunction\": \"sha512\", \"hashValue\": \"h\"}");
    ck_assert_int_eq(ask("/json/1/FirefoxVPN/2.0.0b2/WINNT/release/update.json")->status, 404);
    body_is("");
    ck_assert_int_eq(ask("/json/1/Firefox/100.0/Linux/release/update.json")->status, 404);
    ck_assert_int_eq(ask("/json/1/FirefoxVPN/a.b/WINNT/release/update.json")->status, 404);
    ck_assert_int_eq(w.answer.reason, REASON_BROKEN); /* a number and a text cannot be compared */
    ask("/update/1/FirefoxVPN/1.0.0/1/WINNT/de/release/update.xml");
    ck_assert_int_eq(w.answer.status, 400);
    ck_assert_str_eq(w.answer.error.what, "Wrong blob type");
}
END_TEST

START_TEST(superblob_by_products)
{
    add_rule(1, 1, "GMP", "super");
    add_rule(2, 1, "OpenH264", "h264");
    struct rule_row *widevine = add_rule(3, 1, "Widevine", "widevine");
    add_release("super", "GMP",
                "{\"name\": \"super\", \"schema_version\": 4000, \"products\": [\"OpenH264\", \"CDM\", "
                "\"Widevine\"]}");
    add_gmp("h264", "OpenH264", "gmp-h264");
    add_gmp("widevine", "Widevine", "gmp-widevine");
    widevine->background_rate = 50;
    w.random.fixed = 49;
    ask("/update/3/GMP/100.0/20200101/Linux/de/release/os/default/default/update.xml");
    ck_assert_int_eq(w.answer.rule->row.rule_id, 1);
    ck_assert(w.answer.is_random);
    body_is("<?xml version=\"1.0\"?>\n<updates>\n    <addons>\n"
            "        <addon id=\"gmp-h264\" URL=\"https://download.mozilla.org/g\" hashFunction=\"sha512\" "
            "hashValue=\"h\" "
            "size=\"3\" version=\"1.2\"/>\n"
            "        <addon id=\"gmp-widevine\" URL=\"https://download.mozilla.org/g\" "
            "hashFunction=\"sha512\" hashValue=\"h\" "
            "size=\"3\" version=\"1.2\"/>\n"
            "    </addons>\n</updates>");
    w.random.fixed = 50;
    ask("/update/3/GMP/100.0/20200101/Linux/de/release/os/default/default/update.xml");
    ck_assert(!str_contains(buf_view(&w.body), STR("widevine")));
    w.shutoffs[w.n_shutoffs++] = (struct shutoff_row){ STR("OpenH264"), STR("release") };
    ck_assert(build());
    ask("/update/3/GMP/100.0/20200101/Linux/de/release/os/default/default/update.xml");
    body_is("<?xml version=\"1.0\"?>\n<updates>\n    <addons>\n    </addons>\n</updates>");
}
END_TEST

START_TEST(superblob_by_members)
{
    add_rule(1, 1, "SystemAddons", "super");
    add_release("super", "SystemAddons",
                "{\"name\": \"super\", \"schema_version\": 4000, \"blobs\": [\"one\", \"gone\", \"two\"]}");
    add_release("one", "SystemAddons",
                "{\"name\": \"one\", \"schema_version\": 5000, \"hashFunction\": \"sha512\", \"addons\": "
                "{\"a@b\": {\"version\": "
                "\"1\", \"platforms\": {\"default\": {\"fileUrl\": \"https://download.mozilla.org/a\", "
                "\"hashValue\": \"h\", "
                "\"filesize\": 3}}}}}");
    add_release("two", "Other",
                "{\"name\": \"two\", \"schema_version\": 5000, \"hashFunction\": \"sha512\", \"addons\": "
                "{\"b@b\": {\"version\": "
                "\"1\", \"platforms\": {\"default\": {\"fileUrl\": \"https://download.mozilla.org/b\", "
                "\"hashValue\": \"h\", "
                "\"filesize\": 3}}}}}");
    ask("/update/3/SystemAddons/100.0/20200101/Linux/de/release/os/default/default/update.xml");
    /* The second's product may not be served from there; the missing one is left out and told. */
    body_is("<?xml version=\"1.0\"?>\n<updates>\n    <addons>\n"
            "        <addon id=\"a@b\" URL=\"https://download.mozilla.org/a\" hashFunction=\"sha512\" "
            "hashValue=\"h\" size=\"3\" "
            "version=\"1\"/>\n"
            "    </addons>\n</updates>");
    ck_assert_int_ne(w.answer.skipped.kind, ERROR_NONE);
}
END_TEST

START_TEST(two_nightlies_get_it_squashed)
{
    add_rule(1, 1, NULL, "Firefox-mozilla-central-nightly-latest");
    add_app("Firefox-mozilla-central-nightly-latest", "101.0", "20210101", NULL);
    ask("/update/1/Firefox/66.0a1/20190103220533/Linux/de/nightly/update.xml");
    ck_assert(memchr(w.body.p, '\n', w.body.n) == NULL);
    body_has("<updates><update appVersion");
}
END_TEST

START_TEST(a_failing_source_changes_nothing)
{
    add_rule(1, 1, NULL, "new");
    add_app("new", "101.0", "20210101", NULL);
    ck_assert(build());
    const struct snapshot *before = w.snapshot;
    w.source_fails = true;
    add_rule(2, 2, NULL, "other");
    ck_assert(!build());
    ck_assert_ptr_eq(w.snapshot, before);
    ck_assert_int_eq(ask(ASK_LINUX)->reason, REASON_SERVED);
    release_cache_expire_all(w.cache);
    ck_assert(!build());
    ck_assert_int_eq(ask(ASK_LINUX)->reason, REASON_SERVED);
    w.source_fails = false;
    w.reads = 0;
    ck_assert(build());
    ck_assert_uint_eq(w.reads, 2);
}
END_TEST

START_TEST(releases_are_shared_until_they_change)
{
    add_rule(1, 1, NULL, "new");
    add_app("new", "101.0", "20210101", "old");
    add_app("old", "100.0", "20200101", NULL);
    ck_assert(build());
    const struct release *new = snapshot_release(w.snapshot, STR("new"));
    const struct release *old = snapshot_release(w.snapshot, STR("old"));
    ck_assert_int_eq(old->use, RELEASE_BUILD_IDS);
    ck_assert(build());
    ck_assert_uint_eq(w.reads, 2);
    ck_assert_ptr_eq(snapshot_release(w.snapshot, STR("new")), new);
    /* A rule that maps to it makes a whole release of what was build ids. */
    add_rule(2, 2, "Other", "old");
    ck_assert(build());
    ck_assert_uint_eq(w.reads, 3);
    ck_assert_int_eq(snapshot_release(w.snapshot, STR("old"))->use, RELEASE_SERVED);
    w.n_rules = 0;
    ck_assert(build());
    ck_assert_ptr_null(snapshot_release(w.snapshot, STR("new")));
    ck_assert_uint_eq(w.snapshot->n_releases, 0);
}
END_TEST

SUITE_MAIN_WITH("engine", setup, teardown, serves_an_update, partials_need_their_release, priority_decides,
                no_rule_and_shutoffs, throttling, dice_are_fair, draws_by_a_script,
                choices_name_what_they_lead_to, pins_hold_back, pins_never_lead_past_themselves,
                versions_that_a_rule_has_to_parse, what_points_at_nothing, broken_releases_are_absent,
                json_answers, superblob_by_products, superblob_by_members, two_nightlies_get_it_squashed,
                a_failing_source_changes_nothing, releases_are_shared_until_they_change)
