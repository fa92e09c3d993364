/* Which releases partials start from, against a real server that others write to. */
#include "store/partial_sources.h"
#include "store_world.h"

static struct partial_sources *sources;

static void sources_setup(void)
{
    setup();
    db = connect_root(getenv("BALROG_TEST_DB"));
    run(writer, "DELETE FROM balrog_release_members");
    sources = partial_sources_new(ctx, hosts_new(ctx, database_as("root", "", getenv("BALROG_TEST_DB"), 30)));
}

/* The release, by S or from nothing, with a partial from NAME; NULL: none. */
static const char *holder_by(struct partial_sources *s, const char *name)
{
    const char *release;
    ck_assert_msg(partial_sources_find(s, db, ctx, str_of(name), &release, &e), "%s", e.what);
    return release;
}

/* HOLDER ("": none) has a partial from NAME, whether that is kept or read from nothing. */
static void assert_holder(const char *name, const char *holder)
{
    const char *kept = holder_by(sources, name), *read = holder_by(NULL, name);
    ck_assert_str_eq(kept != NULL ? kept : "", holder);
    ck_assert_str_eq(read != NULL ? read : "", holder);
}

static void offer(const char *name)
{
    runf(writer, "INSERT INTO rules (mapping, update_type, data_version) VALUES ('%s', 'minor', 1)", name);
}

static void add_v1(const char *name, const char *json)
{
    runf(writer, "INSERT INTO releases VALUES ('%s', 'P', 0, '%s', 1)", name, json);
}

static void add_asset(const char *name, const char *path, const char *from)
{
    runf(writer, "INSERT INTO release_assets VALUES ('%s', '%s', '{\"partials\": [{\"from\": \"%s\"}]}', 1)",
         name, path, from);
}

START_TEST(every_way_to_be_offered_counts)
{
    static const char *const names[] = { "mapped", "fallback", "pinned", "member", "alone" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        add_v1(names[i], mem_printf(ctx, "{\"partials\": [{\"from\": \"of-%s\"}]}", names[i]));
    }
    run(writer, "INSERT INTO rules (mapping, fallbackMapping, update_type, data_version) VALUES "
                "('mapped', 'fallback', 'minor', 1), ('gone', NULL, 'minor', 1)");
    run(writer, "INSERT INTO pinnable_releases VALUES ('P', '1.', 'c', 'pinned', 1)");
    add_v1("super", "{\"blobs\": [\"member\", \"alone2\"]}");
    for (size_t i = 0; i < 4; i++) {
        assert_holder(mem_printf(ctx, "of-%s", names[i]), names[i]);
    }
    assert_holder("of-alone", "");
    assert_holder("of-nothing", "");
}
END_TEST

START_TEST(names_are_found_wherever_they_are)
{
    offer("R");
    add_v1("R",
           "{\"a\": {\"b\": [{\"from\":\"deep\"}, {\"from\" : \"*\"}, {\"from\":\\n\\t\"spaced\"}]}, "
           "\"c\": \"from\", \"d\": \"not\", \"from\": {\"x\": 1}, \"e\": {\"from\": \"R\"}, "
           "\"f\": {\"from\": \"q\\\\\"u\\\\u00e9\"}, \"partial\": {\"from\": \"last\"}, \"g\": \"from\"}");
    offer("V2");
    run(writer, "INSERT INTO releases_json VALUES ('V2', 'P', 0, '{\"from\": \"base\"}', 1)");
    add_asset("V2", ".platforms.p.locales.de", "of-de");
    add_asset("V2", ".platforms.p.locales.fr", "of-fr");
    assert_holder("deep", "R");
    assert_holder("spaced", "R");
    assert_holder("q\"u\xc3\xa9", "R");
    assert_holder("last", "R");
    assert_holder("base", "V2");
    assert_holder("of-de", "V2");
    assert_holder("of-fr", "V2");
    assert_holder("*", "");
    assert_holder("not", "");
    assert_holder("R", ""); /* only R itself */
    assert_holder("DEEP", "");
}
END_TEST

START_TEST(changes_by_others_are_seen)
{
    offer("R");
    add_v1("R", "{\"from\": \"a\"}");
    offer("V2");
    add_asset("V2", ".de", "b");
    assert_holder("a", "R");
    assert_holder("b", "V2");
    run(writer, "UPDATE releases SET data = '{\"from\": \"a2\"}', data_version = 2 WHERE name = 'R'");
    assert_holder("a", "");
    assert_holder("a2", "R");
    run(writer, "DELETE FROM releases WHERE name = 'R'");
    assert_holder("a2", "");
    add_v1("R", "{\"from\": \"a3\"}"); /* again at version 1 */
    assert_holder("a3", "R");
    add_asset("V2", ".fr", "c");
    assert_holder("c", "V2");
    run(writer, "DELETE FROM release_assets WHERE path = '.de'");
    assert_holder("b", "");
    run(writer, "UPDATE releases SET name = 'S' WHERE name = 'R'");
    assert_holder("a3", "");
    run(writer, "UPDATE rules SET mapping = 'S' WHERE mapping = 'R'");
    assert_holder("a3", "S");
    run(writer, "DELETE FROM rules");
    assert_holder("a3", "");
    assert_holder("c", "");
}
END_TEST

