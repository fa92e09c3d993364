/* The change feed against a real server, whose transactions overlap, roll back and restart. */
#include "store/feed.h"
#include "store_world.h"

enum { GAP_S = 600 };

static struct feed *feed;
static struct feed_news news;

static void feed_setup(void)
{
    setup();
    feed = feed_new(ctx, GAP_S);
}

static void start(int64_t now_ms)
{
    ck_assert(reader_begin(db, &e));
    ck_assert_msg(feed_start(feed, db, now_ms, &e), "%s", e.what);
    ck_assert(reader_end(db, &e));
}

static void poll_at(int64_t now_ms)
{
    ck_assert_msg(feed_poll(feed, db, ctx, now_ms, &news, &e), "%s", e.what);
}

/* The change of the asset of KEY at PATH; of what is no asset where that is NULL. */
static bool told_of(enum feed_table table, const char *key, const char *path)
{
    size_t n = 0;
    for (size_t i = 0; i < news.n; i++) {
        n += news.changes[i].table == table && str_eq(news.changes[i].key, str_of(key)) &&
             str_eq(news.changes[i].path, str_of(path));
    }
    ck_assert_uint_le(n, 1);
    return n == 1;
}

static bool told(enum feed_table table, const char *key)
{
    return told_of(table, key, NULL);
}

static void add_release(struct db *d, const char *name)
{
    runf(d, "INSERT INTO releases VALUES ('%s', 'P', 0, '{}', 1)", name);
}

START_TEST(changes_are_told_once)
{
    start(0);
    poll_at(1);
    ck_assert(news.n == 0 && !news.rebuild);
    run(writer, "INSERT INTO rules (update_type, data_version) VALUES ('minor', 1), ('minor', 1)");
    run(writer, "INSERT INTO pinnable_releases VALUES ('Firefox', '100.', 'release', 'Fx-100', 1)");
    run(writer, "INSERT INTO emergency_shutoffs VALUES ('Firefox', 'beta', NULL, 1)");
    run(writer, "INSERT INTO releases_json VALUES ('new', 'P', 0, '{}', 1)");
    run(writer, "INSERT INTO release_assets VALUES ('new', '.a', '{}', 1), ('new', '.b', '{}', 1), ('other', "
                "'.a', '{}', 1)");
    add_release(writer, "old");
    run(writer, "UPDATE release_assets SET data_version = 2 WHERE name = 'new'");
    run(writer, "UPDATE release_assets SET path = '.c' WHERE name = 'other'");
    run(writer, "UPDATE releases SET name = 'OLD'");
    run(writer, "INSERT INTO balrog_changes (tbl, op) VALUES ('something_else', 'I')");
    poll_at(2);
    ck_assert(!news.rebuild);
    ck_assert_uint_eq(news.n, 11);
    ck_assert(told(FEED_RULES, NULL) && told(FEED_PINS, NULL) && told(FEED_SHUTOFFS, NULL) &&
              told(FEED_OTHER, NULL));
    ck_assert(told(FEED_RELEASES, "new"));
    ck_assert(told_of(FEED_RELEASES, "new", ".a") && told_of(FEED_RELEASES, "new", ".b"));
    ck_assert(told_of(FEED_RELEASES, "other", ".a") && told_of(FEED_RELEASES, "other", ".c"));
    ck_assert(told(FEED_RELEASES, "old") && told(FEED_RELEASES, "OLD"));
    ck_assert_uint_eq(feed_gaps(feed), 0);
    poll_at(3);
    ck_assert(news.n == 0 && !news.rebuild);
}
END_TEST

START_TEST(a_quiet_poll_is_one_statement)
{
    static const char executed[] = "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS "
                                   "WHERE VARIABLE_NAME = 'COM_STMT_EXECUTE'";
    add_release(writer, "a");
    run(writer, "INSERT INTO balrog_changes (id, tbl, op) VALUES (50, 'rules', 'U'), (100, 'rules', 'U')");
    start(0);
    ck_assert_uint_gt(feed_gaps(feed), 0);
    poll_at(1);
    int64_t before = number(db, executed);
    poll_at(2);
    poll_at(3);
    ck_assert_int_eq(number(db, executed), before + 3);
    run(writer, "DELETE FROM balrog_changes WHERE id = 50"); /* between gaps */
    poll_at(4);
    before = number(db, executed);
    poll_at(5);
    ck_assert_int_eq(number(db, executed), before + 2);
    ck_assert(news.n == 0 && !news.rebuild);
}
END_TEST

START_TEST(an_early_id_that_commits_late_is_seen)
{
    struct db *late = connect_root(getenv("BALROG_TEST_DB"));
    add_release(writer, "before");
    start(0);
    run(late, "START TRANSACTION");
    add_release(late, "late1");
    add_release(writer, "b");
    add_release(late, "late2");
    add_release(late, "late3");
    add_release(writer, "c");
    poll_at(1000);
    ck_assert(news.n == 2 && told(FEED_RELEASES, "b") && told(FEED_RELEASES, "c"));
    ck_assert_uint_eq(feed_gaps(feed), 3);
    add_release(writer, "d");
    poll_at(2000);
    ck_assert(news.n == 1 && told(FEED_RELEASES, "d"));
    run(late, "COMMIT");
    poll_at(GAP_S * 1000);
    ck_assert(!news.rebuild && news.n == 3);
    ck_assert(told(FEED_RELEASES, "late1") && told(FEED_RELEASES, "late2") && told(FEED_RELEASES, "late3"));
    ck_assert_uint_eq(feed_gaps(feed), 0);
}
END_TEST

