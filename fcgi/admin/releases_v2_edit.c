/* See releases_v2_edit.h. */
#include "admin/releases_v2_edit.h"

#include "admin/release_rows.h"
#include "store/resource_write.h"

#include <limits.h>
#include <stdlib.h>

static int close_tree(struct assets *tree)
{
    assets_close(tree);
    return 0;
}

struct assets *releases_v2_edit_tree(struct tx *tx, cJSON *root)
{
    struct assets *tree = mem_new(tx->mem, struct assets);
    assets_open(tree, root);
    talloc_set_destructor(tree, close_tree);
    return tree;
}

struct edit releases_v2_edit_of(struct admin_call *call)
{
    struct edit edit = {
        .call = call,
        .tx = call->tx,
        .name = admin_text(call, call->param[0]),
        .said = releases_v2_edit_tree(call->tx, (cJSON *)json_get_object(call->body, "old_data_versions")),
    };
    body_int(call->body, "when", &edit.when);
    return edit;
}

int64_t releases_v2_edit_version(const struct edit *edit, const char *path)
{
    const cJSON *version =
        path == NULL ? json_get(edit->said->root, ".") : assets_get(edit->said, str_of(path));
    int64_t n;
    if (!json_int(version, 1, INT32_MAX, &n) && cJSON_IsNumber(version) && version->valuedouble >= 1) {
        n = INT32_MAX; /* no row has such a data_version */
    }
    return n;
}

void releases_v2_edit_plan(struct edit *edit, struct planned_write write)
{
    edit->writes = mem_grow(edit->tx->mem, edit->writes, struct planned_write, edit->n);
    edit->writes[edit->n++] = write;
}

/* The key of the row that W writes, and the columns that it sets. */
static cJSON *values_of(const struct edit *edit, const struct planned_write *w)
{
    cJSON *values = row_key(edit->tx, "name", edit->name);
    if (w->path != NULL) {
        cJSON_AddItemToObject(values, "path", json_text(str_of(w->path)));
    } else if (edit->product != NULL) {
        cJSON_AddItemToObject(values, "product", json_text(str_of(edit->product)));
    }
    if (w->data != NULL) {
        cJSON_AddItemReferenceToObject(values, "data", (cJSON *)w->data);
    }
    return values;
}

static bool write_now(struct edit *edit, const struct planned_write *w, const struct resource *r,
                      const cJSON *values, struct error *e)
{
    switch (w->type) {
    case CHANGE_INSERT:
        return resource_insert(edit->tx, r, values, NULL, NULL, e);
    case CHANGE_UPDATE:
        return resource_update(edit->tx, r,
                               &(struct resource_edit){
                                   .key = values, .old = w->old, .what = values, .data_version = w->version },
                               NULL, e);
    default:
        return w->version == 0
                   ? fail(e, FAIL_INVALID, "old_data_version must be passed for Tables that are versioned")
                   : resource_delete(edit->tx, r, values, w->version, NULL, e);
    }
}

/* The base of a new release is always written at once; only its assets can be scheduled. */
static bool write_one(struct edit *edit, const struct planned_write *w, struct error *e)
{
    const struct resource *r = w->path == NULL ? &releases_json_resource : &release_assets_resource;
    const cJSON *values = values_of(edit, w);
    cJSON *leaf = NULL;
    if (edit->when != 0 && (w->path != NULL || w->type != CHANGE_INSERT)) {
        struct row_schedule schedule = { r, w->type, values, w->version, edit->when };
        if (!releases_v2_schedule_row(edit->tx, &schedule, &leaf, e)) {
            return false;
        }
    } else if (!write_now(edit, w, r, values, e)) {
        return false;
    } else if (w->type != CHANGE_DELETE) {
        leaf = mem_check(cJSON_CreateNumber((double)(w->version + 1)));
    }
    if (leaf != NULL) {
        releases_v2_put(edit->answer, w->path, leaf);
    }
    return true;
}

bool releases_v2_edit_write(struct edit *edit, struct error *e)
{
    for (size_t i = 0; i < edit->n; i++) {
        if (!write_one(edit, &edit->writes[i], e)) {
            return false;
        }
    }
    return true;
}

bool releases_v2_edit_read_base(struct edit *edit, enum row_lock lock, struct error *e)
{
    cJSON *row;
    if (!releases_v2_read_base(edit->tx, edit->name, lock, &row, e)) {
        return false;
    }
    edit->base = row;
    edit->blob = releases_v2_blob_of(edit->tx, row);
    edit->product = row_text(row, "product");
    return true;
}

bool releases_v2_edit_must_schedule(struct edit *edit, bool *must, struct error *e)
{
    cJSON *needs = signoff_needs_new(edit->tx);
    bool ok = signoff_need_release(edit->tx, edit->name, needs, e);
    *must = ok && edit->when == 0 && signoff_needs_any(needs);
    return ok;
}

bool releases_v2_edit_refuse_direct(struct error *e)
{
    return fail(e, FAIL_SIGNOFF, "Signoff is required, cannot update Release directly");
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct split_asset *)a)->path, ((const struct split_asset *)b)->path);
}

struct split *releases_v2_edit_split(struct edit *edit, const cJSON *blob, int schema_version)
{
    struct split *split = blob_split(edit->tx->mem, blob, schema_version);
    if (split->n > 1) {
        qsort(split->asset, split->n, sizeof *split->asset, by_path);
    }
    return split;
}

bool releases_v2_edit_split_has(const struct split *split, const char *path)
{
    struct split_asset key = { .path = str_of(path) };
    return split->n > 0 && bsearch(&key, split->asset, split->n, sizeof *split->asset, by_path) != NULL;
}

bool releases_v2_edit_fits_v1(struct edit *edit, const char *product, struct error *e)
{
    struct release_rows rows;
    return release_rows_read(edit->tx, edit->name, &rows, e) &&
           release_rows_agree(edit->name, product, rows.v1, e);
}
