/* How requests share one signing, and what they get while an Autograph server is slow, down or back again. It
 * is a function here; the real protocol is test/integration/sign_test.sh's. */
#include "core/mem.h"
#include "public/autograph.h"
#include "public/sign.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct config_signer with_autograph = { .product = "",
                                                     .autograph_url = "http://127.0.0.1:1",
                                                     .autograph_user = "user",
                                                     .autograph_keyid = "key",
                                                     .autograph_password = "hush" };
static const struct config config = { .signing = {
                                          .signer = &with_autograph, .n_signers = 1, .cache_s = 86400 } };

struct server {
    pthread_mutex_t lock;
    pthread_cond_t turn;
    bool down;
    unsigned fail_next; /* so many requests fail */
    bool held;          /* nobody gets an answer */
    unsigned asked;
    unsigned waiting;
    unsigned bodies; /* that sign_own() has made */
    unsigned slept_ms[8];
    unsigned n_slept;
    bool pauses; /* really */
    int64_t now_ms;
    struct signer *signer;
};

static bool server_ask(void *arg, const struct autograph *a, const struct digest *d, struct signature *out,
                       struct error *e)
{
    (void)a;
    (void)d;
    struct server *v = arg;
    pthread_mutex_lock(&v->lock);
    unsigned number = ++v->asked;
    v->waiting++;
    pthread_cond_broadcast(&v->turn);
    while (v->held) {
        pthread_cond_wait(&v->turn, &v->lock);
    }
    v->waiting--;
    bool down = v->down || v->fail_next > 0;
    v->fail_next -= v->fail_next > 0;
    pthread_mutex_unlock(&v->lock);
    snprintf(out->text, sizeof out->text, "sig%u", number);
    snprintf(out->x5u, sizeof out->x5u, "http://x/");
    return !down || error_set(e, ERROR_UNAVAILABLE, "server down");
}

static int64_t server_now(void *arg)
{
    struct server *v = arg;
    pthread_mutex_lock(&v->lock);
    int64_t now = v->now_ms;
    pthread_mutex_unlock(&v->lock);
    return now;
}

static void server_sleep(void *arg, unsigned ms)
{
    struct server *v = arg;
    pthread_mutex_lock(&v->lock);
    v->slept_ms[v->n_slept++ % 8] = ms;
    bool pauses = v->pauses;
    pthread_mutex_unlock(&v->lock);
    if (pauses) {
        usleep(ms * 1000);
    }
}

static void server_start(struct server *v, unsigned wait_ms)
{
    struct error e;
    *v = (struct server){ .lock = PTHREAD_MUTEX_INITIALIZER,
                          .turn = PTHREAD_COND_INITIALIZER,
                          .now_ms = 1000000 };
    struct sign_options o = {
        .arg = v, .now_ms = server_now, .sleep_ms = server_sleep, .ask = server_ask, .wait_ms = wait_ms
    };
    v->signer = signer_new_with(NULL, &config, &o, &e);
    ck_assert_ptr_nonnull(v->signer);
}

static void server_set(struct server *v, bool down, bool held)
{
    pthread_mutex_lock(&v->lock);
    v->down = down;
    v->held = held;
    pthread_cond_broadcast(&v->turn);
    pthread_mutex_unlock(&v->lock);
}

static void server_later(struct server *v, int64_t ms)
{
    pthread_mutex_lock(&v->lock);
    v->now_ms += ms;
    pthread_mutex_unlock(&v->lock);
}

static unsigned server_asked(struct server *v)
{
    pthread_mutex_lock(&v->lock);
    unsigned asked = v->asked;
    pthread_mutex_unlock(&v->lock);
    return asked;
}

/* The signature of BODY, or 0. */
static unsigned sign(struct server *v, const char *body, struct error *e)
{
    static const char head[] = "x5u=http://x/; p384ecdsa=sig";
    struct buf out;
    unsigned number = 0;
    buf_init(&out, 0, 4096);
    if (signer_sign(v->signer, STR(""), str_of(body), &out, e)) {
        buf_char(&out, '\0');
        ck_assert_mem_eq(out.p, head, sizeof head - 1);
        number = (unsigned)strtoul(out.p + sizeof head - 1, NULL, 10);
    } else {
        ck_assert_uint_eq(out.n, 0);
    }
    buf_free(&out);
    return number;
}

