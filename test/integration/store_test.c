/* Connections and readers against a real server. With the argument "kill" it kills the server, whose process
 * id is in BALROG_TEST_PID, and looks at what comes of that. */
#include "store_world.h"

#include <signal.h>

enum { BLOB_BYTES = 10 << 20 };

/* ---- db.c ---- */

START_TEST(values_come_as_they_are)
{
    struct db_value params[] = { DB_I(-42), DB_S(STR("a\0b")), DB_S(STR_NONE), DB_S(STR("")),
                                 DB_S(STR("Ü😀")) };
    struct db_rows *rows =
        db_query(db, "SELECT ?, ?, ?, ?, ?, CAST(1.5 AS DOUBLE), 18446744073709551615", params, 5, &e);
    ck_assert_msg(rows != NULL, "%s", e.what);
    ck_assert(db_next(rows, &e));
    ck_assert_uint_eq(db_columns(rows), 7);
    ck_assert_int_eq(db_int(rows, 0), -42);
    assert_str(db_text(rows, 0), "-42");
    ck_assert(str_eq(db_text(rows, 1), STR("a\0b")));
    ck_assert(db_is_null(rows, 2) && str_absent(db_text(rows, 2)) && db_int(rows, 2) == 0);
    ck_assert(!db_is_null(rows, 3) && !str_absent(db_text(rows, 3)) && db_text(rows, 3).n == 0);
    assert_str(db_text(rows, 4), "Ü😀");
    assert_str(db_text(rows, 5), "1.5");
    assert_str(db_text(rows, 6), "18446744073709551615");
    ck_assert(!db_next(rows, &e));
    ck_assert(db_finish(rows));
}
END_TEST

START_TEST(session_is_strict_utc_utf8mb4)
{
    ck_assert_int_eq(number(db,
                            "SELECT @@sql_mode LIKE '%STRICT_ALL_TABLES%' AND @@time_zone = '+00:00' AND "
                            "@@character_set_client = 'utf8mb4' AND @@character_set_results = 'utf8mb4' AND "
                            "@@autocommit = 1 AND @@tx_isolation = 'REPEATABLE-READ'"),
                     1);
}
END_TEST

START_TEST(long_and_short_values_alternate)
{
    struct db_rows *rows =
        db_query(writer,
                 "SELECT REPEAT('x', IF(seq % 3 = 0, 100000 + seq, seq)), REPEAT('y', seq * 10) "
                 "FROM seq_1_to_300",
                 NULL, 0, &e);
    ck_assert_msg(rows != NULL, "%s", e.what);
    size_t n = 0;
    while (db_next(rows, &e)) {
        n++;
        struct str x = db_text(rows, 0), y = db_text(rows, 1);
        ck_assert_uint_eq(x.n, n % 3 == 0 ? 100000 + n : n);
        ck_assert_uint_eq(y.n, n * 10);
        ck_assert(x.p[0] == 'x' && x.p[x.n - 1] == 'x' && y.p[0] == 'y' && y.p[y.n - 1] == 'y');
    }
    ck_assert(db_finish(rows));
    ck_assert_uint_eq(n, 300);
}
END_TEST

START_TEST(bad_statements_leave_the_connection_alive)
{
    struct db_value one = DB_I(1);
    ck_assert(!db_exec(db, "SELEC 1", &e));
    ck_assert_int_eq(e.kind, ERROR_UNAVAILABLE);
    ck_assert_ptr_null(db_query(db, "SELECT nothing FROM nowhere", NULL, 0, &e));
    ck_assert_ptr_null(db_query(db, "SELECT ?", NULL, 0, &e));
    ck_assert_ptr_null(db_query(db, "SELECT 1", &one, 1, &e));
    ck_assert_ptr_null(db_query(db, "DO 1", NULL, 0, &e));
    ck_assert(!db_exec(db, "INSERT INTO emergency_shutoffs VALUES ('a', 'b', NULL, 1)", &e));
    ck_assert_msg(strstr(e.what, "denied") != NULL, "%s", e.what);
    ck_assert(db_alive(db));
    ck_assert_int_eq(number(db, "SELECT 7"), 7);
}
END_TEST

