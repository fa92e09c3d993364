/* What is kept between explanations and simulations (explain/keeper.h), against a real server: never older
 * than the transaction that asks, read only where it is needed, bounded, dropped when it is idle. */
#include "explain/keeper_state.h"
#include "write_world.h"

#include "core/clock.h"
#include "core/thread.h"
#include "update/engine.h"

enum { RELEASES = 12, TURNS = 60 };

#define PATH(CHANNEL) "/update/3/Firefox/1.0/2010/p/l/" CHANNEL "/os/d/dv/update.xml"

static struct keeper *keeper;

/* ---- asking ---- */

struct keeper_question {
    const char *path;
    const char *change; /* as a request has it; NULL: none */
    bool stop;
    struct kept *kept;
};

static void see_question(void *arg, void (*see)(void *see_arg, const struct query *q), void *see_arg)
{
    const struct keeper_question *question = arg;
    static _Thread_local char text[QUERY_TEXT_MAX];
    struct query q;
    struct error why;
    ck_assert_int_eq(query_parse(&q, text, str_of(question->path), STR_NONE, &why), QUERY_OK);
    see(see_arg, &q);
}

static bool is_stopped(void *arg)
{
    return ((const struct keeper_question *)arg)->stop;
}

static bool take(struct tx *tx, void *arg, struct error *err)
{
    struct keeper_question *question = arg;
    struct row_changes changes = { 0 };
    const struct kept_request request = {
        .changes = &changes, .each_query = see_question, .stop = is_stopped, .arg = question
    };
    if (!keeper_enter(keeper, tx, 10000, err)) {
        return false;
    }
    cJSON *change = question->change != NULL ? tx_keep(tx, json_parse(str_of(question->change), err)) : NULL;
    if (change == NULL || row_changes_add(tx, &changes, change, err)) {
        question->kept = keeper_take(keeper, tx, NULL, &request, err);
    }
    keeper_leave(keeper);
    return question->kept != NULL;
}

/* Valid until it is freed. */
static struct kept *take_kept(const char *path, const char *change)
{
    struct keeper_question question = { .path = path, .change = change };
    struct tx_request request = { .username = "", .read_only = true };
    struct error err = { 0 };
    ck_assert_msg(tx_run(&site, &request, take, &question, &err), "%s: %s", path, err.what);
    return question.kept;
}

static bool answer_has(const struct snapshot *s, const char *path, const char *wanted)
{
    char text[QUERY_TEXT_MAX];
    struct query q;
    struct error why;
    struct answer a;
    struct buf scratch, body;
    struct random_source source = { .fixed = 0 };
    buf_init(&scratch, 16384, ENGINE_BODY_MAX);
    buf_init(&body, 16384, ENGINE_BODY_MAX);
    query_parse(&q, text, str_of(path), STR_NONE, &why);
    engine_answer(s, &q, &source, &scratch, &body, &a);
    bool has = str_find(buf_view(&body), str_of(wanted)) >= 0;
    buf_free(&scratch);
    buf_free(&body);
    return has;
}

static void check_answer(const char *path, const char *wanted)
{
    struct kept *kept = take_kept(path, NULL);
    ck_assert_msg(answer_has(kept->now, path, wanted), "%s does not get %s", path, wanted);
    ck_assert_ptr_null(kept->changed);
    talloc_free(kept);
}

static void start_keeper(unsigned idle_s, size_t bytes_max)
{
    const struct keeper_settings settings = {
        .site = &site, .engine = { .allowlist = allowlist_new(ctx) }, .idle_s = idle_s, .bytes_max = bytes_max
    };
    keeper = keeper_new(ctx, &settings);
}

/* ---- rows ---- */

static void put_release(const char *name, const char *url, int version)
{
    runf(writer,
         "REPLACE INTO releases (name, product, data_version, data) VALUES ('%s', 'Firefox', %d, "
         "'{\"name\": \"%s\", \"schema_version\": 50, \"detailsUrl\": \"http://x/%s/\", \"displayVersion\": "
         "\"1\"}')",
         name, version, name, url);
}

/* Channel c1 gets R1, and so on. */
static void before(void)
{
    write_setup();
    for (int i = 0; i < RELEASES; i++) {
        put_release(mem_printf(ctx, "R%d", i), "first", 1);
        runf(writer,
             "INSERT INTO rules (priority, mapping, backgroundRate, update_type, product, channel, "
             "data_version) VALUES (10, 'R%d', 100, 'minor', 'Firefox', 'c%d', 1)",
             i, i);
    }
    start_keeper(600, 64 * MEGABYTE);
}

/* ---- tests ---- */

