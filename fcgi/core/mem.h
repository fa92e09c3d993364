/* Memory. A talloc context owns everything that lives longer than one call; freeing the owner frees all of
 * it.
 *
 * When memory runs out, the process ends (abort, with one line on stderr) and the supervisor starts it again.
 * So no caller needs an error path that could never be tested. talloc is not thread-safe: a context belongs
 * to one thread at a time. */
#ifndef BALROG_CORE_MEM_H
#define BALROG_CORE_MEM_H

#include "core/str.h"

#include <talloc.h>

enum { MEGABYTE = 1 << 20 };

/* The number of elements of ARRAY, which must be an array and not a pointer. */
#define ARRAY_LEN(ARRAY) (sizeof(ARRAY) / sizeof(ARRAY)[0])

/* Returns P; ends the process if P is NULL. */
void *mem_check(void *p);

/* A zeroed TYPE / array of N zeroed TYPEs owned by CTX. Never NULL. */
#define mem_new(CTX, TYPE) ((TYPE *)mem_check(talloc_zero(CTX, TYPE)))
#define mem_array(CTX, TYPE, N) ((TYPE *)mem_check(talloc_zero_array(CTX, TYPE, (unsigned)(N))))
/* ARRAY grown or shrunk to N elements; new elements are not zeroed. */
#define mem_resize(CTX, ARRAY, TYPE, N) ((TYPE *)mem_check(talloc_realloc(CTX, ARRAY, TYPE, (unsigned)(N))))
/* ARRAY (NULL: none yet), which holds N elements of TYPE, with room for at least one more. It becomes twice
 * as large when it is full, so adding elements one by one costs the same for each. Never NULL; new elements
 * are not zeroed. */
#define mem_grow(CTX, ARRAY, TYPE, N) ((TYPE *)mem_grow_array(CTX, ARRAY, sizeof(TYPE), N))
void *mem_grow_array(void *ctx, void *array, size_t size, size_t n);
/* A copy of the N bytes at P, with a NUL behind them. */
char *mem_strndup(void *ctx, const char *p, size_t n);
/* A copy of the C string TEXT, which must not be NULL. */
char *mem_strdup(void *ctx, const char *text);
/* A copy of S; absent if S is absent. */
struct str mem_str(void *ctx, struct str s);
/* printf into a string owned by CTX. */
char *mem_printf(void *ctx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
