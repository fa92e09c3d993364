/* What the store's tests share: connections to a real server, and statements on them that must succeed.
 * BALROG_TEST_SOCKET is the server's socket; BALROG_TEST_DB and BALROG_TEST_CI_DB are databases with the
 * schema, the second with a collation that ignores case; BALROG_TEST_PASSWORD is that of balrog_public. Rows
 * are written as root, who needs no password. */
#ifndef BALROG_TEST_STORE_WORLD_H
#define BALROG_TEST_STORE_WORLD_H

#include "core/mem.h"
#include "settings/config.h"
#include "store/reader.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void *ctx;
static struct error e;
static struct db *db;     /* as the service */
static struct db *writer; /* as root */

static inline const struct config_database *database_as(const char *user, const char *password,
                                                        const char *database, int timeout_s)
{
    struct config *config = mem_new(ctx, struct config);
    config->database.host = "";
    config->database.socket = getenv("BALROG_TEST_SOCKET");
    config->database.name = database;
    config->database.user = user;
    config->database.password = password;
    config->database.connect_timeout_s = timeout_s;
    config->database.read_timeout_s = timeout_s;
    config->database.write_timeout_s = timeout_s;
    config_database_hosts(ctx, &config->database, &e);
    return &config->database;
}

static inline struct db *connect_as(const char *user, const char *password, const char *database,
                                    int timeout_s)
{
    return db_open(ctx, database_as(user, password, database, timeout_s), &e);
}

static inline struct db *connect_public(const char *database)
{
    struct db *d = connect_as("balrog_public", getenv("BALROG_TEST_PASSWORD"), database, 5);
    ck_assert_msg(d != NULL, "%s", e.what);
    return d;
}

static inline struct db *connect_root(const char *database)
{
    struct db *d = connect_as("root", "", database, 30);
    ck_assert_msg(d != NULL, "%s", e.what);
    return d;
}

static inline void run(struct db *d, const char *sql)
{
    ck_assert_msg(db_exec(d, sql, &e), "%s: %s", sql, e.what);
}

__attribute__((format(printf, 2, 3))) static inline void runf(struct db *d, const char *fmt, ...)
{
    char sql[2000];
    va_list args;
    va_start(args, fmt);
    vsnprintf(sql, sizeof sql, fmt, args);
    va_end(args);
    run(d, sql);
}

static inline int64_t number(struct db *d, const char *sql)
{
    struct db_rows *rows = db_query(d, sql, NULL, 0, &e);
    ck_assert_msg(db_next(rows, &e), "%s: %s", sql, e.what);
    int64_t n = db_int(rows, 0);
    db_finish(rows);
    return n;
}

static inline void assert_str(struct str got, const char *wanted)
{
    ck_assert_msg(str_eq(got, str_of(wanted)), "wanted %s, got %.*s", wanted, STR_ARG(got));
}

static inline void empty_tables(struct db *d)
{
    static const char *const tables[] = { "rules",          "releases",          "releases_json",
                                          "release_assets", "pinnable_releases", "emergency_shutoffs" };
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        runf(d, "DELETE FROM %s", tables[i]);
    }
    run(d, "TRUNCATE balrog_changes");
}

static inline void setup(void)
{
    ctx = talloc_new(NULL);
    db = connect_public(getenv("BALROG_TEST_DB"));
    writer = connect_root(getenv("BALROG_TEST_DB"));
    empty_tables(writer);
}

static inline void teardown(void)
{
    talloc_free(ctx);
}

/* The tests of a case, up to NULL, each with a world of its own made by BEFORE. */
static inline void add_tests(Suite *suite, const char *name, void (*before)(void), const TTest *const *tests)
{
    TCase *tc = tcase_create(name);
    tcase_add_checked_fixture(tc, before, teardown);
    tcase_set_timeout(tc, 300);
    for (; *tests != NULL; tests++) {
        tcase_add_test(tc, *tests);
    }
    suite_add_tcase(suite, tc);
}

/* Runs SUITE and returns main()'s exit status. */
static inline int suite_status(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
