/* Transactions when things go wrong: races, deadlocks, lost connections, a process killed between statements.
 */
#include "write_world.h"
#include "store/row_write.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define WHEN "\"when\": 1800000100000"

static const char beta[] = "{\"product\": \"Firefox\", \"channel\": \"beta\", \"update_type\": \"minor\"}";
static const char change[] =
    "{\"change_type\": \"update\", \"rule_id\": 1, \"data_version\": 1, \"priority\": 7,"
    " \"product\": \"Firefox\", \"channel\": \"release\", \"update_type\": \"minor\", " WHEN "}";

enum { THREADS = 8 };

/* ---- races ---- */

struct racer {
    pthread_t thread;
    pthread_barrier_t *start;
    const char *user;
    struct act act;
    bool ok;
    struct error err;
};

static void *race(void *arg)
{
    struct racer *r = arg;
    pthread_barrier_wait(r->start);
    r->ok = run_act(r->user, &r->act, &r->err);
    return NULL;
}

/* Runs A in all threads at once, as USER. How many succeeded; all others have to fail as KIND. */
static unsigned race_all(const char *user, const struct act *acts, unsigned n, int kind)
{
    struct racer racers[THREADS];
    pthread_barrier_t start;
    unsigned won = 0;
    pthread_barrier_init(&start, NULL, n);
    for (unsigned i = 0; i < n; i++) {
        racers[i] = (struct racer){ .start = &start, .user = user, .act = acts[i] };
        ck_assert_int_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(racers[i].thread, NULL);
        won += racers[i].ok;
        ck_assert_msg(racers[i].ok || racers[i].err.reason == kind, "kind %d: %s", racers[i].err.reason,
                      racers[i].err.what);
    }
    pthread_barrier_destroy(&start);
    return won;
}

static unsigned race_same(const char *user, struct act a, int kind)
{
    struct act acts[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        acts[i] = a;
    }
    return race_all(user, acts, THREADS, kind);
}

START_TEST(of_eight_writers_exactly_one_wins)
{
    enum { ROUNDS = 100 };
    expect("root", insert(&rules, beta), OK, NULL);
    for (int64_t version = 1; version <= ROUNDS; version++) {
        char json[100];
        snprintf(json, sizeof json, "{\"rule_id\": 1, \"priority\": %lld}", (long long)version);
        ck_assert_uint_eq(race_same("root", update(&rules, json, version), FAIL_OUTDATED), 1);
    }
    assert_rows("101,101,100", "SELECT COUNT(data_version), COUNT(DISTINCT data_version), MAX(priority)"
                               " FROM rules_history");
    assert_rows("101,100", "SELECT data_version, priority FROM rules");
}
END_TEST

START_TEST(a_row_is_scheduled_once)
{
    for (int64_t id = 1; id <= 20; id++) {
        char json[200];
        expect("root", insert(&rules, beta), OK, NULL);
        snprintf(json, sizeof json,
                 "{\"change_type\": \"delete\", \"rule_id\": %lld, \"data_version\": 1, " WHEN "}",
                 (long long)id);
        ck_assert_uint_eq(race_same("root", schedule(&rules, json), FAIL_SCHEDULED), 1);
        snprintf(
            json, sizeof json,
            "{\"change_type\": \"insert\", \"product\": \"p\", \"version\": \"%lld.\", \"channel\": \"c\","
            " \"mapping\": \"m\", " WHEN "}",
            (long long)id);
        ck_assert_uint_eq(race_same("root", schedule(&pins, json), FAIL_SCHEDULED), 1);
    }
    assert_rows("20", "SELECT COUNT(*) FROM rules_scheduled_changes");
    assert_rows("20", "SELECT COUNT(*) FROM pinnable_releases_scheduled_changes");
}
END_TEST

START_TEST(writers_of_different_rows_all_succeed)
{
    enum { ROUNDS = 20 };
    static char json[THREADS][200];
    run(writer, "INSERT INTO rules (update_type, product, channel, mapping, data_version)"
                " SELECT 'minor', 'Other', 'release', CONCAT('R', seq), 1 FROM seq_1_to_20");
    for (int version = 0; version <= ROUNDS; version++) {
        struct act acts[THREADS];
        for (unsigned i = 0; i < THREADS; i++) {
            snprintf(json[i], sizeof json[i],
                     "{\"name\": \"R%u\", \"product\": \"P\", \"data\": {\"n\": %d}}", i, version);
            acts[i] = version == 0 ? insert(&releases, json[i]) : update(&releases, json[i], version);
        }
        ck_assert_uint_eq(race_all("root", acts, THREADS, OK), THREADS);
    }
    assert_rows("8,21,21", "SELECT COUNT(*), MIN(data_version), MAX(data_version) FROM releases_json");
}
END_TEST

