/* Memory for JSON trees that live briefly and are freed all at once. While a thread is in a pool, everything
 * that cJSON allocates on that thread comes from the pool, and cJSON's frees do nothing until the thread
 * leaves. */
#ifndef BALROG_CORE_JSON_POOL_H
#define BALROG_CORE_JSON_POOL_H

struct json_pool;

/* A pool belongs to one thread at a time. */
struct json_pool *json_pool_new(void);
void json_pool_free(struct json_pool *pool);

/* From here to json_pool_leave() nothing may be freed that was allocated before. A thread is in one pool at a
 * time. */
void json_pool_enter(struct json_pool *pool);
/* Frees everything that was allocated; the pool keeps its blocks for the next json_pool_enter(). */
void json_pool_leave(struct json_pool *pool);

#endif
