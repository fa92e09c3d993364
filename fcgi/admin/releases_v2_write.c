/* Whole v2 releases: replaced (PUT), deleted, made read-only and writable again. (reference:
 * services/releases.py set_release, delete_release, set_read_only) */
#include "admin/release_blob.h"
#include "admin/release_uses.h"
#include "admin/releases_v2_edit.h"
#include "core/tree.h"
#include "store/resource_write.h"
#include "store/schedule.h"

#include <limits.h>
#include <stdlib.h>

enum { UNLOCK_DELAY_MS = 30000 }; /* how far ahead a release is scheduled to become writable */

/* ---- replacing ---- */

/* The rows of the release besides its base. */
struct current_rows {
    cJSON *asset; /* {path: row} */
    struct tree_index by_path;
    cJSON *pending_bases;
    cJSON *pending_assets;
    const cJSON **pending; /* pending_assets, sorted by path */
    size_t n_pending;
};

static int free_current(struct current_rows *p)
{
    tree_index_free(&p->by_path);
    return 0;
}

static int by_base_path(const void *a, const void *b)
{
    return strcmp(row_text(*(const cJSON *const *)a, "base_path"),
                  row_text(*(const cJSON *const *)b, "base_path"));
}

static void sort_pending(struct tx *tx, struct current_rows *p)
{
    p->pending = mem_array(tx->mem, const cJSON *, (size_t)cJSON_GetArraySize(p->pending_assets) + 1);
    for (const cJSON *row = p->pending_assets->child; row != NULL; row = row->next) {
        p->pending[p->n_pending++] = row;
    }
    if (p->n_pending > 1) {
        qsort(p->pending, p->n_pending, sizeof(*p->pending), by_base_path);
    }
}

static struct current_rows *read_current(struct edit *edit, struct error *e)
{
    cJSON *rows;
    struct current_rows *p = mem_new(edit->tx->mem, struct current_rows);
    if (!releases_v2_read_assets(edit->tx, edit->name, true, &rows, e) ||
        !releases_v2_read_pending(edit->tx, &releases_json_resource, edit->name, false, &p->pending_bases,
                                  e) ||
        !releases_v2_read_pending(edit->tx, &release_assets_resource, edit->name, false, &p->pending_assets,
                                  e)) {
        return NULL;
    }
    sort_pending(edit->tx, p);
    p->asset = tx_keep(edit->tx, mem_check(cJSON_CreateObject()));
    for (cJSON *row = rows->child; row != NULL; row = row->next) {
        cJSON_AddItemReferenceToObject(p->asset, row_text(row, "path"), row);
    }
    tree_index_init(&p->by_path, p->asset);
    talloc_set_destructor(p, free_current);
    return p;
}

/* Drops what is scheduled for the base. */
static bool cancel_base(struct edit *edit, const struct current_rows *p, struct error *e)
{
    for (const cJSON *row = p->pending_bases->child; row != NULL; row = row->next) {
        if (!sc_delete(edit->tx, &releases_json_resource, row_int(row, "sc_id"), row_int(row, "data_version"),
                       e)) {
            return false;
        }
    }
    return true;
}

