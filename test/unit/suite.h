/* A program of Check tests that are all in one suite. */
#ifndef BALROG_TEST_SUITE_H
#define BALROG_TEST_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs the N tests and returns main()'s exit status. */
static inline int suite_run(const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tc = tcase_create(name);
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

#define SUITE_MAIN(NAME, ...)                                                                                \
    int main(void)                                                                                           \
    {                                                                                                        \
        const TTest *const tests[] = { __VA_ARGS__ };                                                        \
        return suite_run(NAME, tests, sizeof tests / sizeof tests[0]);                                       \
    }

#endif