START_TEST(a_change_is_enacted_once)
{
    for (int64_t id = 1; id <= 20; id++) {
        expect("root",
               schedule(&rules,
                        "{\"change_type\": \"insert\", \"product\": \"GMP\", \"update_type\": \"minor\","
                        " " WHEN "}"),
               OK, NULL);
        ck_assert_uint_eq(race_same("agent", enact(&rules, id), FAIL_OUTDATED), 1);
    }
    assert_rows("20", "SELECT COUNT(*) FROM rules");
    assert_rows("20", "SELECT COUNT(*) FROM rules_scheduled_changes WHERE complete = 1 AND data_version = 2");
}
END_TEST

/* A sign-off that is taken back while its change is enacted was either there or was not. */
START_TEST(enacting_races_with_revoking_and_editing)
{
    unsigned enacted = 0;
    for (int64_t id = 1; id <= 30; id++) {
        char json[400];
        expect("root", insert(&rules, beta), OK, NULL);
        snprintf(
            json, sizeof json,
            "{\"change_type\": \"update\", \"rule_id\": %lld, \"data_version\": 1, \"product\": \"Firefox\","
            " \"channel\": \"release\", \"update_type\": \"minor\", " WHEN "}",
            (long long)id);
        expect("root", schedule(&rules, json), OK, NULL);
        struct act acts[] = { enact(&rules, id), id % 2 == 0 ? unsign(&rules, id, "root")
                                                             : edit(&rules, id, "{\"priority\": 5}", 1) };
        struct racer racers[2];
        pthread_barrier_t start;
        pthread_barrier_init(&start, NULL, 2);
        for (unsigned i = 0; i < 2; i++) {
            racers[i] = (struct racer){ .start = &start, .user = i == 0 ? "agent" : "fx", .act = acts[i] };
            ck_assert_int_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
        }
        for (unsigned i = 0; i < 2; i++) {
            pthread_join(racers[i].thread, NULL);
        }
        pthread_barrier_destroy(&start);
        /* fx's edit signs off as fx, so that it can be enacted afterwards; revoked, it cannot. */
        ck_assert_msg(racers[0].ok || racers[0].err.reason == FAIL_SIGNOFF, "%s", racers[0].err.what);
        ck_assert_msg(racers[1].ok || racers[1].err.reason == FAIL_INVALID, "%s", racers[1].err.what);
        enacted += racers[0].ok;
    }
    char wanted[60];
    snprintf(wanted, sizeof wanted, "%u,%u", enacted, enacted);
    assert_rows(wanted, "SELECT (SELECT COUNT(*) FROM rules WHERE channel = 'release' AND data_version = 2),"
                        " (SELECT COUNT(*) FROM rules_scheduled_changes WHERE complete = 1)");
}
END_TEST

/* ---- deadlocks ---- */

struct locker {
    pthread_t thread;
    pthread_barrier_t *both;
    const char *first, *second;
    unsigned runs;
    struct tx_request request;
    bool ok;
    struct error err;
};

static bool lock_user(struct tx *tx, const char *user, struct error *err)
{
    cJSON *key = row_key(tx, "username", user);
    cJSON *row;
    cJSON_AddStringToObject(key, "permission", "rule");
    return row_get(tx, &table_permissions, key, ROW_LOCKED, &row, err) &&
           row_update(tx, &table_permissions, row, key, row_int(row, "data_version"), NULL, err);
}

static bool lock_two(struct tx *tx, void *arg, struct error *err)
{
    struct locker *l = arg;
    if (!lock_user(tx, l->first, err)) {
        return false;
    }
    if (l->runs++ == 0) {
        pthread_barrier_wait(l->both);
    }
    return lock_user(tx, l->second, err);
}

static void *run_locker(void *arg)
{
    struct locker *l = arg;
    l->ok = tx_run(&site, &l->request, lock_two, l, &l->err);
    return NULL;
}

