/* The way to an asset is platforms, any, locales, any; the base is a copy of all that is not on it. */
#include "blob/split.h"

#include "core/mem.h"

enum { ASSET_DEPTH = 4 };

struct splitter {
    struct split *split;
    const char *name[ASSET_DEPTH]; /* of the members on the way */
};

static void add_asset(struct splitter *s, const cJSON *value)
{
    struct split *split = s->split;
    split->asset = mem_grow(split, split->asset, struct split_asset, split->n);
    char *path = mem_printf(split, ".%s.%s.%s.%s", s->name[0], s->name[1], s->name[2], s->name[3]);
    split->asset[split->n++] = (struct split_asset){ str_of(path), s->name[1], s->name[3], value };
}

/* Whether an asset can be behind a member of this NAME at DEPTH. */
static bool leads_on(unsigned depth, const char *name)
{
    static const char *const keys[ASSET_DEPTH] = { "platforms", NULL, "locales", NULL };
    return keys[depth] == NULL || strcmp(keys[depth], name) == 0;
}

/* The base of OBJECT, which is DEPTH members down the way; its assets are added. */
static cJSON *split_object(struct splitter *s, const cJSON *object, unsigned depth)
{
    cJSON *base = mem_check(cJSON_CreateObject());
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        cJSON *rest = NULL;
        bool on_way = leads_on(depth, member->string);
        s->name[depth] = member->string;
        if (on_way && depth == ASSET_DEPTH - 1) {
            add_asset(s, member);
        } else if (on_way && cJSON_IsObject(member)) {
            rest = split_object(s, member, depth + 1);
        } else {
            rest = mem_check(cJSON_Duplicate(member, true));
        }
        if (rest != NULL && on_way && cJSON_IsObject(rest) && rest->child == NULL) {
            cJSON_Delete(rest);
        } else if (rest != NULL) {
            cJSON_AddItemToObject(base, member->string, rest);
        }
    }
    return base;
}

static int free_split(struct split *split)
{
    cJSON_Delete(split->base);
    return 0;
}

struct split *blob_split(void *ctx, const cJSON *blob, int schema_version)
{
    struct split *split = mem_new(ctx, struct split);
    struct splitter s = { .split = split };
    talloc_set_destructor(split, free_split);
    split->base = schema_version >= 1 && schema_version <= 9 ? split_object(&s, blob, 0)
                                                             : mem_check(cJSON_Duplicate(blob, true));
    return split;
}
