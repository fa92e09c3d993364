/* Fills a struct error with a reason of the store and with the kind that follows from it. */
#include "store/fail.h"

#include <stdarg.h>
#include <stdio.h>

/* The kind of an error with REASON. Most reasons are a client's mistake. */
static enum error_kind kind_for(enum fail reason)
{
    switch (reason) {
    case FAIL_OTHER:
        return ERROR_INTERNAL;
    case FAIL_PERMISSION:
        return ERROR_FORBIDDEN;
    case FAIL_NOT_FOUND:
        return ERROR_NOT_FOUND;
    case FAIL_DATABASE:
    case FAIL_LOCKED:
    case FAIL_FULL:
    case FAIL_CROWDED:
    case FAIL_NO_PRIMARY:
    case FAIL_BUSY:
    case FAIL_SCHEMA:
    case FAIL_UNKNOWN:
        return ERROR_UNAVAILABLE;
    default:
        return ERROR_BAD_REQUEST;
    }
}

bool fail(struct error *e, enum fail reason, const char *fmt, ...)
{
    char what[sizeof e->what];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    error_set(e, kind_for(reason), "%s", what);
    if (e != NULL) {
        e->reason = (int)reason;
    }
    return false;
}

bool failed_as(const struct error *e, enum fail reason)
{
    return e->reason == (int)reason;
}

const char *fail_unavailable(const struct error *e)
{
    switch (e->reason) {
    case FAIL_LOCKED:
        return "The database is read-only now.";
    case FAIL_FULL:
        return "The database's disk is full.";
    case FAIL_CROWDED:
        return "The database accepts no more connections.";
    default:
        return "The database does not answer.";
    }
}