START_TEST(a_deadlock_is_tried_again)
{
    pthread_barrier_t both;
    struct locker l[2] = { { .first = "fx", .second = "half" }, { .first = "half", .second = "fx" } };
    pthread_barrier_init(&both, NULL, 2);
    for (int i = 0; i < 2; i++) {
        l[i].both = &both;
        l[i].request.username = "root";
        ck_assert_int_eq(pthread_create(&l[i].thread, NULL, run_locker, &l[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(l[i].thread, NULL);
        ck_assert_msg(l[i].ok, "%s", l[i].err.what);
    }
    ck_assert_uint_ge(l[0].request.attempts + l[1].request.attempts, 3);
    ck_assert_uint_eq(l[0].runs, l[0].request.attempts);
    assert_rows(
        "3;3",
        "SELECT data_version FROM permissions WHERE username IN ('fx', 'half') AND permission = 'rule'");
    assert_rows("4", "SELECT COUNT(*) FROM permissions_history");
}
END_TEST

static bool wait_for_lock(struct tx *tx, void *arg, struct error *err)
{
    bool *swallow = arg;
    struct error ignored;
    if (!db_exec(tx->db, "SET innodb_lock_wait_timeout = 0", err)) {
        return false;
    }
    return lock_user(tx, "fx", *swallow ? &ignored : err) || *swallow;
}

START_TEST(a_lock_that_stays_is_an_error_even_when_it_is_swallowed)
{
    struct tx_request request = { .username = "root" };
    run(writer, "START TRANSACTION");
    run(writer, "UPDATE permissions SET data_version = 9 WHERE username = 'fx'");
    for (int i = 0; i < 2; i++) {
        bool swallow = i == 1;
        ck_assert(!tx_run(&site, &request, wait_for_lock, &swallow, &e));
        ck_assert_msg(failed_as(&e, FAIL_BUSY) && e.kind == ERROR_UNAVAILABLE, "%s", e.what);
        ck_assert_uint_eq(request.attempts, TX_ATTEMPTS);
    }
    run(writer, "ROLLBACK");
}
END_TEST

/* ---- connections ---- */

struct victim {
    const char *at; /* the connection is killed before a statement that starts so */
    char id[32];    /* the connection's */
    unsigned runs;
    unsigned kill_runs; /* in so many runs of the body */
};

static void kill_connection(void *arg, const char *sql)
{
    struct victim *v = arg;
    if (v->runs > 0 && v->runs <= v->kill_runs && strncmp(sql, v->at, strlen(v->at)) == 0) {
        runf(writer, "KILL %s", v->id);
        usleep(50000);
    }
}

static bool write_as_victim(struct tx *tx, void *arg, struct error *err)
{
    struct victim *v = arg;
    struct db_rows *rows = db_query(tx->db, "SELECT CONNECTION_ID()", NULL, 0, err);
    ck_assert(db_next(rows, err));
    snprintf(v->id, sizeof v->id, "%.*s", STR_ARG(db_text(rows, 0)));
    db_finish(rows);
    v->runs++;
    return lock_user(tx, "fx", err);
}

static const char fx_version[] = "SELECT data_version FROM permissions WHERE username = 'fx'";

START_TEST(a_connection_lost_amid_a_transaction)
{
    struct tx_request request = { .username = "root" };
    struct victim v = { .at = "UPDATE", .kill_runs = 1 };
    site.watch = kill_connection;
    site.watch_arg = &v;
    /* On a new connection this is an error… */
    ck_assert(!tx_run(&site, &request, write_as_victim, &v, &e));
    ck_assert_msg(failed_as(&e, FAIL_DATABASE) && e.kind == ERROR_UNAVAILABLE, "%s", e.what);
    assert_rows("1", fx_version);
    v.kill_runs = 0;
    ck_assert(tx_run(&site, &request, write_as_victim, &v, &e));
    assert_rows("2", fx_version);
    /* …on one that may have been lost while it lay idle, another is tried. */
    v.runs = 0;
    v.kill_runs = 1;
    ck_assert_msg(tx_run(&site, &request, write_as_victim, &v, &e), "%s", e.what);
    ck_assert_uint_eq(v.runs, 2);
    assert_rows("3", fx_version);
}
END_TEST

START_TEST(a_connection_lost_in_commit_is_never_tried_again)
{
    struct tx_request request = { .username = "root" };
    struct victim v = { .at = "COMMIT", .kill_runs = 0 };
    site.watch = kill_connection;
    site.watch_arg = &v;
    ck_assert(tx_run(&site, &request, write_as_victim, &v, &e));
    v.kill_runs = 100;
    ck_assert(!tx_run(&site, &request, write_as_victim, &v, &e));
    ck_assert_msg(failed_as(&e, FAIL_UNKNOWN) && e.kind == ERROR_UNAVAILABLE, "%s", e.what);
    ck_assert_uint_eq(v.runs, 2);
    request.read_only = true;
    v.runs = 0;
    ck_assert(!tx_run(&site, &request, write_as_victim, &v, &e));
    ck_assert_msg(!failed_as(&e, FAIL_UNKNOWN), "%s", e.what);
}
END_TEST

static bool refuse(struct tx *tx, void *arg, struct error *err)
{
    (void)arg;
    cJSON *errors = cJSON_CreateArray();
    cJSON_AddItemToArray(errors, cJSON_CreateString("bad"));
    return lock_user(tx, "fx", err) && tx_fail_blob(tx, errors, err);
}

START_TEST(a_refusal_is_rolled_back)
{
    struct tx_request request = { .username = "root" };
    ck_assert(!tx_run(&site, &request, refuse, NULL, &e));
    ck_assert(failed_as(&e, FAIL_BLOB) && e.kind == ERROR_BAD_REQUEST);
    ck_assert_str_eq(request.blob_errors->child->valuestring, "bad");
    cJSON_Delete(request.blob_errors);
    assert_rows("1", fx_version);
    assert_rows("0", "SELECT COUNT(*) FROM permissions_history");
}
END_TEST

/* ---- a process that is killed ---- */

struct killer {
    unsigned n; /* the statement at which to die */
};

static void count_down(void *arg, const char *sql)
{
    struct killer *k = arg;
    (void)sql;
    if (k->n-- == 1) {
        raise(SIGKILL);
    }
}

/* Enacts 1 in a process of its own, which dies at its statement N. Whether it came to an end. */
static bool enact_until(unsigned n)
{
    int status;
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct killer k = { n };
        struct error err;
        struct act a = enact(&rules, 1);
        site.watch = count_down;
        site.watch_arg = &k;
        _exit(run_act("agent", &a, &err) ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return WIFEXITED(status);
}

static const char state[] = "SELECT (SELECT data_version FROM rules), (SELECT COUNT(*) FROM rules_history),"
                            " (SELECT CONCAT(complete, '/', data_version) FROM rules_scheduled_changes),"
                            " (SELECT data_version FROM rules_scheduled_changes_conditions),"
                            " (SELECT COUNT(*) FROM rules_scheduled_changes_history),"
                            " (SELECT COUNT(*) FROM rules_scheduled_changes_conditions_history),"
                            " (SELECT COUNT(*) FROM rules_scheduled_changes_signoffs)";

START_TEST(a_kill_at_any_statement_of_an_enact_leaves_nothing_half_done)
{
    unsigned n = 1;
    expect("root", insert(&rules, beta), OK, NULL);
    expect("root", schedule(&rules, change), OK, NULL);
    expect("qa", sign(&rules, 1, "qa"), OK, NULL);
    /* The connections of this process are not the child's to use. */
    talloc_free(site.pool);
    site.pool = NULL;
    for (; n < 100; n++) {
        struct config config = { .database = { .host = "",
                                               .socket = getenv("BALROG_TEST_SOCKET"),
                                               .name = getenv("BALROG_TEST_DB"),
                                               .user = "root",
                                               .password = "",
                                               .connect_timeout_s = 30,
                                               .read_timeout_s = 30,
                                               .write_timeout_s = 30 } };
        config_database_hosts(ctx, &config.database, &e);
        struct hosts *hosts = hosts_new(ctx, &config.database);
        site.pool = pool_new(ctx, hosts, HOSTS_WRITE, 1);
        bool ended = enact_until(n);
        talloc_free(site.pool);
        talloc_free(hosts);
        if (ended) {
            break;
        }
        assert_rows("1,2,0/1,1,2,2,2", state);
    }
    ck_assert_uint_ge(n, 10);
    assert_rows("2,3,1/2,2,3,3,2", state);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        of_eight_writers_exactly_one_wins,
        a_row_is_scheduled_once,
        writers_of_different_rows_all_succeed,
        a_change_is_enacted_once,
        enacting_races_with_revoking_and_editing,
        a_deadlock_is_tried_again,
        a_lock_that_stays_is_an_error_even_when_it_is_swallowed,
        a_connection_lost_amid_a_transaction,
        a_connection_lost_in_commit_is_never_tried_again,
        a_refusal_is_rolled_back,
        a_kill_at_any_statement_of_an_enact_leaves_nothing_half_done,
        NULL,
    };
    Suite *suite = suite_create("tx");
    add_tests(suite, "tx", write_setup, tests);
    return suite_status(suite);
}
