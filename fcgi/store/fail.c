/* See fail.h. */
#include "store/fail.h"

#include <stdarg.h>
#include <stdio.h>

int fail_status(enum fail kind)
{
    switch (kind) {
    case FAIL_OTHER:
        return 500;
    case FAIL_PERMISSION:
        return 403;
    case FAIL_NOT_FOUND:
        return 404;
    case FAIL_DATABASE:
    case FAIL_BUSY:
    case FAIL_SCHEMA:
    case FAIL_UNKNOWN:
        return 503;
    default:
        return 400;
    }
}

bool fail(struct error *e, enum fail kind, const char *fmt, ...)
{
    char what[sizeof e->what];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    error_set(e, fail_status(kind), "%s", what);
    if (e != NULL) {
        e->kind = kind;
    }
    return false;
}

bool failed_as(const struct error *e, enum fail kind)
{
    return e->kind == (int)kind;
}