START_TEST(one_result_at_a_time_and_one_may_be_left_early)
{
    for (int i = 0; i < 3; i++) {
        struct db_rows *rows = db_query(writer, "SELECT seq FROM seq_1_to_10000", NULL, 0, &e);
        ck_assert(db_next(rows, &e));
        ck_assert_ptr_null(db_query(writer, "SELECT 1", NULL, 0, &e));
        ck_assert(!db_exec(writer, "COMMIT", &e));
        ck_assert(db_finish(rows));
        ck_assert_int_eq(number(writer, "SELECT 5"), 5);
    }
    ck_assert(!db_next(NULL, &e) && !db_finish(NULL));
}
END_TEST

START_TEST(statements_are_prepared_once_and_not_without_bound)
{
    int64_t before = number(db, "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS "
                                "WHERE VARIABLE_NAME = 'COM_STMT_PREPARE'");
    for (int i = 0; i < 10; i++) {
        number(db, "SELECT 8");
    }
    ck_assert_int_eq(number(db, "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS "
                                "WHERE VARIABLE_NAME = 'COM_STMT_PREPARE'"),
                     before + 1);
    for (int i = 0; i < 500; i++) {
        ck_assert_int_eq(number(db, mem_printf(ctx, "SELECT %d", i)), i);
    }
    ck_assert_int_lt(number(db, "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS "
                                "WHERE VARIABLE_NAME = 'PREPARED_STMT_COUNT'"),
                     200);
}
END_TEST

START_TEST(a_changed_table_is_prepared_again)
{
    run(writer, "CREATE OR REPLACE TABLE scratch (a INT)");
    run(writer, "INSERT INTO scratch VALUES (1)");
    ck_assert_int_eq(number(writer, "SELECT * FROM scratch"), 1);
    run(writer, "ALTER TABLE scratch MODIFY a VARCHAR(500)");
    run(writer, "UPDATE scratch SET a = '99'");
    ck_assert_int_eq(number(writer, "SELECT * FROM scratch"), 99);
    run(writer, "DROP TABLE scratch");
    ck_assert_ptr_null(db_query(writer, "SELECT * FROM scratch", NULL, 0, &e));
    ck_assert(db_alive(writer));
}
END_TEST

/* Writes N bytes, the last of which are END, into each column of scratch, and reads them back. */
static void check_kept(size_t n, const char *end)
{
    char *text = mem_check(talloc_size(ctx, n));
    memset(text, 'x', n);
    memcpy(text + n - strlen(end), end, strlen(end));
    const struct db_value value = DB_S(((struct str){ text, n }));
    const struct db_value values[] = { value, value, value, value };
    run(writer, "DELETE FROM scratch");
    ck_assert_msg(db_execute(writer, "INSERT INTO scratch VALUES (?, ?, ?, ?)", values, ARRAY_LEN(values),
                             NULL, NULL, &e),
                  "%zu %s: %s", n, end, e.what);
    struct db_rows *rows = db_query(writer, "SELECT * FROM scratch", NULL, 0, &e);
    ck_assert(db_next(rows, &e));
    for (unsigned i = 0; i < ARRAY_LEN(values); i++) {
        ck_assert_msg(str_eq(db_text(rows, i), value.text), "column %u of %zu bytes with %s", i, n, end);
    }
    ck_assert(db_finish(rows));
}

START_TEST(long_texts_are_kept_in_any_character_set)
{
    run(writer, "CREATE OR REPLACE TABLE scratch (a LONGTEXT CHARACTER SET utf8mb4,"
                " b LONGTEXT CHARACTER SET utf8mb3, c LONGTEXT CHARACTER SET latin1, d LONGBLOB)");
    for (size_t n = 4094; n <= 4098; n++) {
        check_kept(n, "\\'\"");
        check_kept(n, "é");
    }
    check_kept(300000, "%");
    check_kept(300000, "é");
    run(writer, "DROP TABLE scratch");
}
END_TEST

