/* Every function recurses; the parser has limited how deep a value is nested. */
#include "core/tree.h"

#include "core/mem.h"

#include <stdlib.h>

enum { INDEX_FEW = 16 };

static int compare_member_names(const void *a, const void *b)
{
    const cJSON *const *x = a;
    const cJSON *const *y = b;
    return strcmp((*x)->string, (*y)->string);
}

void tree_index_init(struct tree_index *ix, const cJSON *object)
{
    *ix = (struct tree_index){ .object = object, .n = (size_t)cJSON_GetArraySize(object) };
    if (ix->n <= INDEX_FEW) {
        return;
    }
    ix->item = mem_check(malloc(ix->n * sizeof(cJSON *)));
    size_t n = 0;
    for (const cJSON *child = object->child; child != NULL; child = child->next) {
        ix->item[n++] = child;
    }
    qsort(ix->item, n, sizeof(cJSON *), compare_member_names);
}

void tree_index_free(struct tree_index *ix)
{
    free(ix->item);
}

static int name_against(const void *name, const void *item)
{
    const cJSON *const *x = item;
    return strcmp(name, (*x)->string);
}

const cJSON *tree_index_get(const struct tree_index *ix, const char *name)
{
    if (ix->item == NULL) {
        return cJSON_GetObjectItemCaseSensitive(ix->object, name);
    }
    const cJSON *const *found = bsearch(name, ix->item, ix->n, sizeof(cJSON *), name_against);
    return found != NULL ? *found : NULL;
}

static bool is_numeric(const cJSON *value)
{
    return cJSON_IsNumber(value) || cJSON_IsBool(value);
}

static double numeric_value(const cJSON *value)
{
    return cJSON_IsNumber(value) ? value->valuedouble : cJSON_IsTrue(value);
}

static bool lists_equal(const cJSON *a, const cJSON *b)
{
    const cJSON *x = a->child;
    const cJSON *y = b->child;
    while (x != NULL && y != NULL && tree_equal(x, y)) {
        x = x->next;
        y = y->next;
    }
    return x == NULL && y == NULL;
}

static bool objects_equal(const cJSON *a, const cJSON *b)
{
    struct tree_index ix;
    tree_index_init(&ix, b);
    bool equal = ix.n == (size_t)cJSON_GetArraySize(a);
    for (const cJSON *x = a->child; equal && x != NULL; x = x->next) {
        equal = tree_equal(x, tree_index_get(&ix, x->string));
    }
    tree_index_free(&ix);
    return equal;
}

bool tree_equal(const cJSON *a, const cJSON *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    if (is_numeric(a) && is_numeric(b)) {
        return numeric_value(a) == numeric_value(b);
    }
    if ((a->type & 0xff) != (b->type & 0xff)) {
        return false;
    }
    if (cJSON_IsString(a)) {
        return strcmp(a->valuestring, b->valuestring) == 0;
    }
    if (cJSON_IsArray(a)) {
        return lists_equal(a, b);
    }
    return !cJSON_IsObject(a) || objects_equal(a, b);
}

static uint32_t number_hash(double d)
{
    char bytes[sizeof d];
    d += 0.0; /* -0.0 equals 0.0 */
    memcpy(bytes, &d, sizeof d);
    return str_hash((struct str){ bytes, sizeof bytes });
}

uint32_t tree_hash(const cJSON *value)
{
    enum { PRIME = 16777619 };
    if (is_numeric(value)) {
        return number_hash(numeric_value(value));
    }
    if (cJSON_IsString(value)) {
        return str_hash(str_of(value->valuestring));
    }
    uint32_t hash = (uint32_t)(value->type & 0xff);
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        hash = cJSON_IsObject(value) ? hash + tree_hash(child) * (str_hash(str_of(child->string)) | 1)
                                     : hash * PRIME + tree_hash(child);
    }
    return hash;
}
