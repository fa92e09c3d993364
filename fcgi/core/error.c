/* See error.h. */
#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool error_set(struct error *e, enum error_kind kind, const char *fmt, ...)
{
    if (e != NULL) {
        e->kind = kind;
        e->reason = 0;
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(e->what, sizeof e->what, fmt, ap);
        va_end(ap);
    }
    return false;
}

bool error_prefix(struct error *e, const char *fmt, ...)
{
    char prefix[160];
    char rest[sizeof e->what];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(prefix, sizeof prefix, fmt, ap);
    va_end(ap);
    memcpy(rest, e->what, sizeof rest);
    snprintf(e->what, sizeof e->what, "%s: %.300s", prefix, rest);
    return false;
}