START_TEST(a_killed_connection_is_dead)
{
    runf(writer, "KILL CONNECTION %lld", (long long)number(db, "SELECT CONNECTION_ID()"));
    ck_assert_ptr_null(db_query(db, "SELECT 1", NULL, 0, &e));
    ck_assert_int_eq(e.kind, ERROR_UNAVAILABLE);
    ck_assert(!db_alive(db));
    ck_assert_ptr_null(db_query(db, "SELECT 1", NULL, 0, &e));
    ck_assert(!db_exec(db, "COMMIT", &e));
}
END_TEST

START_TEST(a_connection_killed_amid_rows_is_dead)
{
    struct db *other = connect_root(getenv("BALROG_TEST_DB"));
    int64_t id = number(writer, "SELECT CONNECTION_ID()");
    struct db_rows *rows =
        db_query(writer, "SELECT seq, REPEAT('x', 1000) FROM seq_1_to_10000000", NULL, 0, &e);
    ck_assert(db_next(rows, &e));
    runf(other, "KILL CONNECTION %lld", (long long)id);
    while (db_next(rows, &e)) {
    }
    ck_assert(!db_next(rows, &e));
    ck_assert(!db_finish(rows));
    ck_assert(!db_alive(writer));
}
END_TEST

START_TEST(a_timeout_kills_the_connection)
{
    struct db *hasty = connect_as("root", "", getenv("BALROG_TEST_DB"), 1);
    struct db_rows *rows = db_query(hasty, "SELECT SLEEP(8)", NULL, 0, &e);
    ck_assert(!db_next(rows, &e));
    ck_assert(!db_finish(rows));
    ck_assert(!db_alive(hasty));
}
END_TEST

START_TEST(connecting_can_fail)
{
    ck_assert_ptr_null(connect_as("root", "wrong", "no_such_database", 1));
    ck_assert_int_eq(e.kind, ERROR_UNAVAILABLE);
    ck_assert_ptr_null(connect_as("balrog_public", "wrong", getenv("BALROG_TEST_DB"), 1));
    ck_assert_msg(strstr(e.what, "denied") != NULL, "%s", e.what);
    setenv("BALROG_TEST_SOCKET", "/nonexistent/socket", 1);
    ck_assert_ptr_null(connect_as("root", "", "x", 1));
    ck_assert_int_eq(e.kind, ERROR_UNAVAILABLE);
}
END_TEST

/* ---- reader.c ---- */

START_TEST(rules_pins_and_shutoffs)
{
    struct rule_row *rules;
    struct pin_row *pins;
    struct shutoff_row *shutoffs;
    size_t n;
    run(writer,
        "INSERT INTO rules VALUES (7, 'al', 90, 'map', 'fall', 25, 'minor', 'Firefox', '>=60.0', 'release*', "
        "'WINNT', '>2018', 'de,en-US', 'Windows', '>1024', 'SSE', 1, 0, 'dist', 'dv', 'Intel', 'a comment', "
        "3),"
        "(9, NULL, NULL, NULL, NULL, NULL, 'major', NULL, '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
        "NULL, "
        "NULL, NULL, NULL, NULL, NULL, 1)");
    run(writer, "INSERT INTO pinnable_releases VALUES ('Firefox', '100.', 'release', 'Fx-100', 1)");
    run(writer,
        "INSERT INTO emergency_shutoffs VALUES ('Firefox', 'beta', 'on fire', 1), ('Fenix', 'x', NULL, 1)");
    ck_assert(reader_rules(db, ctx, false, &rules, &n, &e));
    ck_assert_uint_eq(n, 2);
    const struct rule_row *r = &rules[0];
    ck_assert(r->rule_id == 7 && r->data_version == 3 && r->has_priority && r->priority == 90);
    ck_assert(r->has_background_rate && r->background_rate == 25 && r->jaws == TRI_TRUE &&
              r->mig64 == TRI_FALSE);
    const struct str texts[] = { r->mapping,      r->fallback_mapping, r->update_type,
                                 r->product,      r->version,          r->channel,
                                 r->build_target, r->build_id,         r->locale,
                                 r->os_version,   r->memory,           r->instruction_set,
                                 r->distribution, r->dist_version,     r->header_architecture };
    const char *const wanted[] = { "map",      "fall",  "minor", "Firefox",  ">=60.0",
                                   "release*", "WINNT", ">2018", "de,en-US", "Windows",
                                   ">1024",    "SSE",   "dist",  "dv",       "Intel" };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        assert_str(texts[i], wanted[i]);
    }
    r = &rules[1];
    ck_assert(!r->has_priority && !r->has_background_rate && r->jaws == TRI_UNKNOWN &&
              r->mig64 == TRI_UNKNOWN);
    ck_assert(str_absent(r->mapping) && str_absent(r->product) && str_absent(r->header_architecture));
    ck_assert(!str_absent(r->version) && r->version.n == 0);
    ck_assert(reader_pins(db, ctx, false, &pins, &n, &e));
    ck_assert_uint_eq(n, 1);
    assert_str(pins[0].product, "Firefox");
    assert_str(pins[0].version, "100.");
    assert_str(pins[0].channel, "release");
    assert_str(pins[0].mapping, "Fx-100");
    ck_assert(reader_shutoffs(db, ctx, &shutoffs, &n, &e));
    ck_assert_uint_eq(n, 2);
    assert_str(shutoffs[0].product, "Fenix");
    assert_str(shutoffs[1].channel, "beta");
}
END_TEST

