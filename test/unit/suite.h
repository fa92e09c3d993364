/* A program of Check tests that are all in one suite. */
#ifndef BALROG_TEST_SUITE_H
#define BALROG_TEST_SUITE_H

#include "core/mem.h"

#include <check.h>
#include <stdlib.h>

/* Runs the N tests, each between SETUP and TEARDOWN (may be NULL), and returns main()'s exit status. */
static inline int suite_run(const char *name, void (*setup)(void), void (*teardown)(void),
                            const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
    tcase_set_timeout(tc, 60); /* seconds: for a test that hangs, not for a machine that is busy */
    tcase_add_checked_fixture(tc, setup, teardown);
    for (size_t i = 0; i < n; i++) {
        tcase_add_test(tc, tests[i]);
    }
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define SUITE_MAIN_WITH(NAME, SETUP, TEARDOWN, ...)                                                          \
    int main(void)                                                                                           \
    {                                                                                                        \
        const TTest *const tests[] = { __VA_ARGS__ };                                                        \
        return suite_run(NAME, SETUP, TEARDOWN, tests, ARRAY_LEN(tests));                                    \
    }
#define SUITE_MAIN(NAME, ...) SUITE_MAIN_WITH(NAME, NULL, NULL, __VA_ARGS__)

#endif
