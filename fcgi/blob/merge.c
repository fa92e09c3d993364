/* Both merges copy the values that they use. Members of objects are found through an index and items of lists
 * through a hash table, so that merging a large body costs no more than sorting it. */
#include "blob/merge.h"

#include "core/mem.h"
#include "core/tree.h"

#include <stdlib.h>

enum { SIDES = 3, ANCESTOR = 0, LEFT = 1, RIGHT = 2 };

static cJSON *copy_of(const cJSON *value)
{
    return mem_check(cJSON_Duplicate(value, true));
}

/* The types that Python tells apart. */
enum merge_type { TYPE_NONE, TYPE_BOOL, TYPE_NUMBER, TYPE_STRING, TYPE_LIST, TYPE_DICT };

static enum merge_type merge_type_of(const cJSON *value)
{
    return value == NULL || cJSON_IsNull(value) ? TYPE_NONE
           : cJSON_IsBool(value)                ? TYPE_BOOL
           : cJSON_IsNumber(value)              ? TYPE_NUMBER
           : cJSON_IsString(value)              ? TYPE_STRING
           : cJSON_IsArray(value)               ? TYPE_LIST
                                                : TYPE_DICT;
}

/* KEY with '?' for each character that is not ASCII. */
static const char *print_ascii(const char *key, char *out, size_t size)
{
    size_t n = 0;
    for (; *key != '\0' && n + 1 < size; key++) {
        unsigned char c = (unsigned char)*key;
        if ((c & 0xc0) != 0x80) {
            out[n++] = (char)(c < 0x80 ? c : '?');
        }
    }
    out[n] = '\0';
    return out;
}

static cJSON *refuse_merge(struct error *e, const char *why, const char *key)
{
    char shown[200];
    error_set(e, ERROR_BAD_REQUEST, "Cannot merge blobs: %s '%s'", why,
              print_ascii(key, shown, sizeof shown));
    return NULL;
}

/* The items of a merged list so far: a hash table (open addressing) with the first item of each set that
 * Python calls equal. */
struct merged_items {
    cJSON *list;
    const cJSON **slot;
    size_t cap; /* a power of two */
};

/* The slot of the item that equals ITEM, or a free one. */
static const cJSON **find_item_slot(const struct merged_items *items, const cJSON *item)
{
    size_t at = tree_hash(item) & (items->cap - 1);
    while (items->slot[at] != NULL && !tree_equal(items->slot[at], item)) {
        at = (at + 1) & (items->cap - 1);
    }
    return &items->slot[at];
}

/* Python's isinstance(ITEM, type(KNOWN)) for equal values: a bool is an int, too. */
static bool is_instance(const cJSON *item, const cJSON *known)
{
    return merge_type_of(item) == merge_type_of(known) || cJSON_IsNumber(known);
}

static void add_items(struct merged_items *items, const cJSON *list)
{
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        const cJSON **slot = find_item_slot(items, item);
        if (*slot != NULL && is_instance(item, *slot)) {
            continue;
        }
        cJSON *added = copy_of(item);
        cJSON_AddItemToArray(items->list, added);
        *slot = *slot != NULL ? *slot : added;
    }
}

static cJSON *merge_lists(const cJSON *const value[SIDES])
{
    size_t n = 0;
    struct merged_items items = { .list = mem_check(cJSON_CreateArray()), .cap = 16 };
    for (unsigned i = 0; i < SIDES; i++) {
        n += (size_t)cJSON_GetArraySize(value[i]);
    }
    while (items.cap < 2 * n) {
        items.cap *= 2;
    }
    items.slot = mem_check(calloc(items.cap, sizeof(*items.slot)));
    for (unsigned i = 0; i < SIDES; i++) {
        if (value[i] != NULL) {
            add_items(&items, value[i]);
        }
    }
    free(items.slot);
    return items.list;
}

static cJSON *merge_scalars(const cJSON *const value[SIDES], const char *key, struct error *e)
{
    const cJSON *ancestor = value[ANCESTOR];
    const cJSON *left = value[LEFT];
    const cJSON *right = value[RIGHT];
    bool left_changes = left != NULL && !tree_equal(ancestor, left);
    bool right_changes = right != NULL && !tree_equal(ancestor, right);
    if (left_changes && right_changes && (ancestor != NULL || !tree_equal(left, right))) {
        return refuse_merge(e, "left and right are both changing", key);
    }
    return copy_of(left_changes ? left : right_changes ? right : ancestor);
}

