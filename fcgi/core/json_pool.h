/* Memory for JSON trees that live briefly and go all at once: while a thread is in a pool, whatever cJSON
 * allocates on that thread comes from it, and what cJSON frees stays until the thread leaves. */
#ifndef BALROG_CORE_JSON_POOL_H
#define BALROG_CORE_JSON_POOL_H

struct json_pool;

/* A pool is one thread's. */
struct json_pool *json_pool_new(void);
void json_pool_free(struct json_pool *pool);

/* From here to json_pool_leave() nothing may be freed that was there before. One pool at a time. */
void json_pool_enter(struct json_pool *pool);
/* All that was taken is gone; the pool keeps its blocks, for the next one to enter. */
void json_pool_leave(struct json_pool *pool);

#endif
