/* The path of an asset, ".platforms.P.locales.L", is split at every dot and what is before the first is
 * dropped; objects missing on the way are made (reference: util/data_structures.py ensure_path_exists,
 * get_by_path, set_by_path). */
#include "blob/assets.h"

/* The member PIECE of OBJECT. *KEY receives its name as cJSON wants it, owned by SCRATCH. */
static cJSON *member(void *scratch, cJSON *object, struct str piece, const char **key)
{
    *key = mem_strndup(scratch, piece.p, piece.n);
    return cJSON_GetObjectItemCaseSensitive(object, *key);
}

static void set_member(cJSON *object, cJSON *old, const char *key, cJSON *value)
{
    if (old != NULL) {
        cJSON_ReplaceItemInObjectCaseSensitive(object, key, value);
    } else {
        cJSON_AddItemToObject(object, key, value);
    }
}

void assets_put(cJSON *root, struct str path, cJSON *value)
{
    void *scratch = mem_check(talloc_new(NULL));
    cJSON *at = root;
    struct str rest = path, piece;
    str_split(&rest, '.', &piece);
    while (str_split(&rest, '.', &piece) && cJSON_IsObject(at)) {
        const char *key;
        cJSON *next = member(scratch, at, piece, &key);
        if (str_absent(rest)) {
            set_member(at, next, key, value);
            value = NULL;
            break;
        }
        if (next == NULL) {
            next = mem_check(cJSON_CreateObject());
            set_member(at, NULL, key, next);
        }
        at = next;
    }
    cJSON_Delete(value); /* where the path leads nowhere */
    talloc_free(scratch);
}

const cJSON *assets_get(const cJSON *root, struct str path)
{
    void *scratch = mem_check(talloc_new(NULL));
    const cJSON *at = root;
    struct str rest = path, piece;
    str_split(&rest, '.', &piece);
    while (at != NULL && str_split(&rest, '.', &piece)) {
        at = json_get(at, mem_strndup(scratch, piece.p, piece.n));
    }
    talloc_free(scratch);
    return at;
}

static cJSON *parse_base(struct str json, struct error *e)
{
    if (str_absent(json)) {
        return mem_check(cJSON_CreateObject());
    }
    cJSON *base = json_parse(json, e);
    if (base != NULL && !cJSON_IsObject(base)) {
        error_set(e, 500, "the blob is no object");
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
    for (size_t i = 0; i < row->n_assets; i++) {
        assets_put(blob, row->assets[i].path, assets_value(&row->assets[i]));
    }
    return blob;
}
