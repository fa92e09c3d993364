/* Which of many failures for the same reason are logged (public/repeats.h). */
#include "public/repeats.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static struct repeats repeats;

static bool due(const char *why, int64_t now_ms, uint64_t wanted_left_out)
{
    uint64_t left_out = 0;
    bool is_due = repeats_due(&repeats, str_of(why), now_ms, &left_out);
    ck_assert(!is_due || left_out == wanted_left_out);
    return is_due;
}

START_TEST(one_line_a_minute)
{
    memset(&repeats, 0, sizeof repeats);
    ck_assert(due("release A is broken", 5, 0));
    for (int i = 0; i < 10000; i++) {
        ck_assert(!due("release A is broken", 5 + i, 0));
    }
    ck_assert(!due("release A is broken", 4 + REPEATS_PAUSE_MS, 0));
    ck_assert(due("release A is broken", 5 + REPEATS_PAUSE_MS, 10001));
    ck_assert(!due("release A is broken", 6 + REPEATS_PAUSE_MS, 0));
    ck_assert(due("release A is broken", 5 + 2 * REPEATS_PAUSE_MS, 1));
}
END_TEST

START_TEST(each_reason_by_itself)
{
    memset(&repeats, 0, sizeof repeats);
    ck_assert(due("release A is broken", 1, 0));
    ck_assert(due("release B is broken", 1, 0)); /* by chance in the place of A's, it is still due */
    ck_assert(!due("release B is broken", 2, 0));
}
END_TEST

/* More reasons than places: nothing is kept back for ever. */
START_TEST(many_reasons)
{
    memset(&repeats, 0, sizeof repeats);
    char why[32];
    for (int i = 0; i < 10 * REPEATS_KEPT; i++) {
        snprintf(why, sizeof why, "release %d is broken", i);
        uint64_t left_out;
        ck_assert(repeats_due(&repeats, str_of(why), i, &left_out));
        ck_assert_uint_eq(left_out, 0);
    }
}
END_TEST

SUITE_MAIN("repeats", one_line_a_minute, each_reason_by_itself, many_reasons)