START_TEST(empty_tables_give_no_rows)
{
    struct rule_row *rules;
    struct pin_row *pins;
    struct shutoff_row *shutoffs;
    struct release_stamp *stamps;
    size_t n;
    ck_assert(reader_rules(db, ctx, false, &rules, &n, &e) && n == 0);
    ck_assert(reader_pins(db, ctx, false, &pins, &n, &e) && n == 0);
    ck_assert(reader_shutoffs(db, ctx, &shutoffs, &n, &e) && n == 0);
    ck_assert(reader_release_stamps(db, ctx, &stamps, &n, &e) && n == 0);
}
END_TEST

START_TEST(table_stamps_tell_any_change)
{
    struct table_stamps a, b;
    run(writer,
        "INSERT INTO rules (rule_id, update_type, product, data_version) VALUES (1, 'minor', 'Firefox', 1)");
    run(writer, "INSERT INTO pinnable_releases VALUES ('Firefox', '100.', 'release', 'Fx-100', 1)");
    ck_assert(reader_table_stamps(db, &a, &e) && reader_table_stamps(db, &b, &e));
    ck_assert_msg(memcmp(&a, &b, sizeof a) == 0, "the same tables have other stamps");
    run(writer, "UPDATE rules SET product = NULL, version = 'Firefox'"); /* data_version as before */
    ck_assert(reader_table_stamps(db, &b, &e));
    ck_assert(a.rules != b.rules && a.pins == b.pins && a.shutoffs == b.shutoffs);
    run(writer, "UPDATE pinnable_releases SET mapping = 'Fx-101'");
    run(writer, "INSERT INTO emergency_shutoffs VALUES ('Firefox', 'beta', NULL, 1)");
    ck_assert(reader_table_stamps(db, &b, &e));
    ck_assert(a.pins != b.pins && a.shutoffs != b.shutoffs);
}
END_TEST

static struct release_row row;
static struct release_stamps read_stamps;
static uint64_t stamp;

/* The release NAME through D; false when there is none. Asserts that its stamp is the one in the list. */
static bool read_release(struct db *d, struct str name)
{
    bool found;
    struct release_stamp *stamps;
    size_t n;
    ck_assert_msg(reader_release(d, ctx, name, &row, &read_stamps, &found, &e), "%s", e.what);
    ck_assert_msg(reader_release_stamps(d, ctx, &stamps, &n, &e), "%s", e.what);
    stamp = release_stamps_sum(&read_stamps);
    uint64_t listed = 0;
    for (size_t i = 0; i < n; i++) {
        listed = str_eq(stamps[i].name, name) ? stamps[i].stamp : listed;
    }
    ck_assert_uint_eq(listed, stamp);
    return found;
}