START_TEST(releases_are_read_when_they_are_needed)
{
    ck_assert_uint_eq(atomic_load(&keeper->stats.bytes), 0);
    check_answer(PATH("c1"), "http://x/first/");
    ck_assert_uint_eq(atomic_load(&keeper->stats.releases), 1);
    check_answer(PATH("c2"), "http://x/first/");
    ck_assert_uint_eq(atomic_load(&keeper->stats.releases), 2);
    ck_assert_uint_eq(atomic_load(&keeper->stats.rules), RELEASES);
    ck_assert_uint_gt(atomic_load(&keeper->stats.bytes), 0);
    const struct snapshot *same = keeper->current->snapshot;
    check_answer(PATH("c1"), "http://x/first/");
    ck_assert_ptr_eq(keeper->current->snapshot, same);
    keeper_stop(keeper);
}
END_TEST

/* What was committed before the question is in the answer, each time. */
START_TEST(nothing_is_stale)
{
    for (int i = 0; i < TURNS; i++) {
        const char *url = mem_printf(ctx, "turn%d", i);
        put_release("R1", url, i + 2);
        check_answer(PATH("c1"), url);
        runf(writer, "UPDATE rules SET mapping = 'R%d', data_version = %d WHERE channel = 'c3'", i % RELEASES,
             i + 2);
        check_answer(PATH("c3"), i % RELEASES == 1 ? url : "http://x/first/");
    }
    run(writer,
        "INSERT INTO emergency_shutoffs (product, channel, data_version) VALUES ('Firefox', 'c1', 1)");
    check_answer(PATH("c1"), "<updates>\n</updates>");
    run(writer, "DELETE FROM releases WHERE name = 'R2'");
    check_answer(PATH("c2"), "<updates>\n</updates>");
    keeper_stop(keeper);
}
END_TEST

/* Ids become visible in the order of commits. */
START_TEST(late_commits_are_seen)
{
    struct db *other = connect_root(getenv("BALROG_TEST_DB"));
    check_answer(PATH("c1"), "http://x/first/");
    run(other, "START TRANSACTION");
    run(other,
        "UPDATE releases SET data_version = 2, data = REPLACE(data, 'first', 'late') WHERE name = 'R1'");
    put_release("R2", "soon", 2);
    check_answer(PATH("c2"), "http://x/soon/");
    check_answer(PATH("c1"), "http://x/first/");
    run(other, "COMMIT");
    check_answer(PATH("c1"), "http://x/late/");
    keeper_stop(keeper);
}
END_TEST

/* A lost feed, and changes that the feed does not show. */
START_TEST(the_feed_is_not_trusted_blindly)
{
    check_answer(PATH("c1"), "http://x/first/");
    put_release("R1", "lost", 2);
    run(writer, "TRUNCATE balrog_changes");
    run(writer, "INSERT INTO balrog_changes (id, tbl, op) VALUES (5000000, 'rules', 'U')");
    check_answer(PATH("c1"), "http://x/lost/");
    run(writer, "START TRANSACTION");
    put_release("R1", "silent", 3);
    run(writer, "DELETE FROM balrog_changes WHERE k = 'R1'");
    run(writer, "INSERT INTO balrog_changes (tbl, op) VALUES ('rules', 'U')");
    run(writer, "COMMIT");
    check_answer(PATH("c1"), "http://x/lost/");
    pthread_mutex_lock(&keeper->entered);
    keeper->compared_ms = clock_ms() - 600000;
    pthread_mutex_unlock(&keeper->entered);
    int64_t end = clock_ms() + 20000;
    struct kept *kept = take_kept(PATH("c1"), NULL);
    while (!answer_has(kept->now, PATH("c1"), "http://x/silent/") && clock_ms() < end) {
        talloc_free(kept);
        kept = take_kept(PATH("c1"), NULL);
    }
    ck_assert(answer_has(kept->now, PATH("c1"), "http://x/silent/"));
    talloc_free(kept);
    keeper_stop(keeper);
}
END_TEST

/* What was taken stays as it is, whatever is changed, built or dropped meanwhile. */
START_TEST(what_is_taken_stays)
{
    struct kept *taken[TURNS];
    for (int i = 0; i < TURNS; i++) {
        put_release("R1", mem_printf(ctx, "turn%d", i), i + 2);
        taken[i] = take_kept(i % 2 == 0 ? PATH("c1") : PATH("c5"),
                             i % 3 == 0 ? NULL
                                        : "{\"table\": \"releases\", \"change_type\": \"update\", \"name\": "
                                          "\"R1\", \"blob\": {\"name\": \"R1\", "
                                          "\"schema_version\": 50, \"detailsUrl\": \"http://x/edited/\", "
                                          "\"displayVersion\": \"1\"}}");
        if (i == TURNS / 2) {
            pthread_mutex_lock(&keeper->entered);
            keeper_drop(keeper, DROP_FEED);
            pthread_mutex_unlock(&keeper->entered);
        }
    }
    for (int i = TURNS - 1; i >= 0; i--) {
        const char *url = mem_printf(ctx, "http://x/turn%d/", i);
        ck_assert(i % 2 == 1 || answer_has(taken[i]->now, PATH("c1"), url));
        ck_assert(i % 2 == 1 || taken[i]->changed == NULL ||
                  answer_has(taken[i]->changed, PATH("c1"), "http://x/edited/"));
        talloc_free(taken[i]);
    }
    check_answer(PATH("c1"), mem_printf(ctx, "http://x/turn%d/", TURNS - 1));
    ck_assert_ptr_eq(keeper->oldest, keeper->current);
    keeper_stop(keeper);
}
END_TEST

