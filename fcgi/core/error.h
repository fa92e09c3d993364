/* The one way to fail: a fallible function returns false (or NULL) and fills one of these. */
#ifndef BALROG_CORE_ERROR_H
#define BALROG_CORE_ERROR_H

#include <stdbool.h>

/* Who or what is at fault. http_status_of() of web/http.h makes a status of it. */
enum error_kind {
    ERROR_NONE,        /* nothing failed */
    ERROR_INTERNAL,    /* our own fault, or stored data that is broken */
    ERROR_BAD_REQUEST, /* the input is wrong */
    ERROR_FORBIDDEN,   /* the caller may not do this */
    ERROR_NOT_FOUND,   /* what the input names does not exist */
    ERROR_TOO_LARGE,   /* the input is longer than the limit */
    ERROR_MEDIA_TYPE,  /* the input is not of the type that is expected, such as JSON */
    ERROR_UPSTREAM,    /* another server gave an answer that is of no use */
    ERROR_UNAVAILABLE, /* something that is needed does not answer now; later it may work */
};

struct error {
    enum error_kind kind;
    int reason; /* more exactly, by an enum of the module that failed (store/fail.h, web/client.h); 0: none */
    char what[480]; /* a sentence for people, truncated to fit; may quote user input: escape it on the way out
                     */
};

/* Makes *E say that nothing failed, without touching all of it. */
static inline void error_clear(struct error *e)
{
    e->kind = ERROR_NONE;
    e->reason = 0;
    e->what[0] = '\0';
}

/* Fills *E (unless NULL) and returns false, so that callers can `return error_set(…)`. */
bool error_set(struct error *e, enum error_kind kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the text of *E, to say where it happened. Returns false. */
bool error_prefix(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