START_TEST(a_release_comes_from_v2_else_v1)
{
    run(writer,
        "INSERT INTO releases VALUES ('both', 'P1', 0, '{\"v\": 1}', 4), ('old', 'P1', 1, '{\"v\": 1}', 2)");
    run(writer, "INSERT INTO releases_json VALUES ('both', 'P2', 0, '{\"v\": 2}', 1), ('new', 'P2', NULL, "
                "'{\"v\": 2}', 1)");
    run(writer, "INSERT INTO release_assets VALUES ('new', '.platforms.b', '{\"x\": 1}', 1), ('new', "
                "'.platforms.a', NULL, 1), "
                "('new', '.platforms.B', '{}', 1)");
    ck_assert(read_release(db, STR("both")));
    assert_str(row.name, "both");
    assert_str(row.product, "P2");
    assert_str(row.json, "{\"v\": 2}");
    ck_assert_uint_eq(row.n_assets, 0);
    ck_assert(read_release(db, STR("old")));
    assert_str(row.product, "P1");
    assert_str(row.json, "{\"v\": 1}");
    ck_assert(read_release(db, STR("new")));
    ck_assert_uint_eq(row.n_assets, 3);
    assert_str(row.assets[0].path, ".platforms.B");
    assert_str(row.assets[1].path, ".platforms.a");
    ck_assert(str_absent(row.assets[1].json));
    assert_str(row.assets[2].json, "{\"x\": 1}");
    ck_assert(!read_release(db, STR("none")) && stamp == 0);
    ck_assert(!read_release(db, STR("\xff\xfe")) && !read_release(db, STR("")) &&
              !read_release(db, STR("a\0b")));
}
END_TEST

START_TEST(an_empty_base_does_not_count)
{
    static const char *const bases[] = { "NULL", "'null'", "'{}'", "' { } '", "'[]'", "'\"\"'" };
    for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
        empty_tables(writer);
        runf(writer, "INSERT INTO releases_json VALUES ('r', 'P2', 0, %s, 1)", bases[i]);
        ck_assert(!read_release(db, STR("r")));
        run(writer, "INSERT INTO releases VALUES ('r', 'P1', 0, '{\"v\": 1}', 1)");
        ck_assert(read_release(db, STR("r")));
        assert_str(row.product, "P1");
        assert_str(row.json, "{\"v\": 1}");
        run(writer, "INSERT INTO release_assets VALUES ('r', '.a', '{}', 1)");
        ck_assert(read_release(db, STR("r")));
        assert_str(row.product, "P2");
        ck_assert(str_absent(row.json) && row.n_assets == 1);
    }
}
END_TEST

START_TEST(assets_alone_are_a_release)
{
    run(writer, "INSERT INTO release_assets VALUES ('only', '.platforms.p', '{\"x\": 1}', 1)");
    ck_assert(read_release(db, STR("only")));
    ck_assert(str_absent(row.json) && str_absent(row.product) && row.n_assets == 1);
}
END_TEST

/* What is read alone is what it is when the release is read whole. */
START_TEST(parts_are_as_in_the_whole)
{
    struct release_stamps part;
    struct release_asset asset;
    bool found;
    run(writer, "INSERT INTO releases VALUES ('r', 'P1', 0, '{\"v\": 1}', 4)");
    run(writer, "INSERT INTO releases_json VALUES ('r', 'P2', 0, '{\"v\": 2}', 3)");
    run(writer, "INSERT INTO release_assets VALUES ('r', '.a', '{\"a\": 1}', 1), ('r', '.b', NULL, 7), "
                "('R', '.a', '{}', 1)");
    ck_assert(read_release(db, STR("r")));
    ck_assert_uint_eq(read_stamps.assets, row.assets[0].stamp + row.assets[1].stamp);
    for (size_t i = 0; i < row.n_assets; i++) {
        ck_assert(reader_asset(db, ctx, STR("r"), row.assets[i].path, &asset, &found, &e) && found);
        ck_assert(str_eq(asset.path, row.assets[i].path) && str_eq(asset.json, row.assets[i].json));
        ck_assert_uint_eq(asset.stamp, row.assets[i].stamp);
    }
    ck_assert(reader_asset(db, ctx, STR("r"), STR(".c"), &asset, &found, &e) && !found);
    ck_assert(reader_asset(db, ctx, STR("r"), STR(".A"), &asset, &found, &e) && !found);
    ck_assert(reader_base(db, STR("r"), &part, &e));
    ck_assert(part.rows == read_stamps.rows && part.base == read_stamps.base && part.assets == 0);
    run(writer, "UPDATE releases_json SET data_version = 4 WHERE name = 'r'");
    ck_assert(reader_base(db, STR("r"), &part, &e));
    ck_assert(part.rows != read_stamps.rows && part.base == read_stamps.base);
    run(writer, "UPDATE releases_json SET data_version = 3, product = 'P3' WHERE name = 'r'");
    ck_assert(reader_base(db, STR("r"), &part, &e));
    ck_assert(part.rows == read_stamps.rows && part.base != read_stamps.base);
    run(writer, "UPDATE releases_json SET data = '{\"v\": 3}', product = 'P2' WHERE name = 'r'");
    ck_assert(reader_base(db, STR("r"), &part, &e));
    ck_assert(part.rows == read_stamps.rows && part.base != read_stamps.base);
    run(writer, "UPDATE releases SET data_version = 5");
    ck_assert(reader_base(db, STR("r"), &part, &e) && part.rows != read_stamps.rows);
}
END_TEST

