/* Schema version 4000: stands for other releases. If it has products, the rules are evaluated once per
 * product; if it has blobs, the named releases are put together. Both happen in the caller; only the header
 * and footer come from here. */
#include "core/python.h"
#include "release/format.h"

/* The strings of LIST; NULL when it is no list or holds none. */
static const struct str *read_name_list(struct compiler *c, const cJSON *list, size_t *n)
{
    *n = 0;
    if (!cJSON_IsArray(list) || list->child == NULL) {
        return NULL;
    }
    struct str *names = arena_array(&c->arena, struct str, (size_t)cJSON_GetArraySize(list));
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        if (cJSON_IsString(item)) {
            names[(*n)++] = release_keep_string(c, item);
        }
    }
    return *n > 0 ? names : NULL;
}

void superblob_compile(struct compiler *c)
{
    const cJSON *products = json_get(c->blob, "products");
    if (python_truth(products)) {
        c->release->products = read_name_list(c, products, &c->release->n_products);
    } else {
        c->release->members = read_name_list(c, json_get(c->blob, "blobs"), &c->release->n_members);
    }
}

enum verdict superblob_inner(const struct release *r, const struct release_env *env, struct buf *out,
                             struct error *e, struct error *skipped)
{
    (void)env;
    (void)out;
    (void)skipped;
    return release_broken(e, "release %.*s is a superblob: it has no content of its own", STR_ARG(r->name));
}
