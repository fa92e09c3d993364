/* Memory: talloc contexts own everything that lives longer than a call, so that freeing the owner frees the
 * lot.
 *
 * Running out of memory ends the process (abort, with a line on stderr): the supervisor starts it again, and
 * no caller needs a path that can never be tested. talloc is not thread-safe: a context belongs to one thread
 * at a time. */
#ifndef BALROG_CORE_MEM_H
#define BALROG_CORE_MEM_H

#include "core/str.h"

#include <talloc.h>

/* Ends the process when `p` is NULL, else returns it. */
void *mem_check(void *p);

/* A zeroed TYPE / array of N zeroed TYPEs owned by CTX. Never NULL. */
#define mem_new(CTX, TYPE) ((TYPE *)mem_check(talloc_zero(CTX, TYPE)))
#define mem_array(CTX, TYPE, N) ((TYPE *)mem_check(talloc_zero_array(CTX, TYPE, (unsigned)(N))))
/* ARRAY grown or shrunk to N elements; new elements are not zeroed. */
#define mem_resize(CTX, ARRAY, TYPE, N) ((TYPE *)mem_check(talloc_realloc(CTX, ARRAY, TYPE, (unsigned)(N))))
/* A copy of the N bytes at P, with a NUL behind them. */
char *mem_strndup(void *ctx, const char *p, size_t n);
/* The same of S; absent where S is. */
struct str mem_str(void *ctx, struct str s);
/* printf into a string owned by CTX. */
char *mem_printf(void *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
