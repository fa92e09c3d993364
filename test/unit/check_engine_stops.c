/* The engine: who a stop for a part of the clients stops; and the first snapshots of a start, in which
 * releases are still awaited. */
#include "engine_world.h"

static struct rule_row *add_stop(const char *product, const char *channel)
{
    struct rule_row *stop = &w.stops[w.n_stops];
    *stop = (struct rule_row){ .rule_id = (int64_t)++w.n_stops,
                               .product = str_of(product),
                               .channel = str_of(channel),
                               .jaws = TRI_UNKNOWN,
                               .mig64 = TRI_UNKNOWN };
    return stop;
}

/* Asks with VERSION, BUILD, PLATFORM, LOCALE, CHANNEL; expects to be stopped by partial stop ID, or, if ID is
 * 0, to be served. */
static void stopped_by(int64_t id, const char *path)
{
    struct query q;
    struct error e;
    struct engine_choice c;
    static char text[QUERY_TEXT_MAX];
    char *uri = mem_printf(w.ctx, "/update/6/Firefox/%s/default/default/update.xml", path);
    ask(uri);
    if (id == 0) {
        ck_assert_msg(w.answer.reason == REASON_SERVED, "%s: %s %s", path,
                      engine_reason_name(w.answer.reason), w.answer.error.what);
        return;
    }
    is_empty(REASON_PARTIAL_STOP);
    ck_assert_ptr_null(w.answer.rule);
    ck_assert(query_parse(&q, text, str_of(uri), STR_NONE, &e) == QUERY_OK);
    error_clear(&e);
    engine_choose(w.snapshot, &q, &w.random, &e, &c);
    ck_assert_int_eq(c.stop->row.rule_id, id);
    ck_assert_int_eq(e.kind, ERROR_NONE);
}

START_TEST(partial_stops)
{
    add_rule(1, 1, NULL, "new");
    add_app("new", "101.0", "20210101", NULL);
    ck_assert(build());
    ck_assert_ptr_null(w.snapshot->input.stops); /* none cost nothing */
    stopped_by(0, "100.0/20200101/Linux/de/release/os/ISET:SSE3,MEM:4096");
    struct rule_row *first = add_stop("Firefox", "release");
    first->build_target = STR("Linux");
    first->version = STR("<100.0,100.*");
    struct rule_row *second = add_stop("Firefox", "release");
    second->memory = STR("<2048");
    second->locale = STR("fr,it");
    struct rule_row *third = add_stop("Other", "release");
    third->locale = STR("de");
    ck_assert(build());
    stopped_by(1, "100.0.1/20200101/Linux/de/release/os/ISET:SSE3,MEM:4096");
    stopped_by(1, "100.0/20200101/Linux/de/release-cck-x/os/ISET:SSE3,MEM:4096");
    stopped_by(0, "100.0/20200101/Linux/de/beta/os/ISET:SSE3,MEM:4096");
    stopped_by(0, "100.0/20200101/Alias/de/release/os/ISET:SSE3,MEM:4096");
    stopped_by(0, "100.9/20200101/Alias/de/release/os/ISET:SSE3,MEM:1024");
    stopped_by(2, "100.9/20200101/Alias/fr/release/os/ISET:SSE3,MEM:1024");
    first->version = STR("<100.0,101.*");
    ck_assert(build());
    stopped_by(0, "100.0/20200101/Linux/de/release/os/ISET:SSE3,MEM:4096");
    /* A whole stop comes first. */
    w.shutoffs[w.n_shutoffs++] = (struct shutoff_row){ STR("Firefox"), STR("release") };
    ck_assert(build());
    ask("/update/1/Firefox/99.0/20200101/Linux/de/release/update.xml");
    is_empty(REASON_SHUT_OFF);
}
END_TEST

/* A version that cannot be parsed matches no condition on it; other stops, before and behind, still count. */
START_TEST(partial_stops_and_odd_versions)
{
    add_rule(1, 1, NULL, "new");
    add_app("new", "101.0", "20210101", NULL);
    add_stop("Firefox", "release")->version = STR("<100.0");
    add_stop("Firefox", "release")->build_target = STR("Mac");
    ck_assert(build());
    stopped_by(2, "x/20200101/Mac/de/release/os/ISET:SSE3,MEM:4096");
    stopped_by(1, "99.0/20200101/Mac/de/release/os/ISET:SSE3,MEM:4096");
    ck_assert_int_ne(ask("/update/1/Firefox/x/20200101/Linux/de/release/update.xml")->reason,
                     REASON_PARTIAL_STOP);
}
END_TEST

/* The first snapshots of a start: whoever needs what is still to be compiled is told so. */
START_TEST(releases_that_are_awaited)
{
    static const struct str roots[] = { { "h264", 4 }, { "new", 3 }, { "super", 5 } };
    static const struct str awaited[] = { { "other", 5 }, { "widevine", 8 } };
    add_rule(1, 1, "GMP", "super");
    add_rule(2, 1, "OpenH264", "h264");
    add_rule(3, 1, "Widevine", "widevine");
    add_rule(4, 1, "Firefox", "new");
    add_rule(5, 1, "Fenix", "gone");
    add_rule(6, 1, "Other", "other");
    add_release(
        "super", "GMP",
        "{\"name\": \"super\", \"schema_version\": 4000, \"products\": [\"OpenH264\", \"Widevine\"]}");
    add_gmp("h264", "OpenH264", "gmp-h264");
    add_gmp("widevine", "Widevine", "gmp-widevine");
    add_app("new", "101.0", "20210101", "other");
    add_app("other", "100.0", "20200101", NULL);
    w.roots = roots;
    w.n_roots = 3;
    w.awaited = awaited;
    w.n_awaited = 2;
    ck_assert(build());
    ck_assert(str_absent(ask(ASK_LINUX)->awaited));
    body_has("partial"); /* what a partial starts from is there, too */
    ck_assert(str_absent(ask("/update/1/Other/1.0/20190101/Linux/de/release/update.xml")->awaited));
    body_has("appVersion=\"100.0\""); /* and compiled completely, since it will be served */
    ask("/update/3/GMP/100.0/20200101/Linux/de/release/os/default/default/update.xml");
    ck_assert(str_eq(w.answer.awaited, STR("widevine")));
    ask("/update/3/Widevine/100.0/20200101/Linux/de/release/os/default/default/update.xml");
    ck_assert(str_eq(w.answer.awaited, STR("widevine")));
    ck_assert(str_absent(
        ask("/update/1/Fenix/1.0/20190101/Linux/de/release/update.xml")->awaited)); /* there is none */
    unsigned reads = w.reads;
    w.roots = NULL;
    w.n_awaited = 0;
    ck_assert(build());
    ck_assert_uint_eq(w.reads, reads + 2); /* "widevine" and "gone": nothing is compiled twice */
    ask("/update/3/GMP/100.0/20200101/Linux/de/release/os/default/default/update.xml");
    ck_assert(str_absent(w.answer.awaited));
    body_has("gmp-widevine");
}
END_TEST

SUITE_MAIN_WITH("engine_stops", setup, teardown, partial_stops, partial_stops_and_odd_versions,
                releases_that_are_awaited)