START_TEST(changes_lead_to_other_releases)
{
    struct kept *kept =
        take_kept(PATH("c1"), "{\"table\": \"rules\", \"change_type\": \"update\", \"rule_id\": 2, "
                              "\"mapping\": \"R7\"}");
    put_release("R7", "seven", 2);
    ck_assert(answer_has(kept->now, PATH("c1"), "http://x/first/"));
    ck_assert(answer_has(kept->changed, PATH("c1"), "http://x/first/"));
    ck_assert_ptr_nonnull(snapshot_release(kept->changed, STR("R7")));
    talloc_free(kept);
    check_answer(PATH("c7"), "http://x/seven/");
    check_answer(PATH("c1"), "http://x/first/");
    keeper_stop(keeper);
}
END_TEST

START_TEST(memory_is_bounded)
{
    struct tx_request request = { .username = "", .read_only = true };
    struct keeper_question question = { .path = PATH("c2") };
    run(writer,
        "UPDATE releases SET data_version = 2, data = CONCAT(data, REPEAT(' ', 600000)) WHERE name IN "
        "('R1', 'R2')");
    run(writer,
        "UPDATE releases SET data_version = 2, data = CONCAT(data, REPEAT(' ', 3000000)) WHERE name = 'R3'");
    keeper_stop(keeper);
    start_keeper(600, MEGABYTE);
    check_answer(PATH("c1"), "http://x/first/");
    question.path = PATH("c3");
    ck_assert(!tx_run(&site, &request, take, &question, &e));
    ck_assert_int_eq(e.reason, FAIL_INVALID);
    ck_assert_msg(strstr(e.what, "snapshot_mb") != NULL, "%s", e.what);
    ck_assert_ptr_null(keeper->memory);
    check_answer(PATH("c2"), "http://x/first/");
    question = (struct keeper_question){ .path = PATH("c4"), .stop = true };
    ck_assert(!tx_run(&site, &request, take, &question, &e));
    ck_assert_msg(strstr(e.what, "not wanted") != NULL, "%s", e.what);
    check_answer(PATH("c4"), "http://x/first/");
    keeper_stop(keeper);
}
END_TEST

START_TEST(it_is_dropped_when_idle)
{
    keeper_stop(keeper);
    start_keeper(1, 64 * MEGABYTE);
    struct kept *kept = take_kept(PATH("c1"), NULL);
    int64_t end = clock_ms() + 20000;
    while (atomic_load(&keeper->stats.bytes) > 0 && clock_ms() < end) {
        sched_yield();
    }
    ck_assert_uint_eq(atomic_load(&keeper->stats.bytes), 0);
    ck_assert(answer_has(kept->now, PATH("c1"), "http://x/first/"));
    talloc_free(kept);
    check_answer(PATH("c1"), "http://x/first/");
    keeper_stop(keeper);
}
END_TEST

static void *ask_often(void *arg)
{
    int me = *(const int *)arg;
    for (int i = 0; i < TURNS; i++) {
        const char *path = (i + me) % 2 == 0 ? PATH("c1") : PATH("c4");
        struct kept *kept = take_kept(path, NULL);
        ck_assert(answer_has(kept->now, path, "http://x/"));
        talloc_free(kept);
    }
    return NULL;
}

START_TEST(many_threads_use_it)
{
    pthread_t thread[4];
    static int number[4];
    for (int i = 0; i < 4; i++) {
        number[i] = i;
        ck_assert_int_eq(thread_start(&thread[i], ask_often, &number[i]), 0);
    }
    for (int i = 0; i < TURNS; i++) {
        put_release("R1", mem_printf(ctx, "turn%d", i), i + 2);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(thread[i], NULL);
    }
    check_answer(PATH("c1"), mem_printf(ctx, "turn%d", TURNS - 1));
    keeper_stop(keeper);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        releases_are_read_when_they_are_needed,
        nothing_is_stale,
        late_commits_are_seen,
        the_feed_is_not_trusted_blindly,
        what_is_taken_stays,
        changes_lead_to_other_releases,
        memory_is_bounded,
        it_is_dropped_when_idle,
        many_threads_use_it,
        NULL,
    };
    Suite *suite = suite_create("keeper");
    add_tests(suite, "keeper", before, tests);
    return suite_status(suite);
}
