/* The one way to fail: a fallible function returns false (or NULL) and fills one of these. */
#ifndef BALROG_CORE_ERROR_H
#define BALROG_CORE_ERROR_H

#include <stdbool.h>

struct error {
    int kind;       /* what kind of failure, by an enum of the module that failed (store/fail.h); 0: none */
    int status;     /* the HTTP status that fits: 400 the client's fault, 503 the database, 500 ours */
    char what[480]; /* a sentence for people; may quote user input (escape it on the way out); truncated to
                       fit */
};

/* Makes *E say nothing, without touching all of it. */
static inline void error_clear(struct error *e)
{
    e->kind = 0;
    e->status = 0;
    e->what[0] = '\0';
}

/* Fills *E (unless NULL) and returns false, so that callers can `return error_set(…)`. */
bool error_set(struct error *e, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before what *E says, to tell where it happened. Returns false. */
bool error_prefix(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
