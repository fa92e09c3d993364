/* The path of an asset, ".platforms.P.locales.L", is split at every dot and what is before the first is
 * dropped; objects missing on the way are made (reference: util/data_structures.py ensure_path_exists,
 * get_by_path, set_by_path). */
#include "release/assets.h"

#include <stdlib.h>

enum { ASSETS_SLOTS_MIN = 64 };

/* Where the member NAME of the object PARENT is kept; a NULL NAME says that all members of PARENT are. */
struct assets_slot {
    const cJSON *parent; /* NULL: the slot is free */
    struct str name;
    cJSON *item;
};

/* ---- members by parent and name ---- */

static size_t member_hash(const cJSON *parent, struct str name)
{
    return (size_t)str_fold(str_hash(name) ^ (uint64_t)(uintptr_t)parent << 16);
}

static struct assets_slot *find_member_slot(const struct assets *a, const cJSON *parent, struct str name)
{
    size_t i = member_hash(parent, name) & (a->cap - 1);
    while (a->slot[i].parent != NULL && (a->slot[i].parent != parent || !str_eq(a->slot[i].name, name))) {
        i = (i + 1) & (a->cap - 1);
    }
    return &a->slot[i];
}

static void grow_index(struct assets *a)
{
    struct assets bigger = *a;
    bigger.cap = a->cap > 0 ? 2 * a->cap : ASSETS_SLOTS_MIN;
    bigger.slot = mem_check(calloc(bigger.cap, sizeof(*bigger.slot)));
    for (size_t i = 0; i < a->cap; i++) {
        if (a->slot[i].parent != NULL) {
            *find_member_slot(&bigger, a->slot[i].parent, a->slot[i].name) = a->slot[i];
        }
    }
    free(a->slot);
    *a = bigger;
}

static void index_member(struct assets *a, const cJSON *parent, struct str name, cJSON *item)
{
    if (a->n * 4 >= a->cap * 3) {
        grow_index(a);
    }
    struct assets_slot *slot = find_member_slot(a, parent, name);
    a->n += slot->parent == NULL;
    *slot = (struct assets_slot){ parent, name, item };
}

/* The member NAME of PARENT, an object; NULL when there is none. */
static cJSON *find_member(struct assets *a, cJSON *parent, struct str name)
{
    if (a->n == 0 || find_member_slot(a, parent, STR_NONE)->parent == NULL) {
        index_member(a, parent, STR_NONE, parent);
        for (cJSON *item = parent->child; item != NULL; item = item->next) {
            index_member(a, parent, str_of(item->string), item);
        }
    }
    return find_member_slot(a, parent, name)->item;
}

static void add_member(struct assets *a, cJSON *parent, struct str name, cJSON *item)
{
    void *scratch = mem_check(talloc_new(NULL));
    cJSON_AddItemToObject(parent, mem_strndup(scratch, name.p, name.n), item);
    talloc_free(scratch);
    index_member(a, parent, str_of(item->string), item);
}

/* Makes ITEM, a member of an object, what VALUE is, and frees VALUE with what ITEM was. */
static void replace_value(cJSON *item, cJSON *value)
{
    cJSON was = *item;
    enum { CONST = cJSON_StringIsConst };
    item->type = (value->type & ~CONST) | (was.type & CONST);
    item->child = value->child;
    item->valuestring = value->valuestring;
    item->valuedouble = value->valuedouble;
    value->type = (was.type & ~CONST) | (value->type & CONST);
    value->child = was.child;
    value->valuestring = was.valuestring;
    cJSON_Delete(value);
}

/* Paths that lead through ITEM are looked up afresh once it is another value. */
static void forget_below(struct assets *a, const cJSON *item)
{
    if (find_member_slot(a, item, STR_NONE)->parent != NULL) {
        memset(a->slot, 0, a->cap * sizeof(*a->slot));
        a->n = 0;
    }
}

/* ---- paths ---- */

void assets_open(struct assets *a, cJSON *root)
{
    *a = (struct assets){ .root = root };
}

void assets_close(struct assets *a)
{
    free(a->slot);
    *a = (struct assets){ .root = NULL };
}

void assets_put(struct assets *a, struct str path, cJSON *value)
{
    cJSON *at = a->root;
    struct str rest = path, piece;
    str_split(&rest, '.', &piece);
    while (str_split(&rest, '.', &piece) && cJSON_IsObject(at)) {
        cJSON *next = find_member(a, at, piece);
        if (str_absent(rest)) {
            if (next != NULL) {
                forget_below(a, next);
                replace_value(next, value);
            } else {
                add_member(a, at, piece, value);
            }
            return;
        }
        if (next == NULL) {
            next = mem_check(cJSON_CreateObject());
            add_member(a, at, piece, next);
        }
        at = next;
    }
    cJSON_Delete(value); /* where the path leads nowhere */
}

const cJSON *assets_get(struct assets *a, struct str path)
{
    cJSON *at = a->root;
    struct str rest = path, piece;
    str_split(&rest, '.', &piece);
    while (at != NULL && str_split(&rest, '.', &piece)) {
        at = cJSON_IsObject(at) ? find_member(a, at, piece) : NULL;
    }
    return at;
}

static cJSON *parse_base(struct str json, struct error *e)
{
    if (str_absent(json)) {
        return mem_check(cJSON_CreateObject());
    }
    cJSON *base = json_parse(json, e);
    if (base != NULL && !cJSON_IsObject(base)) {
        error_set(e, ERROR_INTERNAL, "the blob is no object");
        cJSON_Delete(base);
        return NULL;
    }
    return base;
}

cJSON *assets_value(const struct release_asset *asset)
{
    cJSON *value = str_absent(asset->json) ? NULL : json_parse(asset->json, NULL);
    return value != NULL ? value : mem_check(cJSON_CreateNull());
}

cJSON *assets_merge(const struct release_row *row, struct error *e)
{
    cJSON *blob = parse_base(row->json, e);
    if (blob == NULL) {
        return NULL;
    }
    struct assets assets;
    assets_open(&assets, blob);
    for (size_t i = 0; i < row->n_assets; i++) {
        assets_put(&assets, row->assets[i].path, assets_value(&row->assets[i]));
    }
    assets_close(&assets);
    return blob;
}
