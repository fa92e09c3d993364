/* POST /v2/releases/{name}: a part of a release is merged into it. (reference: services/releases.py
 * update_release) */
#include "admin/release_blob.h"
#include "admin/releases_v2_edit.h"
#include "blob/merge.h"
#include "core/tree.h"

#include <limits.h>

/* BASE merged with NEXT, which wins, as the reference merges them. */
static cJSON *merged(struct edit *edit, const cJSON *base, const cJSON *next)
{
    bool both = cJSON_IsObject(base) && cJSON_IsObject(next);
    cJSON *result = tx_keep(edit->tx, mem_check(cJSON_Duplicate(both ? base : next, true)));
    if (both) {
        merge_over(result, next);
    }
    return result;
}

/* Plans the change of the base, if PART changes it; *BASE becomes the new one. */
static bool plan_base_merge(struct edit *edit, const cJSON *part, const cJSON **base, struct error *e)
{
    int64_t version = releases_v2_edit_version(edit, NULL);
    *base = edit->blob;
    if (part->child == NULL || tree_equal(part, edit->blob)) {
        return true;
    }
    if (version == 0) {
        return fail(e, FAIL_INVALID, "Missing data_version for .");
    }
    *base = merged(edit, edit->blob, part);
    releases_v2_edit_plan(edit, (struct planned_write){ CHANGE_UPDATE, NULL, *base, version, NULL });
    return true;
}

/* *ROW becomes the asset at PATH, locked, or NULL. If the client does not know it, it is first read without a
 * lock: a lock on a missing row would lock the gap in which others insert theirs. */
static bool read_asset(struct edit *edit, const char *path, cJSON **row, struct error *e)
{
    cJSON *key = row_key(edit->tx, "name", edit->name);
    cJSON_AddItemToObject(key, "path", json_text(str_of(path)));
    bool expected = releases_v2_edit_version(edit, path) > 0;
    if (!expected && !row_get(edit->tx, &table_release_assets, key, ROW_PLAIN, row, e)) {
        return false;
    }
    return (!expected && *row == NULL) || row_get_release(edit->tx, &table_release_assets, key, row, e);
}

static bool plan_asset_merge(struct edit *edit, const struct split_asset *asset, struct assets *whole,
                             struct error *e)
{
    const char *path = asset->path.p;
    const cJSON *data = asset->value;
    cJSON *row;
    if (!read_asset(edit, path, &row, e)) {
        return false;
    }
    if (row == NULL) {
        releases_v2_edit_plan(edit, (struct planned_write){ CHANGE_INSERT, path, data, 0, NULL });
    } else if (tree_equal(data, json_get(row, "data"))) {
        return true;
    } else {
        int64_t version = releases_v2_edit_version(edit, path);
        if (version == 0) {
            return fail(e, FAIL_INVALID, "Missing data_version for %s", path);
        }
        data = merged(edit, json_get(row, "data"), data);
        releases_v2_edit_plan(edit, (struct planned_write){ CHANGE_UPDATE, path, data, version, row });
    }
    assets_put(whole, asset->path, mem_check(cJSON_Duplicate(data, true)));
    return true;
}

static bool plan_merge(struct edit *edit, const cJSON *part, cJSON **whole, struct error *e)
{
    const cJSON *format = json_get(edit->blob, "schema_version");
    int64_t version;
    json_int(format, 0, INT_MAX, &version);
    struct split *split = releases_v2_edit_split(edit, part, version);
    const cJSON *base;
    if (!plan_base_merge(edit, split->base, &base, e)) {
        return false;
    }
    /* The plan refers to the base, so the locales are put into a copy of it. */
    *whole = tx_keep(edit->tx, mem_check(cJSON_Duplicate(base, true)));
    struct assets *tree = releases_v2_edit_tree(edit->tx, *whole);
    for (size_t i = 0; i < split->n; i++) {
        if (!plan_asset_merge(edit, &split->asset[i], tree, e)) {
            return false;
        }
    }
    return true;
}

static bool may_merge(struct edit *edit, struct error *e)
{
    bool must;
    if (!releases_v2_edit_must_schedule(edit, &must, e)) {
        return false;
    }
    if (must) {
        return releases_v2_edit_refuse_direct(e);
    }
    if (!releases_v2_demand(edit->tx, "modify", edit->product, e)) {
        return false;
    }
    return (!row_true(edit->base, "read_only") ||
            fail(e, FAIL_READ_ONLY, "Cannot update a Release that is marked as read-only")) &&
           releases_v2_edit_fits_v1(edit, edit->product, e);
}

/* Whether PART has only locales, whatever the format: then the base need not be locked against other
 * submissions. */
static bool is_locales_only(struct edit *edit, const cJSON *part)
{
    return blob_split(edit->tx->mem, part, 9)->base->child == NULL;
}

bool releases_v2_merge(struct admin_call *call, struct error *e)
{
    struct edit edit = releases_v2_edit_of(call);
    const cJSON *part = json_get_object(call->body, "blob");
    cJSON *whole;
    if (!releases_v2_demand_of(call->tx, edit.name, "modify", e) ||
        !releases_v2_edit_read_base(&edit, is_locales_only(&edit, part) ? ROW_SHARED : ROW_LOCKED, e)) {
        return false;
    }
    if (edit.base == NULL) {
        return admin_problem(call, 404, "Missing", "Release does not exist", NULL);
    }
    edit.answer =
        releases_v2_edit_tree(call->tx, tx_keep(call->tx, mem_check(cJSON_Duplicate(edit.said->root, true))));
    if (!may_merge(&edit, e) || !plan_merge(&edit, part, &whole, e)) {
        return false;
    }
    struct blob_change change = { .blob = whole, .old = edit.blob, .part = part };
    /* If a change has several faults, the reference reports that of the scheduling first. */
    bool ok = edit.when != 0 ? releases_v2_edit_write(&edit, e) &&
                                   release_blob_check(call->tx, edit.name, edit.product, &change, e)
                             : release_blob_check(call->tx, edit.name, edit.product, &change, e) &&
                                   releases_v2_edit_write(&edit, e);
    return ok && admin_json(call, edit.answer->root);
}