/* Asks until BODY's signature is N (0: none): for what happens in the background. */
static void sign_until(struct server *v, const char *body, unsigned n)
{
    struct error e;
    for (int i = 0; i < 5000; i++) {
        if (sign(v, body, &e) == n) {
            return;
        }
        server_later(v, SIGN_PROBE_MS);
        usleep(2000);
    }
    ck_abort_msg("%s never got signature %u", body, n);
}

enum { THREADS = 32 };

static void *sign_same(void *arg)
{
    struct error e;
    return (void *)(uintptr_t)sign(arg, "same", &e);
}

static void sign_by_all(struct server *v, void *expected, bool let_go)
{
    pthread_t thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&thread[i], NULL, sign_same, v), 0);
    }
    usleep(100000);
    if (let_go) {
        server_set(v, v->down, false);
    }
    for (int i = 0; i < THREADS; i++) {
        void *result = NULL;
        pthread_join(thread[i], &result);
        ck_assert_ptr_eq(result, expected);
    }
}

START_TEST(many_ask_once)
{
    struct server v;
    struct error e;
    server_start(&v, 30000);
    server_set(&v, false, true);
    sign_by_all(&v, (void *)1, true);
    ck_assert_uint_eq(server_asked(&v), 1);
    ck_assert_uint_eq(sign(&v, "same", &e), 1);
    ck_assert_uint_eq(sign(&v, "another", &e), 2);
    talloc_free(v.signer);
}
END_TEST

START_TEST(many_share_a_failure)
{
    struct server v;
    server_start(&v, 30000);
    server_set(&v, true, true);
    sign_by_all(&v, NULL, true);
    ck_assert_uint_eq(server_asked(&v), AUTOGRAPH_TRIES);
    talloc_free(v.signer);
    ck_assert_uint_eq(v.n_slept, AUTOGRAPH_TRIES - 1);
    ck_assert(v.slept_ms[0] >= 50 && v.slept_ms[0] <= 100);
    ck_assert(v.slept_ms[1] >= 250 && v.slept_ms[1] <= 500);
}
END_TEST

static void *sign_own(void *arg)
{
    struct server *v = arg;
    struct error e;
    char body[32];
    pthread_mutex_lock(&v->lock);
    snprintf(body, sizeof body, "own %u", v->bodies++);
    pthread_mutex_unlock(&v->lock);
    return (void *)(uintptr_t)sign(v, body, &e);
}

/* Each of many requests under way fails once: all are signed nevertheless. */
START_TEST(a_moment_of_failures_leaves_nothing_unsigned)
{
    struct server v;
    pthread_t thread[SIGN_WORKERS];
    server_start(&v, 30000);
    server_set(&v, false, true);
    v.fail_next = SIGN_WORKERS;
    v.pauses = true;
    for (int i = 0; i < SIGN_WORKERS; i++) {
        ck_assert_int_eq(pthread_create(&thread[i], NULL, sign_own, &v), 0);
    }
    while (server_asked(&v) < SIGN_WORKERS) {
        usleep(1000);
    }
    server_set(&v, false, false);
    for (int i = 0; i < SIGN_WORKERS; i++) {
        void *result = NULL;
        pthread_join(thread[i], &result);
        ck_assert_ptr_nonnull(result);
    }
    talloc_free(v.signer);
}
END_TEST

START_TEST(nobody_waits_for_a_silent_server)
{
    struct server v;
    struct error e;
    server_start(&v, 200);
    server_set(&v, false, true);
    sign_by_all(&v, NULL, false);
    /* Others do not even begin to wait, and nothing more is asked while one request is under way. */
    for (int i = 0; i < 1000; i++) {
        char body[16];
        snprintf(body, sizeof body, "body %d", i);
        ck_assert_uint_eq(sign(&v, body, &e), 0);
    }
    ck_assert_str_eq(e.what, "Autograph has not answered within 200 ms");
    ck_assert_uint_eq(server_asked(&v), 1);
    server_set(&v, false, false);
    sign_until(&v, "same", 1);
    ck_assert_uint_eq(sign(&v, "another", &e), 2);
    talloc_free(v.signer);
}
END_TEST

