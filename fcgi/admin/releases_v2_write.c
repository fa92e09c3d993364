/* POST and PUT /v2/releases/{name}: a part of a release merged into it, or a whole one in its place.
 * (reference: services/releases.py update_release, set_release)
 *
 * First it is planned, row by row, what is to be written; then the plan is carried out, at once or, where the
 * body has a `when`, by scheduling each row's change. Nothing but the planned rows is written, so that
 * submissions of different locales do not meet. */
#include "admin/release_rows.h"
#include "admin/releases_v2.h"
#include "blob/merge.h"
#include "blob/split.h"
#include "blob/validate.h"
#include "core/tree.h"
#include "release/assets.h"
#include "store/resource_write.h"
#include "store/schedule.h"
#include "store/schedule_signoffs.h"

#include <limits.h>
#include <stdlib.h>

/* One row to be written. */
struct write {
    enum change_type type;
    const char *path;  /* NULL: the base */
    const cJSON *data; /* the new one; NULL for a delete */
    int64_t version;   /* of the row, as the client knows it; 0 for an insert */
};

struct edit {
    struct admin_call *call;
    struct tx *tx;
    const char *name;
    const cJSON *base;    /* the row; NULL: there is none yet */
    const cJSON *blob;    /* what is in it */
    const char *product;  /* that the release is to have */
    struct assets *said;  /* old_data_versions, where there are any */
    int64_t when;         /* 0: now */
    struct write *writes; /* in the order in which they are made */
    size_t n;
    struct assets *answer; /* the new data versions */
};

static int close_tree(struct assets *tree)
{
    assets_close(tree);
    return 0;
}

/* ROOT as a tree, closed with the transaction. */
static struct assets *open_tree(struct tx *tx, cJSON *root)
{
    struct assets *tree = mem_new(tx->mem, struct assets);
    assets_open(tree, root);
    talloc_set_destructor(tree, close_tree);
    return tree;
}

static struct edit edit_of(struct admin_call *call)
{
    struct edit edit = {
        .call = call,
        .tx = call->tx,
        .name = admin_text(call, call->param[0]),
        .said = open_tree(call->tx, (cJSON *)json_get_object(call->body, "old_data_versions")),
    };
    body_int(call->body, "when", &edit.when);
    return edit;
}

/* The version that the client says the row at PATH has; 0 when he says none. */
static int64_t version_said(const struct edit *edit, const char *path)
{
    const cJSON *version =
        path == NULL ? json_get(edit->said->root, ".") : assets_get(edit->said, str_of(path));
    int64_t n;
    if (!json_int(version, 1, INT32_MAX, &n) && cJSON_IsNumber(version) && version->valuedouble >= 1) {
        n = INT32_MAX; /* no row is at such a version */
    }
    return n;
}

static void plan(struct edit *edit, struct write write)
{
    if ((edit->n & (edit->n - 1)) == 0) { /* a power of two, or none yet: full */
        edit->writes = mem_resize(edit->tx->mem, edit->writes, struct write, edit->n > 0 ? edit->n * 2 : 1);
    }
    edit->writes[edit->n++] = write;
}

/* ---- carrying it out ---- */

bool releases_v2_schedule_row(struct tx *tx, const struct resource *r, enum change_type type,
                              const cJSON *values, int64_t version, int64_t when, cJSON **leaf,
                              struct error *e)
{
    int64_t sc_id;
    cJSON *signoffs;
    cJSON *change = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const cJSON *value = values->child; value != NULL; value = value->next) {
        cJSON_AddItemReferenceToObject(change, value->string, (cJSON *)value);
    }
    mem_check(cJSON_AddStringToObject(change, "change_type", change_type_name(type)));
    mem_check(cJSON_AddNumberToObject(change, "when", (double)when));
    if (type != CHANGE_INSERT) {
        mem_check(cJSON_AddNumberToObject(change, "data_version", (double)version));
    }
    if (!sc_insert(tx, r, change, &sc_id, e) || !sc_signoffs(tx, r, sc_id, &signoffs, e)) {
        return false;
    }
    *leaf = mem_check(cJSON_CreateObject());
    mem_check(cJSON_AddNumberToObject(*leaf, "sc_id", (double)sc_id));
    mem_check(cJSON_AddStringToObject(*leaf, "change_type", change_type_name(type)));
    mem_check(cJSON_AddNumberToObject(*leaf, "data_version", 1));
    mem_check(cJSON_AddNumberToObject(*leaf, "when", (double)when));
    cJSON_AddItemToObject(*leaf, "signoffs", mem_check(cJSON_Duplicate(signoffs, true)));
    return true;
}

