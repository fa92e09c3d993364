/* What threads and the loader tell each other while releases are being compiled (public/warmup.h). */
#include "core/clock.h"
#include "public/warmup.h"
#include "suite.h"

#include <pthread.h>
#include <stdio.h>

static struct warmup w;
static void *ctx;

static void setup(void)
{
    ctx = talloc_new(NULL);
    w = (struct warmup){ 0 };
    warmup_init(&w);
}

static void teardown(void)
{
    talloc_free(ctx);
}

START_TEST(each_name_once)
{
    warmup_want(&w, STR("a"));
    warmup_want(&w, STR("b"));
    warmup_want(&w, STR("a"));
    ck_assert(str_eq(warmup_take(&w, ctx), STR("b")));
    ck_assert(str_eq(warmup_take(&w, ctx), STR("a")));
    ck_assert(str_absent(warmup_take(&w, ctx)));
    warmup_want(&w, STR("a"));
    ck_assert(str_eq(warmup_take(&w, ctx), STR("a")));
}
END_TEST

START_TEST(what_does_not_fit_is_left)
{
    char name[300];
    for (int i = 0; i < 2 * WARMUP_NAMES; i++) {
        warmup_want(&w, (struct str){ name, (size_t)snprintf(name, sizeof name, "release-%d", i) });
    }
    memset(name, 'x', sizeof name);
    ck_assert_uint_eq(w.n, WARMUP_NAMES);
    ck_assert(!str_absent(warmup_take(&w, ctx)));
    warmup_want(&w, (struct str){ name, sizeof name });
    ck_assert_uint_eq(w.n, WARMUP_NAMES - 1);
}
END_TEST

static void *publish_later(void *arg)
{
    (void)arg;
    warmup_publish(&w, 2); /* not newer than what is waited for */
    warmup_publish(&w, 3);
    return NULL;
}

START_TEST(waiting)
{
    pthread_t thread;
    warmup_publish(&w, 2);
    ck_assert(warmup_wait(&w, 1, clock_ms() + 60000)); /* it is there */
    ck_assert(!warmup_wait(&w, 2, clock_ms() + 5));
    ck_assert(!warmup_wait(&w, 2, clock_ms() - 5));
    ck_assert_int_eq(pthread_create(&thread, NULL, publish_later, NULL), 0);
    ck_assert(warmup_wait(&w, 2, clock_ms() + 60000));
    pthread_join(thread, NULL);
}
END_TEST

SUITE_MAIN_WITH("warmup", setup, teardown, each_name_once, what_does_not_fit_is_left, waiting)
