/* A growable buffer that is born with a maximum. An append that would pass the maximum is dropped and marks
 * the buffer `full`; the caller looks once, at the end, and uses nothing of a full buffer. */
#ifndef BALROG_CORE_BUF_H
#define BALROG_CORE_BUF_H

#include "core/str.h"

struct buf {
    char *p;    /* malloc'ed; bytes 0…n-1 are valid, no NUL behind them */
    size_t n;   /* bytes used */
    size_t cap; /* bytes allocated */
    size_t max; /* n never passes this */
    bool full;  /* something was dropped */
};

/* An empty buffer that may grow to MAX bytes, with START bytes allocated at once. buf_free() releases it. */
void buf_init(struct buf *b, size_t start, size_t max);
void buf_free(struct buf *b);
/* Makes room for N more bytes. Returns false, and marks B full, if that would exceed the maximum. */
bool buf_reserve(struct buf *b, size_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Appends N in decimal; much faster than buf_printf(). */
void buf_int(struct buf *b, int64_t n);

static inline void buf_reset(struct buf *b)
{
    b->n = 0;
    b->full = false;
}

static inline void buf_bytes(struct buf *b, const char *p, size_t n)
{
    if (n > 0 && (b->cap - b->n >= n || buf_reserve(b, n))) {
        memcpy(b->p + b->n, p, n);
        b->n += n;
    }
}

static inline void buf_str(struct buf *b, struct str s)
{
    buf_bytes(b, s.p, s.n);
}

static inline void buf_char(struct buf *b, char c)
{
    buf_bytes(b, &c, 1);
}

/* Makes CTX, a talloc context, the owner of what is in B, and returns it; B is empty then, and takes no more.
 */
struct str buf_keep(void *ctx, struct buf *b);

#define buf_lit(B, LITERAL) buf_bytes(B, LITERAL, sizeof(LITERAL) - 1)

static inline struct str buf_view(const struct buf *b)
{
    return (struct str){ b->p, b->n };
}

#endif