/* Deletes the scheduled changes of the asset at PATH. */
static bool cancel_asset(struct edit *edit, const struct current_rows *p, const char *path, struct error *e)
{
    size_t first = 0;
    for (size_t end = p->n_pending; first < end;) {
        size_t middle = first + (end - first) / 2;
        if (strcmp(row_text(p->pending[middle], "base_path"), path) < 0) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    for (; first < p->n_pending && strcmp(row_text(p->pending[first], "base_path"), path) == 0; first++) {
        const cJSON *row = p->pending[first];
        if (!sc_delete(edit->tx, &release_assets_resource, row_int(row, "sc_id"),
                       row_int(row, "data_version"), e)) {
            return false;
        }
    }
    return true;
}

/* The row at PATH (NULL: the base) exists, but the client names no version of it: it expected that there is
 * none. */
static bool refuse_without_version(struct edit *edit, const char *path, const struct current_rows *p,
                                   struct error *e)
{
    if (edit->when != 0 && (p->pending_bases->child != NULL || p->pending_assets->child != NULL)) {
        return fail(e, FAIL_SCHEDULED, "Cannot schedule a change for a row with one already scheduled");
    }
    return fail(e, FAIL_OUTDATED, "%s exists, and old_data_versions does not say its version",
                path != NULL ? path : edit->name);
}

static bool plan_base_replacement(struct edit *edit, const cJSON *base, const struct current_rows *p,
                                  struct error *e)
{
    int64_t version = releases_v2_edit_version(edit, NULL);
    if (tree_equal(edit->blob, base)) {
        return cancel_base(edit, p, e);
    }
    if (edit->base != NULL && version == 0) {
        return refuse_without_version(edit, NULL, p, e);
    }
    if (edit->base == NULL && version > 0) {
        return fail(e, FAIL_OUTDATED, "%s does not exist any more", edit->name);
    }
    releases_v2_edit_plan(edit, (struct planned_write){ version > 0 ? CHANGE_UPDATE : CHANGE_INSERT, NULL,
                                                        base, version, NULL });
    return true;
}

static bool plan_asset_replacement(struct edit *edit, const struct split_asset *asset,
                                   const struct current_rows *p, struct error *e)
{
    const char *path = asset->path.p;
    const cJSON *row = tree_index_get(&p->by_path, path);
    int64_t version = releases_v2_edit_version(edit, path);
    if (row != NULL && tree_equal(asset->value, json_get(row, "data"))) {
        return cancel_asset(edit, p, path, e);
    }
    if (row != NULL && version == 0 && edit->when == 0) {
        return refuse_without_version(edit, path, p, e);
    }
    if (row == NULL && version > 0 && edit->when == 0) {
        return fail(e, FAIL_OUTDATED, "%s does not exist any more", path);
    }
    releases_v2_edit_plan(edit, (struct planned_write){ version > 0 ? CHANGE_UPDATE : CHANGE_INSERT, path,
                                                        asset->value, version, NULL });
    return true;
}

/* Plans to delete the assets that the new release does not have. SPLIT is sorted by path. */
static void plan_removals(struct edit *edit, const struct split *split, const struct current_rows *p)
{
    for (const cJSON *row = p->asset->child; row != NULL; row = row->next) {
        if (!releases_v2_edit_split_has(split, row->string)) {
            releases_v2_edit_plan(edit, (struct planned_write){ CHANGE_DELETE, row->string, NULL,
                                                                releases_v2_edit_version(edit, row->string),
                                                                NULL });
        }
    }
}

static bool plan_replacement(struct edit *edit, const struct split *split, struct error *e)
{
    const struct current_rows *p = read_current(edit, e);
    if (p == NULL || !plan_base_replacement(edit, split->base, p, e)) {
        return false;
    }
    for (size_t i = 0; i < split->n; i++) {
        if (!plan_asset_replacement(edit, &split->asset[i], p, e)) {
            return false;
        }
    }
    plan_removals(edit, split, p);
    return true;
}

/* Checks the permission to replace the release. PRODUCT is that in the body, or NULL. */
static bool may_replace(struct edit *edit, const char *product, struct error *e)
{
    if (edit->product == NULL || edit->product[0] == '\0') {
        return releases_v2_demand(edit->tx, "create", product, e);
    }
    if (!releases_v2_demand(edit->tx, "modify", edit->product, e) ||
        (product != NULL && !releases_v2_demand(edit->tx, "modify", product, e))) {
        return false;
    }
    return (!row_true(edit->base, "read_only") ||
            fail(e, FAIL_READ_ONLY, "Cannot overwrite a Release that is marked as read-only")) &&
           releases_v2_edit_fits_v1(edit, product != NULL ? product : edit->product, e);
}

bool releases_v2_replace(struct admin_call *call, struct error *e)
{
    struct edit edit = releases_v2_edit_of(call);
    const cJSON *blob = json_get_object(call->body, "blob");
    const char *product = json_get_string(call->body, "product");
    bool must, any;
    product = product != NULL && product[0] != '\0' ? product : NULL;
    if (!releases_v2_demand_of(call->tx, edit.name, "modify", e) ||
        !releases_v2_edit_read_base(&edit, ROW_LOCKED, e) || !may_replace(&edit, product, e)) {
        return false;
    }
    edit.answer = releases_v2_edit_tree(call->tx, tx_keep(call->tx, mem_check(cJSON_CreateObject())));
    edit.product = product != NULL ? product : edit.product;
    struct blob_change change = { .blob = blob, .old = edit.blob };
    if (!release_blob_check(call->tx, edit.name, edit.product, &change, e)) {
        return false;
    }
    if (cJSON_IsTrue(json_get(call->body, "replace_scheduled")) &&
        !releases_v2_drop_scheduled(call->tx, edit.name, &any, e)) {
        return false;
    }
    int64_t format;
    json_int(json_get(blob, "schema_version"), 0, INT_MAX, &format);
    if (!plan_replacement(&edit, releases_v2_edit_split(&edit, blob, format), e) ||
        !releases_v2_edit_must_schedule(&edit, &must, e)) {
        return false;
    }
    if (must && edit.n > 0) {
        return releases_v2_edit_refuse_direct(e);
    }
    return releases_v2_edit_write(&edit, e) && admin_json(call, edit.answer->root);
}

/* ---- deleting ---- */

static bool may_delete(struct tx *tx, const char *name, const cJSON *base, struct error *e)
{
    const char *rule, *pin;
    if (!release_uses_by_rule(tx, name, &rule, e) || !release_uses_by_pin(tx, name, &pin, e)) {
        return false;
    }
    if (rule != NULL || pin != NULL) {
        return fail(e, FAIL_INVALID, "Cannot delete release that is %s: %s",
                    rule != NULL ? "mapped to" : "pinnable", rule != NULL ? rule : pin);
    }
    return releases_v2_demand(tx, "delete", row_text(base, "product"), e) &&
           (!row_true(base, "read_only") ||
            fail(e, FAIL_READ_ONLY, "Cannot delete a Release that is marked as read-only"));
}

static bool delete_rows(struct tx *tx, const char *name, const cJSON *base, struct error *e)
{
    cJSON *assets;
    if (!releases_v2_read_assets(tx, name, false, &assets, e)) {
        return false;
    }
    for (const cJSON *row = assets->child; row != NULL; row = row->next) {
        if (!resource_delete(tx, &release_assets_resource, row, row_int(row, "data_version"), NULL, e)) {
            return false;
        }
    }
    return resource_delete(tx, &releases_json_resource, base, row_int(base, "data_version"), NULL, e);
}

bool releases_v2_delete(struct admin_call *call, struct error *e)
{
    struct tx *tx = call->tx;
    const char *name = admin_text(call, call->param[0]);
    cJSON *base, *bases, *assets;
    bool any;
    if (!releases_v2_demand_of(tx, name, "delete", e) ||
        !releases_v2_read_base(tx, name, ROW_LOCKED, &base, e) ||
        !releases_v2_read_pending(tx, &releases_json_resource, name, false, &bases, e) ||
        !releases_v2_read_pending(tx, &release_assets_resource, name, false, &assets, e)) {
        return false;
    }
    if (base == NULL && bases->child == NULL && assets->child == NULL) {
        return admin_problem(call, 404, "Not Found", "Release does not exist", NULL);
    }
    if ((base == NULL || bases->child != NULL) &&
        !releases_v2_demand(tx, "delete", row_text(bases->child, "base_product"), e)) {
        return false;
    }
    /* Rows with scheduled changes cannot be deleted. */
    return (base == NULL || may_delete(tx, name, base, e)) && releases_v2_drop_scheduled(tx, name, &any, e) &&
           (base == NULL || delete_rows(tx, name, base, e)) && releases_v2_answer_empty(call);
}

/* ---- read-only ---- */

/* A release can only become writable by a scheduled change if any change of its product needs sign-offs, even
 * if nothing maps to the release yet. */
static bool needs_schedule(struct tx *tx, const char *name, const cJSON *base, bool read_only, bool *needed,
                           struct error *e)
{
    cJSON *needs = signoff_needs_new(tx);
    bool ok = read_only || signoff_need_writable(tx, name, row_text(base, "product"), needs, e);
    *needed = ok && signoff_needs_any(needs);
    return ok;
}

static bool schedule_writable(struct admin_call *call, const char *name, const cJSON *base, int64_t version,
                              struct error *e)
{
    cJSON *leaf;
    cJSON *values = row_key(call->tx, "name", name);
    mem_check(cJSON_AddStringToObject(values, "product", row_text(base, "product")));
    cJSON_AddItemReferenceToObject(values, "data", (cJSON *)json_get(base, "data"));
    mem_check(cJSON_AddFalseToObject(values, "read_only"));
    struct row_schedule schedule = { &releases_json_resource, CHANGE_UPDATE, values, version,
                                     call->now_ms + UNLOCK_DELAY_MS };
    return releases_v2_schedule_row(call->tx, &schedule, &leaf, e) && releases_v2_answer_base(call, leaf);
}

bool releases_v2_set_read_only(struct admin_call *call, struct error *e)
{
    struct tx *tx = call->tx;
    const char *name = admin_text(call, call->param[0]);
    bool needed, read_only = cJSON_IsTrue(json_get(call->body, "read_only"));
    int64_t version = 0;
    cJSON *base;
    body_int(call->body, "old_data_version", &version);
    if (!releases_v2_read_base(tx, name, ROW_LOCKED, &base, e)) {
        return false;
    }
    if (base == NULL) {
        return admin_problem(call, 404, "Missing", "Release does not exist", NULL);
    }
    if (!needs_schedule(tx, name, base, read_only, &needed, e) ||
        !releases_v2_demand_read_only(tx, read_only, row_text(base, "product"), e)) {
        return false;
    }
    if (needed) {
        return schedule_writable(call, name, base, version, e);
    }
    cJSON *what = tx_keep(tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddBoolToObject(what, "read_only", read_only));
    return resource_update(tx, &releases_json_resource,
                           &(struct resource_edit){ .key = base, .what = what, .data_version = version },
                           NULL, e) &&
           releases_v2_answer_base(call, mem_check(cJSON_CreateNumber((double)(version + 1))));
}