START_TEST(stamps_tell_changes)
{
    static const char *const changes[] = {
        "INSERT INTO releases VALUES ('r', 'P', 0, '{}', 1)",
        "UPDATE releases SET data_version = 2",
        "INSERT INTO releases_json VALUES ('r', 'P', 0, '{}', 2)",
        "DELETE FROM releases",
        "UPDATE releases_json SET data_version = 3",
        "INSERT INTO release_assets VALUES ('r', '.a', '{}', 1), ('r', '.b', '{}', 1)",
        "UPDATE release_assets SET data_version = 2 WHERE path = '.a'",
        "UPDATE release_assets SET data_version = 3 - data_version",
        "UPDATE release_assets SET path = '.c' WHERE path = '.a'",
        "DELETE FROM release_assets WHERE path = '.b'",
        "DELETE FROM releases_json",
    };
    enum { N = ARRAY_LEN(changes) };
    uint64_t seen[N];
    for (size_t i = 0; i < N; i++) {
        run(writer, changes[i]);
        read_release(db, STR("r"));
        seen[i] = stamp;
        for (size_t j = 0; j < i; j++) {
            ck_assert_msg(seen[j] != seen[i], "%s left no trace", changes[i]);
        }
    }
}
END_TEST

START_TEST(a_blob_of_10_mb)
{
    runf(writer,
         "INSERT INTO releases VALUES ('big', 'P', 0, CONCAT('{\"x\": \"', REPEAT('ü', %d), '\"}'), 1)",
         BLOB_BYTES / 2);
    runf(writer,
         "INSERT INTO release_assets VALUES ('big2', '.a', REPEAT('y', %d), 1), ('big2', '.b', 'z', 1)",
         BLOB_BYTES);
    ck_assert(read_release(db, STR("big")));
    ck_assert_uint_eq(row.json.n, BLOB_BYTES + 9);
    ck_assert(str_ends(row.json, STR("ü\"}")));
    ck_assert(read_release(db, STR("big2")));
    ck_assert_uint_eq(row.assets[0].json.n, BLOB_BYTES);
    assert_str(row.assets[1].json, "z");
}
END_TEST

START_TEST(names_are_exact_whatever_the_collation)
{
    struct db *ci = connect_public(getenv("BALROG_TEST_CI_DB"));
    struct db *root = connect_root(getenv("BALROG_TEST_CI_DB"));
    empty_tables(root);
    run(root, "INSERT INTO releases VALUES ('Name', 'P1', 0, '{\"v\": 1}', 1)");
    run(root, "INSERT INTO releases_json VALUES ('NAME', 'P2', 0, '{\"v\": 2}', 5)");
    run(root,
        "INSERT INTO release_assets VALUES ('NAME', '.a', '{\"a\": 1}', 1), ('name', '.b', '{\"b\": 1}', 1), "
        "('name', '.c', '{\"c\": 1}', 7)");
    ck_assert(read_release(ci, STR("Name")));
    assert_str(row.product, "P1");
    ck_assert_uint_eq(row.n_assets, 0);
    ck_assert(read_release(ci, STR("NAME")));
    assert_str(row.product, "P2");
    ck_assert_uint_eq(row.n_assets, 1);
    assert_str(row.assets[0].path, ".a");
    ck_assert(read_release(ci, STR("name")));
    ck_assert(str_absent(row.product));
    ck_assert_uint_eq(row.n_assets, 2);
    struct release_asset asset;
    bool found;
    ck_assert(reader_asset(ci, ctx, STR("name"), STR(".b"), &asset, &found, &e) && found);
    ck_assert(reader_asset(ci, ctx, STR("NAME"), STR(".b"), &asset, &found, &e) && !found);
    ck_assert(reader_asset(ci, ctx, STR("name"), STR(".B"), &asset, &found, &e) && !found);
    ck_assert(!read_release(ci, STR("nAmE")) && !read_release(ci, STR("Name ")) &&
              !read_release(ci, STR("Namé")));
}
END_TEST

