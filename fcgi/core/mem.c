/* See mem.h. */
#include "core/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void *mem_check(void *p)
{
    if (p == NULL) {
        fputs("balrog: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *mem_grow_array(void *ctx, void *array, size_t size, size_t n)
{
    enum { FIRST = 8 };
    if (array != NULL && talloc_get_size(array) >= (n + 1) * size) {
        return array;
    }
    return mem_check(talloc_realloc_size(ctx, array, (n < FIRST ? FIRST : 2 * n) * size));
}

char *mem_strndup(void *ctx, const char *p, size_t n)
{
    char *copy = mem_check(talloc_size(ctx, n + 1));
    if (n > 0) {
        __builtin_memcpy(copy, p, n);
    }
    copy[n] = '\0';
    return copy;
}

char *mem_strdup(void *ctx, const char *text)
{
    return mem_strndup(ctx, text, __builtin_strlen(text));
}

struct str mem_str(void *ctx, struct str s)
{
    return str_absent(s) ? s : (struct str){ mem_strndup(ctx, s.p, s.n), s.n };
}

char *mem_printf(void *ctx, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *s = talloc_vasprintf(ctx, fmt, ap);
    va_end(ap);
    return mem_check(s);
}