START_TEST(a_transaction_under_way_at_the_start_is_seen)
{
    struct db *late = connect_root(getenv("BALROG_TEST_DB"));
    run(late, "START TRANSACTION");
    add_release(late, "late");
    add_release(writer, "b");
    start(0);
    ck_assert_uint_eq(feed_gaps(feed), 1);
    run(late, "COMMIT");
    poll_at(1);
    ck_assert(!news.rebuild && news.n == 1 && told(FEED_RELEASES, "late"));
}
END_TEST

START_TEST(a_rolled_back_id_is_given_up_in_time)
{
    start(0);
    run(writer, "START TRANSACTION");
    add_release(writer, "never");
    run(writer, "ROLLBACK");
    add_release(writer, "b");
    poll_at(1000);
    ck_assert(news.n == 1 && feed_gaps(feed) == 1);
    poll_at(GAP_S * 1000 + 999);
    ck_assert_uint_eq(feed_gaps(feed), 1);
    poll_at(GAP_S * 1000 + 1000);
    ck_assert(!news.rebuild && news.n == 0 && feed_gaps(feed) == 0);
}
END_TEST

START_TEST(ids_in_steps_are_no_reason_to_rebuild)
{
    start(0);
    run(writer, "SET auto_increment_increment = 7, auto_increment_offset = 3");
    for (int i = 0; i < 40; i++) {
        run(writer, "INSERT INTO release_assets SELECT CONCAT('r', seq), UUID(), '{}', 1 FROM seq_1_to_100");
        poll_at(i);
        ck_assert(!news.rebuild);
        ck_assert_uint_eq(news.n, 100);
    }
    poll_at(GAP_S * 1000 + 40);
    ck_assert(!news.rebuild && feed_gaps(feed) == 0);
}
END_TEST

START_TEST(too_many_gaps_and_changes_mean_rebuild)
{
    start(0);
    run(writer, "INSERT INTO balrog_changes (id, tbl, op) SELECT 2 * seq, 'rules', 'U' FROM seq_1_to_60000");
    poll_at(1);
    ck_assert(news.rebuild && news.n == 0);
    poll_at(2);
    ck_assert(news.rebuild);
    start(3);
    poll_at(4);
    ck_assert(!news.rebuild && news.n == 0);
    run(writer, "INSERT INTO balrog_changes (tbl, k, op) SELECT 'releases', seq, 'U' FROM seq_1_to_110000");
    poll_at(5);
    ck_assert(news.rebuild);
    start(6);
    poll_at(7);
    ck_assert(!news.rebuild);
}
END_TEST

START_TEST(pruning_what_was_seen_changes_nothing)
{
    struct db *late = connect_root(getenv("BALROG_TEST_DB"));
    add_release(writer, "a");
    add_release(writer, "b");
    start(0);
    run(late, "START TRANSACTION");
    add_release(late, "late");
    add_release(writer, "c");
    add_release(writer, "d");
    run(late, "SAVEPOINT s");
    add_release(late, "later");
    add_release(writer, "e");
    poll_at(1);
    static const int seen[] = { 1, 2, 4, 5 };
    for (int i = 0; i < 4; i++) { /* one by one: a scan would wait for the rows of the other transaction */
        runf(writer, "DELETE FROM balrog_changes WHERE id = %d", seen[i]);
    }
    run(late, "COMMIT");
    poll_at(2);
    ck_assert(!news.rebuild && news.n == 2);
    ck_assert(told(FEED_RELEASES, "late") && told(FEED_RELEASES, "later"));
    poll_at(3);
    ck_assert(!news.rebuild && news.n == 0);
    add_release(writer, "f");
    poll_at(4);
    ck_assert(!news.rebuild && news.n == 1 && told(FEED_RELEASES, "f"));
}
END_TEST

START_TEST(pruning_what_was_not_seen_means_rebuild)
{
    add_release(writer, "a");
    start(0);
    add_release(writer, "b");
    add_release(writer, "c");
    run(writer, "DELETE FROM balrog_changes WHERE id < 3");
    poll_at(1);
    ck_assert(news.rebuild);
    start(2);
    poll_at(3);
    ck_assert(!news.rebuild && news.n == 0);
}
END_TEST

