/* See buf.h. */
#include "core/buf.h"

#include "core/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t start, size_t max)
{
    if (start > max) {
        start = max;
    }
    *b = (struct buf){ .p = mem_check(malloc(start > 0 ? start : 1)), .cap = start, .max = max };
}

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){ 0 };
}

struct owned {
    char *p;
};

static int free_owned(struct owned *owned)
{
    free(owned->p);
    return 0;
}

struct str buf_keep(void *ctx, struct buf *b)
{
    struct owned *owned = mem_new(ctx, struct owned);
    struct str text = { mem_check(realloc(b->p, b->n > 0 ? b->n : 1)), b->n };
    owned->p = (char *)text.p;
    talloc_set_destructor(owned, free_owned);
    *b = (struct buf){ 0 };
    return text;
}

bool buf_reserve(struct buf *b, size_t n)
{
    if (b->full || n > b->max - b->n) {
        b->full = true;
        return false;
    }
    if (b->cap - b->n >= n) {
        return true;
    }
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap - b->n < n) {
        cap *= 2;
    }
    cap = cap > b->max ? b->max : cap;
    b->p = mem_check(realloc(b->p, cap));
    b->cap = cap;
    return true;
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    /* vsnprintf writes a NUL behind the text: reserve room for it, do not count it. */
    if (n <= 0 || !buf_reserve(b, (size_t)n + 1)) {
        return;
    }
    va_start(ap, fmt);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
}

void buf_int(struct buf *b, int64_t n)
{
    char text[20];
    size_t at = sizeof text;
    uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
    do {
        text[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (n < 0) {
        text[--at] = '-';
    }
    buf_bytes(b, text + at, sizeof text - at);
}
