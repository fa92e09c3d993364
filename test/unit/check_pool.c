/* The pool of connections where there is no server: how it fails, and how many threads it lets wait. */
#include "core/clock.h"
#include "settings/config.h"
#include "store/pool.h"
#include "suite.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { THREADS = 40 };

static struct config config;
static struct pool *pool;
static void *hosts_config; /* owns the servers */
static char path[64];
static int listener = -1;
static atomic_int worked;
static atomic_int unavailable;

static void setup(void)
{
    config.database.host = "";
    config.database.socket = "/nonexistent/balrog.sock";
    config.database.name = config.database.user = config.database.password = "";
    config.database.connect_timeout_s = config.database.read_timeout_s = config.database.write_timeout_s = 2;
    hosts_config = talloc_new(NULL);
    ck_assert(config_database_hosts(hosts_config, &config.database, NULL));
    pool = pool_new(NULL, hosts_new(hosts_config, &config.database), HOSTS_READ, 2);
}

static void teardown(void)
{
    talloc_free(pool);
    talloc_free(hosts_config);
    if (listener >= 0) {
        close(listener);
        unlink(path);
    }
}

static bool work(struct db *db, void *arg, struct error *e)
{
    (void)db;
    (void)arg;
    (void)e;
    worked++;
    return true;
}

START_TEST(no_server)
{
    struct error e = { 0 };
    ck_assert(!pool_run(pool, 1000, work, NULL, &e));
    ck_assert_int_eq(e.kind, ERROR_UNAVAILABLE);
    ck_assert_str_ne(e.what, "");
    ck_assert(!pool_run(pool, 1000, work, NULL, NULL));
    ck_assert_int_eq(worked, 0);
}
END_TEST

/* A server that takes connections and says nothing. */
static void listen_in_silence(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(path, sizeof path, "/tmp/check_pool.%d", (int)getpid());
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(listener, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(listener, 64), 0);
    config.database.socket = path;
}

static void *ask(void *arg)
{
    struct error e = { 0 };
    unsigned wait_ms = *(const unsigned *)arg;
    if (!pool_run(pool, wait_ms, work, NULL, &e) && e.kind == ERROR_UNAVAILABLE) {
        unavailable++;
    }
    return NULL;
}

START_TEST(a_server_that_hangs)
{
    pthread_t threads[THREADS];
    unsigned wait_ms = 900;
    listen_in_silence();
    int64_t start = clock_ms();
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &wait_ms), 0);
    }
    /* Two are connecting, 16 wait for them, and the rest are told at once. */
    while (unavailable < THREADS - 2 - 2 * POOL_WAITERS && clock_ms() - start < 10000) {
        usleep(1000);
    }
    ck_assert_int_lt((int)(clock_ms() - start), 800);
    while (unavailable < THREADS - 2 && clock_ms() - start < 10000) {
        usleep(1000);
    }
    ck_assert_int_lt((int)(clock_ms() - start), 1900);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(unavailable, THREADS);
    ck_assert_int_eq(worked, 0);
    /* What has just failed is not tried again, for a moment. */
    start = clock_ms();
    ck_assert(!pool_run(pool, 1000, work, NULL, NULL));
    ck_assert_int_lt((int)(clock_ms() - start), 400);
}
END_TEST

SUITE_MAIN_WITH("pool", setup, teardown, no_server, a_server_that_hangs)