START_TEST(an_empty_feed_is_no_endless_rebuild)
{
    start(0);
    poll_at(1);
    ck_assert(!news.rebuild);
    add_release(writer, "a");
    poll_at(2);
    ck_assert(!news.rebuild && news.n == 1);
    run(writer, "DELETE FROM balrog_changes");
    poll_at(3);
    ck_assert(news.rebuild);
    start(4);
    for (int i = 5; i < 10; i++) {
        poll_at(i);
        ck_assert(!news.rebuild && news.n == 0);
    }
    add_release(writer, "b");
    poll_at(11);
    ck_assert(!news.rebuild && news.n == 1 && told(FEED_RELEASES, "b"));
}
END_TEST

START_TEST(a_feed_that_went_back_means_rebuild)
{
    add_release(writer, "a");
    add_release(writer, "b");
    start(0);
    run(writer, "DELETE FROM balrog_changes WHERE id = 2"); /* as if restored from an older backup */
    poll_at(1);
    ck_assert(news.rebuild);
    start(2);
    poll_at(3);
    ck_assert(!news.rebuild);
    run(writer, "TRUNCATE balrog_changes");
    run(writer, "UPDATE releases SET data_version = 2 WHERE name = 'a'");
    poll_at(4); /* the same newest id: nobody can tell */
    run(writer, "TRUNCATE balrog_changes");
    poll_at(5);
    ck_assert(news.rebuild);
    start(6);
    add_release(writer, "c");
    poll_at(7);
    ck_assert(!news.rebuild && news.n == 1 && told(FEED_RELEASES, "c"));
}
END_TEST

START_TEST(a_release_change_without_a_name_means_rebuild)
{
    start(0);
    run(writer, "INSERT INTO balrog_changes (tbl, op) VALUES ('releases', 'U')");
    poll_at(1);
    ck_assert(news.rebuild);
}
END_TEST

START_TEST(a_failed_poll_loses_nothing)
{
    start(0);
    add_release(writer, "a");
    add_release(writer, "b");
    runf(writer, "KILL CONNECTION %lld", (long long)number(db, "SELECT CONNECTION_ID()"));
    ck_assert(!feed_poll(feed, db, ctx, 1, &news, &e));
    ck_assert(news.n == 0 && !news.rebuild && !db_alive(db));
    db = connect_public(getenv("BALROG_TEST_DB"));
    poll_at(2);
    ck_assert(!news.rebuild && news.n == 2);
}
END_TEST

/* Three writers, whose transactions overlap at random: whatever was committed is told. */
START_TEST(nothing_committed_is_missed)
{
    enum { WRITERS = 3, STEPS = 600 };
    struct db *w[WRITERS];
    int open[WRITERS] = { 0 }, pending[WRITERS][STEPS];
    char committed[STEPS] = { 0 }, seen[STEPS] = { 0 };
    unsigned seed = 12345;
    for (int i = 0; i < WRITERS; i++) {
        w[i] = connect_root(getenv("BALROG_TEST_DB"));
    }
    start(0);
    for (int step = 0; step < STEPS; step++) {
        int i = rand_r(&seed) % WRITERS, dice = rand_r(&seed) % 10;
        if (open[i] == 0 && step < STEPS - 100) {
            run(w[i], "START TRANSACTION");
        }
        if (step < STEPS - 100 && (open[i] == 0 || dice < 6)) {
            add_release(w[i], mem_printf(ctx, "r%d", step));
            pending[i][open[i]++] = step;
        } else if (open[i] > 0) {
            run(w[i], dice == 9 ? "ROLLBACK" : "COMMIT");
            for (; open[i] > 0; open[i]--) {
                committed[pending[i][open[i] - 1]] = dice != 9;
            }
        }
        if (step == 300) {
            run(writer, "DELETE FROM balrog_changes WHERE id < 30");
        }
        if (dice % 3 == 0 || step == STEPS - 1) {
            poll_at(step);
            ck_assert(!news.rebuild);
            for (size_t c = 0; c < news.n; c++) {
                int r = atoi(mem_strndup(ctx, news.changes[c].key.p + 1, news.changes[c].key.n - 1));
                ck_assert_msg(!seen[r], "r%d is told twice", r);
                seen[r] = 1;
            }
        }
    }
    for (int step = 0; step < STEPS; step++) {
        ck_assert_msg(seen[step] == committed[step], "r%d: committed %d, seen %d", step, committed[step],
                      seen[step]);
    }
}
END_TEST

int main(void)
{
    const TTest *const feed_tests[] = {
        changes_are_told_once,
        a_quiet_poll_is_one_statement,
        an_early_id_that_commits_late_is_seen,
        a_transaction_under_way_at_the_start_is_seen,
        a_rolled_back_id_is_given_up_in_time,
        ids_in_steps_are_no_reason_to_rebuild,
        too_many_gaps_and_changes_mean_rebuild,
        pruning_what_was_seen_changes_nothing,
        pruning_what_was_not_seen_means_rebuild,
        an_empty_feed_is_no_endless_rebuild,
        a_feed_that_went_back_means_rebuild,
        a_release_change_without_a_name_means_rebuild,
        a_failed_poll_loses_nothing,
        nothing_committed_is_missed,
        NULL,
    };
    Suite *suite = suite_create("feed");
    add_tests(suite, "feed", feed_setup, feed_tests);
    return suite_status(suite);
}