static cJSON *merge_dicts(const cJSON *const value[SIDES], struct error *e);

static cJSON *merge_values(const cJSON *const value[SIDES], const char *key, struct error *e)
{
    enum merge_type type = TYPE_NONE;
    bool has_null = false;
    for (unsigned i = 0; i < SIDES; i++) {
        enum merge_type other = merge_type_of(value[i]);
        if (type != TYPE_NONE && other != TYPE_NONE && other != type) {
            return refuse_merge(e, "type mismatch for", key);
        }
        type = other != TYPE_NONE ? other : type;
        has_null |= value[i] != NULL && cJSON_IsNull(value[i]);
    }
    if (type != TYPE_LIST && type != TYPE_DICT) {
        return merge_scalars(value, key, e);
    }
    if (has_null) {
        return refuse_merge(e, "type mismatch for", key);
    }
    return type == TYPE_LIST ? merge_lists(value) : merge_dicts(value, e);
}

/* Merges the members of side I that no side in BEFORE, a set of bits, has. */
static bool merge_members(const struct tree_index *ix, unsigned i, unsigned before, cJSON *result,
                          struct error *e)
{
    const cJSON *member = ix[i].object != NULL ? ix[i].object->child : NULL;
    for (; member != NULL; member = member->next) {
        const cJSON *value[SIDES];
        bool done = false;
        for (unsigned side = 0; side < SIDES; side++) {
            value[side] = side == i ? member : tree_index_get(&ix[side], member->string);
            done |= value[side] != NULL && (before >> side & 1) != 0;
        }
        cJSON *merged = done ? NULL : merge_values(value, member->string, e);
        if (merged != NULL) {
            cJSON_AddItemToObject(result, member->string, merged);
        } else if (!done) {
            return false;
        }
    }
    return true;
}

static cJSON *merge_dicts(const cJSON *const value[SIDES], struct error *e)
{
    struct tree_index ix[SIDES];
    cJSON *result = mem_check(cJSON_CreateObject());
    for (unsigned i = 0; i < SIDES; i++) {
        tree_index_init(&ix[i], value[i]);
    }
    bool ok = merge_members(ix, LEFT, 0, result, e) && merge_members(ix, RIGHT, 1 << LEFT, result, e) &&
              merge_members(ix, ANCESTOR, 1 << LEFT | 1 << RIGHT, result, e);
    for (unsigned i = 0; i < SIDES; i++) {
        tree_index_free(&ix[i]);
    }
    if (!ok) {
        cJSON_Delete(result);
        return NULL;
    }
    return result;
}

cJSON *merge_three(const cJSON *ancestor, const cJSON *left, const cJSON *right, struct error *e)
{
    const cJSON *const value[SIDES] = { ancestor, left, right };
    for (unsigned i = 0; i < SIDES; i++) {
        if (!cJSON_IsObject(value[i])) {
            error_set(e, ERROR_BAD_REQUEST, "Cannot merge blobs: one of them is not an object");
            return NULL;
        }
    }
    return merge_dicts(value, e);
}

void merge_over(cJSON *base, const cJSON *next)
{
    struct tree_index ix;
    tree_index_init(&ix, base);
    cJSON **old = mem_check(malloc(((size_t)cJSON_GetArraySize(next) + 1) * sizeof(cJSON *)));
    size_t n = 0;
    for (const cJSON *member = next->child; member != NULL; member = member->next) {
        old[n++] = (cJSON *)tree_index_get(&ix, member->string);
    }
    tree_index_free(&ix);
    n = 0;
    for (const cJSON *member = next->child; member != NULL; member = member->next, n++) {
        if (old[n] == NULL) {
            cJSON_AddItemToObject(base, member->string, copy_of(member));
        } else if (cJSON_IsObject(old[n]) && cJSON_IsObject(member)) {
            merge_over(old[n], member);
        } else {
            cJSON *value = copy_of(member);
            cJSON_ReplaceItemViaPointer(base, old[n], value);
        }
    }
    free(old);
}