START_TEST(a_failing_server_is_probed_now_and_then)
{
    struct server v;
    struct error e;
    server_start(&v, 30000);
    server_set(&v, true, false);
    ck_assert_uint_eq(sign(&v, "a", &e), 0);
    ck_assert_str_eq(e.what, "server down");
    ck_assert_ptr_null(strstr(e.what, "hush"));
    ck_assert_uint_eq(server_asked(&v), AUTOGRAPH_TRIES);
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(sign(&v, "b", &e), 0);
    }
    ck_assert_uint_eq(server_asked(&v), AUTOGRAPH_TRIES);
    server_set(&v, false, false);
    sign_until(&v, "b", AUTOGRAPH_TRIES + 1);
    ck_assert_uint_eq(sign(&v, "a", &e), AUTOGRAPH_TRIES + 2);
    talloc_free(v.signer);
}
END_TEST

START_TEST(old_signatures_are_renewed)
{
    struct server v;
    struct error e;
    const int64_t day = 86400000;
    server_start(&v, 30000);
    ck_assert_uint_eq(sign(&v, "a", &e), 1);
    server_later(&v, day - 1);
    ck_assert_uint_eq(sign(&v, "a", &e), 1);
    ck_assert_uint_eq(server_asked(&v), 1);
    server_later(&v, 1);
    sign_until(&v, "a", 2);
    ck_assert_uint_eq(server_asked(&v), 2);
    /* Past twice the time an old one is not served at all. */
    server_later(&v, 2 * day);
    ck_assert_uint_eq(sign(&v, "a", &e), 3);
    talloc_free(v.signer);
}
END_TEST

START_TEST(an_old_signature_bridges_an_outage)
{
    struct server v;
    struct error e;
    const int64_t day = 86400000;
    server_start(&v, 30000);
    ck_assert_uint_eq(sign(&v, "a", &e), 1);
    server_set(&v, true, false);
    server_later(&v, day + 1);
    for (int i = 0; i < 50; i++) {
        ck_assert_uint_eq(sign(&v, "a", &e), 1);
        usleep(1000);
    }
    ck_assert_uint_le(server_asked(&v), 1 + AUTOGRAPH_TRIES);
    server_later(&v, day);
    sign_until(&v, "a", 0);
    talloc_free(v.signer);
}
END_TEST

START_TEST(stops_in_the_middle_of_a_pause)
{
    struct error e;
    struct buf out;
    struct signer *s = signer_new_with(NULL, &config, &(struct sign_options){ .wait_ms = 300 }, &e);
    buf_init(&out, 0, 4096);
    time_t before = time(NULL);
    ck_assert(!signer_sign(s, STR(""), STR("a"), &out, &e));
    ck_assert_ptr_nonnull(strstr(e.what, "Autograph at 127.0.0.1"));
    talloc_free(s);
    ck_assert_int_lt(time(NULL) - before, 4);
    buf_free(&out);
}
END_TEST

int main(void)
{
    setenv("no_proxy", "*", 1);
    Suite *suite = suite_create("sign_shared");
    TCase *tc = tcase_create("sign_shared");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, many_ask_once);
    tcase_add_test(tc, many_share_a_failure);
    tcase_add_test(tc, a_moment_of_failures_leaves_nothing_unsigned);
    tcase_add_test(tc, nobody_waits_for_a_silent_server);
    tcase_add_test(tc, a_failing_server_is_probed_now_and_then);
    tcase_add_test(tc, old_signatures_are_renewed);
    tcase_add_test(tc, an_old_signature_bridges_an_outage);
    tcase_add_test(tc, stops_in_the_middle_of_a_pause);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