START_TEST(a_snapshot_is_one_moment)
{
    struct rule_row *rules;
    size_t n;
    ck_assert(reader_begin(db, &e));
    run(writer, "INSERT INTO rules (update_type, data_version) VALUES ('minor', 1)");
    run(writer, "INSERT INTO releases VALUES ('r', 'P', 0, '{}', 1)");
    ck_assert(reader_rules(db, ctx, false, &rules, &n, &e) && n == 0);
    ck_assert(!read_release(db, STR("r")));
    ck_assert(reader_end(db, &e));
    ck_assert(reader_rules(db, ctx, false, &rules, &n, &e) && n == 1);
}
END_TEST

/* ---- the server dies ---- */

START_TEST(a_dead_server_is_an_error)
{
    struct db *idle = connect_root(getenv("BALROG_TEST_DB"));
    ck_assert_int_eq(number(idle, "SELECT 1"), 1);
    struct db_rows *rows =
        db_query(writer, "SELECT seq, REPEAT('x', 1000) FROM seq_1_to_10000000", NULL, 0, &e);
    ck_assert(db_next(rows, &e));
    ck_assert_int_eq(kill(atoi(getenv("BALROG_TEST_PID")), SIGKILL), 0);
    while (db_next(rows, &e)) {
    }
    ck_assert(!db_finish(rows));
    ck_assert(e.kind == ERROR_UNAVAILABLE && !db_alive(writer));
    ck_assert_ptr_null(db_query(idle, "SELECT 1", NULL, 0, &e));
    ck_assert(!db_alive(idle));
    ck_assert(!reader_begin(db, &e) && !db_alive(db));
    ck_assert_ptr_null(connect_as("root", "", "x", 1));
}
END_TEST

int main(int argc, char **argv)
{
    const TTest *const db_tests[] = {
        values_come_as_they_are,
        session_is_strict_utc_utf8mb4,
        long_and_short_values_alternate,
        bad_statements_leave_the_connection_alive,
        one_result_at_a_time_and_one_may_be_left_early,
        statements_are_prepared_once_and_not_without_bound,
        a_changed_table_is_prepared_again,
        long_texts_are_kept_in_any_character_set,
        a_killed_connection_is_dead,
        a_connection_killed_amid_rows_is_dead,
        a_timeout_kills_the_connection,
        connecting_can_fail,
        NULL,
    };
    const TTest *const reader_tests[] = {
        rules_pins_and_shutoffs,
        empty_tables_give_no_rows,
        table_stamps_tell_any_change,
        a_release_comes_from_v2_else_v1,
        an_empty_base_does_not_count,
        assets_alone_are_a_release,
        parts_are_as_in_the_whole,
        stamps_tell_changes,
        a_blob_of_10_mb,
        names_are_exact_whatever_the_collation,
        a_snapshot_is_one_moment,
        NULL,
    };
    const TTest *const kill_tests[] = { a_dead_server_is_an_error, NULL };
    Suite *suite = suite_create("store");
    if (argc > 1 && strcmp(argv[1], "kill") == 0) {
        add_tests(suite, "kill", setup, kill_tests);
    } else {
        add_tests(suite, "db", setup, db_tests);
        add_tests(suite, "reader", setup, reader_tests);
    }
    return suite_status(suite);
}
