/* cJSON knows one pair of functions for the whole process, so they look up which pool their thread is in.
 * Memory is cut from blocks, front to back. */
#include "core/json_pool.h"

#include "core/mem.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

enum { BLOCK = 1 << 20, ALIGNMENT = 16 };

struct pool_block {
    struct pool_block *next;
    size_t size; /* of what follows */
    _Alignas(ALIGNMENT) char bytes[];
};

struct json_pool {
    struct pool_block *blocks;
    struct pool_block *at; /* which of them is being cut */
    size_t used;           /* bytes of it */
};

static _Thread_local struct json_pool *current;

static struct pool_block *add_pool_block(struct json_pool *pool, size_t n)
{
    size_t size = n > BLOCK ? n : BLOCK;
    struct pool_block *b = mem_check(malloc(sizeof(*b) + size));
    *b = (struct pool_block){ .size = size };
    if (pool->at == NULL) {
        b->next = pool->blocks;
        pool->blocks = b;
    } else {
        b->next = pool->at->next;
        pool->at->next = b;
    }
    return b;
}

/* Makes AT a block that has N bytes free. */
static void next_block(struct json_pool *pool, size_t n)
{
    struct pool_block *b = pool->at != NULL ? pool->at->next : pool->blocks;
    while (b != NULL && b->size < n) {
        b = b->next;
    }
    pool->at = b != NULL ? b : add_pool_block(pool, n);
    pool->used = 0;
}

static void *pool_take(struct json_pool *pool, size_t n)
{
    n = (n + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    if (pool->at == NULL || pool->at->size - pool->used < n) {
        next_block(pool, n);
    }
    void *p = pool->at->bytes + pool->used;
    pool->used += n;
    return p;
}

static void *pool_alloc(size_t n)
{
    return current != NULL ? pool_take(current, n) : malloc(n);
}

static void ignore_free(void *p)
{
    if (current == NULL) {
        free(p);
    }
}

/* Before there are threads, of which one may be using cJSON. */
__attribute__((constructor)) static void set_hooks(void)
{
    cJSON_Hooks hooks = { pool_alloc, ignore_free };
    cJSON_InitHooks(&hooks);
}

struct json_pool *json_pool_new(void)
{
    return mem_check(calloc(1, sizeof(struct json_pool)));
}

void json_pool_free(struct json_pool *pool)
{
    while (pool->blocks != NULL) {
        struct pool_block *b = pool->blocks;
        pool->blocks = b->next;
        free(b);
    }
    free(pool);
}

void json_pool_enter(struct json_pool *pool)
{
    pool->at = NULL;
    current = pool;
}

void json_pool_leave(struct json_pool *pool)
{
    pool->at = NULL;
    current = NULL;
}