/* The key of W's row and the columns that are set. */
static cJSON *values_of(const struct edit *edit, const struct write *w)
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

static bool write_now(struct edit *edit, const struct write *w, const struct resource *r, const cJSON *values,
                      struct error *e)
{
    switch (w->type) {
    case CHANGE_INSERT:
        return resource_insert(edit->tx, r, values, NULL, NULL, e);
    case CHANGE_UPDATE:
        return resource_update(
            edit->tx, r, &(struct resource_edit){ .key = values, .what = values, .data_version = w->version },
            NULL, e);
    default:
        return w->version == 0
                   ? fail(e, FAIL_INVALID, "old_data_version must be passed for Tables that are versioned")
                   : resource_delete(edit->tx, r, values, w->version, NULL, e);
    }
}

/* The base of a new release is there at once, whenever its locales are to come. */
static bool write_one(struct edit *edit, const struct write *w, struct error *e)
{
    const struct resource *r = w->path == NULL ? &releases_json_resource : &release_assets_resource;
    const cJSON *values = values_of(edit, w);
    cJSON *leaf = NULL;
    if (edit->when != 0 && (w->path != NULL || w->type != CHANGE_INSERT)) {
        if (!releases_v2_schedule_row(edit->tx, r, w->type, values, w->version, edit->when, &leaf, e)) {
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

static bool write_all(struct edit *edit, struct error *e)
{
    for (size_t i = 0; i < edit->n; i++) {
        if (!write_one(edit, &edit->writes[i], e)) {
            return false;
        }
    }
    return true;
}

/* ---- what both ask first ---- */

static bool read_base(struct edit *edit, enum row_lock lock, struct error *e)
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

/* Whether the release needs sign-offs, and the body has no `when` by which they could be had. */
static bool must_schedule(struct edit *edit, bool *must, struct error *e)
{
    cJSON *needs = signoff_needs_new(edit->tx);
    bool ok = signoff_need_release(edit->tx, edit->name, needs, e);
    *must = ok && edit->when == 0 && signoff_needs_any(needs);
    return ok;
}

static bool refuse_direct(struct error *e)
{
    return fail(e, FAIL_SIGNOFF, "Signoff is required, cannot update Release directly");
}

static int by_path(const void *a, const void *b)
{
    return str_cmp(((const struct split_asset *)a)->path, ((const struct split_asset *)b)->path);
}

static struct split *split_sorted(struct edit *edit, const cJSON *blob, int schema_version)
{
    struct split *split = blob_split(edit->tx->mem, blob, schema_version);
    if (split->n > 1) {
        qsort(split->asset, split->n, sizeof *split->asset, by_path);
    }
    return split;
}

/* Whether the product fits the v1 release of this name, if there is one. Whatever is written at once is asked
 * again; this is for locales that are scheduled. */
static bool fits_v1(struct edit *edit, const char *product, struct error *e)
{
    struct release_rows rows;
    return release_rows_read(edit->tx, edit->name, &rows, e) &&
           release_rows_agree(edit->name, product, rows.v1, e);
}

/* ---- POST ---- */

/* BASE with NEXT over it, as the reference's merger makes it. */
static cJSON *merged(struct edit *edit, const cJSON *base, const cJSON *next)
{
    bool both = cJSON_IsObject(base) && cJSON_IsObject(next);
    cJSON *result = tx_keep(edit->tx, mem_check(cJSON_Duplicate(both ? base : next, true)));
    if (both) {
        merge_over(result, next);
    }
    return result;
}

/* Plans the base's change, if PART changes it; *BASE becomes what will be in it. */
static bool plan_base_merge(struct edit *edit, const cJSON *part, const cJSON **base, struct error *e)
{
    int64_t version = version_said(edit, NULL);
    *base = edit->blob;
    if (part->child == NULL || tree_equal(part, edit->blob)) {
        return true;
    }
    if (version == 0) {
        return fail(e, FAIL_INVALID, "Missing data_version for .");
    }
    *base = merged(edit, edit->blob, part);
    plan(edit, (struct write){ CHANGE_UPDATE, NULL, *base, version });
    return true;
}

/* The asset at PATH, locked; *ROW is NULL when there is none. It is looked for without a lock first: to lock
 * what is not there would lock the gap in which others insert theirs. */
static bool read_asset(struct edit *edit, const char *path, cJSON **row, struct error *e)
{
    cJSON *key = row_key(edit->tx, "name", edit->name);
    cJSON_AddItemToObject(key, "path", json_text(str_of(path)));
    return row_get(edit->tx, &table_release_assets, key, ROW_PLAIN, row, e) &&
           (*row == NULL || row_get(edit->tx, &table_release_assets, key, ROW_LOCKED, row, e));
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
        plan(edit, (struct write){ CHANGE_INSERT, path, data, 0 });
    } else if (tree_equal(data, json_get(row, "data"))) {
        return true;
    } else {
        int64_t version = version_said(edit, path);
        if (version == 0) {
            return fail(e, FAIL_INVALID, "Missing data_version for %s", path);
        }
        data = merged(edit, json_get(row, "data"), data);
        plan(edit, (struct write){ CHANGE_UPDATE, path, data, version });
    }
    assets_put(whole, asset->path, mem_check(cJSON_Duplicate(data, true)));
    return true;
}

static bool plan_merge(struct edit *edit, const cJSON *part, cJSON **whole, struct error *e)
{
    const cJSON *format = json_get(edit->blob, "schema_version");
    int64_t version;
    json_int(format, 0, INT_MAX, &version);
    struct split *split = split_sorted(edit, part, version);
    const cJSON *base;
    if (!plan_base_merge(edit, split->base, &base, e)) {
        return false;
    }
    /* What is planned shares the base; the locales are put into a copy. */
    *whole = tx_keep(edit->tx, mem_check(cJSON_Duplicate(base, true)));
    struct assets *tree = open_tree(edit->tx, *whole);
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
    if (!must_schedule(edit, &must, e)) {
        return false;
    }
    if (must) {
        return refuse_direct(e);
    }
    if (!releases_v2_demand(edit->tx, "modify", edit->product, e)) {
        return false;
    }
    return (!row_true(edit->base, "read_only") ||
            fail(e, FAIL_READ_ONLY, "Cannot update a Release that is marked as read-only")) &&
           fits_v1(edit, edit->product, e);
}

/* Whether PART has nothing but locales, whatever the format: then the base need not be locked against other
 * submissions. */
static bool is_locales_only(struct edit *edit, const cJSON *part)
{
    return blob_split(edit->tx->mem, part, 9)->base->child == NULL;
}

bool releases_v2_merge(struct admin_call *call, struct error *e)
{
    struct edit edit = edit_of(call);
    const cJSON *part = json_get_object(call->body, "blob");
    cJSON *whole;
    if (!releases_v2_demand_of(call->tx, edit.name, "modify", e) ||
        !read_base(&edit, is_locales_only(&edit, part) ? ROW_SHARED : ROW_LOCKED, e)) {
        return false;
    }
    if (edit.base == NULL) {
        return admin_problem(call, 404, "Missing", "Release does not exist", NULL);
    }
    edit.answer = open_tree(call->tx, tx_keep(call->tx, mem_check(cJSON_Duplicate(edit.said->root, true))));
    if (!may_merge(&edit, e) || !plan_merge(&edit, part, &whole, e)) {
        return false;
    }
    struct blob_change change = { .blob = whole, .old = edit.blob, .part = part };
    /* Of a change that is wrong in more ways than one, the reference tells what scheduling it says first. */
    bool ok =
        edit.when != 0
            ? write_all(&edit, e) && releases_v2_validate(call->tx, edit.name, &change, edit.product, e)
            : releases_v2_validate(call->tx, edit.name, &change, edit.product, e) && write_all(&edit, e);
    return ok && admin_json(call, edit.answer->root);
}

/* ---- PUT ---- */

/* What there is besides the base: the assets by path, and what is scheduled. */
struct current_rows {
    cJSON *asset; /* {path: row} */
    struct tree_index by_path;
    cJSON *pending_bases;
    cJSON *pending_assets;
    const cJSON **pending; /* the latter, by path */
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

/* Drops what is scheduled for the asset at PATH. */
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

/* The row at PATH (NULL: the base) is there, but the client says no version of it: he takes it for new. */
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
    int64_t version = version_said(edit, NULL);
    if (tree_equal(edit->blob, base)) {
        return cancel_base(edit, p, e);
    }
    if (edit->base != NULL && version == 0) {
        return refuse_without_version(edit, NULL, p, e);
    }
    if (edit->base == NULL && version > 0) {
        return fail(e, FAIL_OUTDATED, "%s does not exist any more", edit->name);
    }
    plan(edit, (struct write){ version > 0 ? CHANGE_UPDATE : CHANGE_INSERT, NULL, base, version });
    return true;
}

static bool plan_asset_replacement(struct edit *edit, const struct split_asset *asset,
                                   const struct current_rows *p, struct error *e)
{
    const char *path = asset->path.p;
    const cJSON *row = tree_index_get(&p->by_path, path);
    int64_t version = version_said(edit, path);
    if (row != NULL && tree_equal(asset->value, json_get(row, "data"))) {
        return cancel_asset(edit, p, path, e);
    }
    if (row != NULL && version == 0 && edit->when == 0) {
        return refuse_without_version(edit, path, p, e);
    }
    if (row == NULL && version > 0 && edit->when == 0) {
        return fail(e, FAIL_OUTDATED, "%s does not exist any more", path);
    }
    plan(edit, (struct write){ version > 0 ? CHANGE_UPDATE : CHANGE_INSERT, path, asset->value, version });
    return true;
}

/* The assets that the new release does not have. SPLIT is sorted. */
static void plan_removals(struct edit *edit, const struct split *split, const struct current_rows *p)
{
    for (const cJSON *row = p->asset->child; row != NULL; row = row->next) {
        struct split_asset key = { .path = str_of(row->string) };
        bool stays =
            split->n > 0 && bsearch(&key, split->asset, split->n, sizeof *split->asset, by_path) != NULL;
        if (!stays) {
            plan(edit, (struct write){ CHANGE_DELETE, row->string, NULL, version_said(edit, row->string) });
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

/* PRODUCT is what the body says; NULL: nothing. */
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
           fits_v1(edit, product != NULL ? product : edit->product, e);
}

bool releases_v2_replace(struct admin_call *call, struct error *e)
{
    struct edit edit = edit_of(call);
    const cJSON *blob = json_get_object(call->body, "blob");
    const char *product = json_get_string(call->body, "product");
    bool must;
    product = product != NULL && product[0] != '\0' ? product : NULL;
    if (!releases_v2_demand_of(call->tx, edit.name, "modify", e) || !read_base(&edit, ROW_LOCKED, e) ||
        !may_replace(&edit, product, e)) {
        return false;
    }
    edit.answer = open_tree(call->tx, tx_keep(call->tx, mem_check(cJSON_CreateObject())));
    edit.product = product != NULL ? product : edit.product;
    struct blob_change change = { .blob = blob, .old = edit.blob };
    if (!releases_v2_validate(call->tx, edit.name, &change, edit.product, e)) {
        return false;
    }
    int64_t format;
    json_int(json_get(blob, "schema_version"), 0, INT_MAX, &format);
    if (!plan_replacement(&edit, split_sorted(&edit, blob, format), e) || !must_schedule(&edit, &must, e)) {
        return false;
    }
    if (must && edit.n > 0) {
        return refuse_direct(e);
    }
    return write_all(&edit, e) && admin_json(call, edit.answer->root);
}