START_TEST(a_late_commit_is_seen)
{
    struct db *other = connect_root(getenv("BALROG_TEST_DB"));
    offer("R");
    add_v1("R", "{\"from\": \"a\"}");
    run(other, "START TRANSACTION");
    run(other, "UPDATE releases SET data = '{\"from\": \"b\"}', data_version = 2 WHERE name = 'R'");
    add_v1("other", "{}"); /* a later change, committed before */
    assert_holder("a", "R");
    assert_holder("b", "");
    run(other, "COMMIT");
    assert_holder("a", "");
    assert_holder("b", "R");
}
END_TEST

START_TEST(a_restored_feed_is_noticed)
{
    offer("R");
    add_v1("R", "{\"from\": \"a\"}");
    assert_holder("a", "R");
    run(writer, "UPDATE releases SET data = '{\"from\": \"b\"}', data_version = 2");
    run(writer, "TRUNCATE balrog_changes");
    assert_holder("b", "R");
    assert_holder("a", "");
}
END_TEST

START_TEST(what_the_feed_misses_is_found_by_comparing)
{
    offer("R");
    add_v1("R", "{\"from\": \"a\"}");
    add_v1("Q", "{}");
    assert_holder("a", "R");
    run(writer, "START TRANSACTION");
    run(writer, "UPDATE releases SET data = '{\"from\": \"b\"}', data_version = 2 WHERE name = 'R'");
    run(writer, "DELETE FROM balrog_changes WHERE k = 'R' ORDER BY id DESC LIMIT 1");
    run(writer, "COMMIT");
    ck_assert_ptr_null(holder_by(sources, "b"));
    ck_assert_msg(partial_sources_refresh(sources, &e), "%s", e.what);
    assert_holder("b", "R");
    assert_holder("a", "");
}
END_TEST

START_TEST(a_lost_connection_is_opened_again)
{
    offer("R");
    add_v1("R", "{\"from\": \"a\"}");
    assert_holder("a", "R");
    struct db_rows *rows = db_query(writer,
                                    "SELECT id FROM information_schema.processlist WHERE db = DATABASE() "
                                    "AND id <> CONNECTION_ID() ORDER BY id DESC LIMIT 1",
                                    NULL, 0, &e);
    ck_assert(db_next(rows, &e));
    int64_t id = db_int(rows, 0);
    ck_assert(db_finish(rows));
    runf(writer, "KILL %lld", (long long)id);
    ck_assert_str_eq(holder_by(sources, "a"), "R");
}
END_TEST

START_TEST(no_database_is_a_failure)
{
    const char *release = "";
    struct partial_sources *s =
        partial_sources_new(ctx, hosts_new(ctx, database_as("nobody", "", "nothing", 1)));
    ck_assert(!partial_sources_find(s, NULL, ctx, STR("a"), &release, &e));
    ck_assert_int_eq(e.kind, ERROR_UNAVAILABLE);
    ck_assert_ptr_null(release);
}
END_TEST

static int64_t statements(void)
{
    return number(writer, "SELECT variable_value FROM information_schema.global_status "
                          "WHERE variable_name = 'QUESTIONS'");
}

START_TEST(what_is_known_is_not_read_again)
{
    for (int i = 0; i < 50; i++) {
        offer(mem_printf(ctx, "R%d", i));
        add_v1(mem_printf(ctx, "R%d", i), "{\"from\": \"a\"}");
    }
    partial_sources_start(sources);
    ck_assert_str_eq(holder_by(sources, "a"), "R0");
    int64_t before = statements();
    ck_assert_str_eq(holder_by(sources, "a"), "R0");
    ck_assert_int_lt(statements() - before, 20); /* the thread's among them */
    partial_sources_stop(sources);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_way_to_be_offered_counts,    names_are_found_wherever_they_are,
        changes_by_others_are_seen,        a_late_commit_is_seen,
        a_restored_feed_is_noticed,        what_the_feed_misses_is_found_by_comparing,
        a_lost_connection_is_opened_again, no_database_is_a_failure,
        what_is_known_is_not_read_again,   NULL,
    };
    Suite *suite = suite_create("partial sources");
    add_tests(suite, "partial sources", sources_setup, tests);
    return suite_status(suite);
}
