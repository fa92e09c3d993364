/* GET /v2/releases…. (reference: services/releases.py get_release, get_releases, get_data_versions,
 * get_data_version) */
#include "admin/releases_v2.h"
#include "blob/merge.h"
#include "release/assets.h"
#include "store/release_list.h"

/* ---- one release ---- */

static cJSON *new_number(int64_t n)
{
    return mem_check(cJSON_CreateNumber((double)n));
}

/* COLUMN of ROW, detached from it. */
static cJSON *detach_column(cJSON *row, const char *column)
{
    return mem_check(cJSON_DetachItemFromObjectCaseSensitive(row, column));
}

/* The answer: a release as it is, and as it will be when all its scheduled changes have been enacted. */
struct view {
    cJSON *answer; /* contains the members below */
    cJSON *blob;
    cJSON *data_versions;
    cJSON *sc_blob;
    cJSON *sc_data_versions;
};

static struct view view_new(struct tx *tx)
{
    struct view v = { .answer = tx_keep(tx, mem_check(cJSON_CreateObject())) };
    v.blob = mem_check(cJSON_AddObjectToObject(v.answer, "blob"));
    v.data_versions = mem_check(cJSON_AddObjectToObject(v.answer, "data_versions"));
    v.sc_blob = mem_check(cJSON_AddObjectToObject(v.answer, "sc_blob"));
    v.sc_data_versions = mem_check(cJSON_AddObjectToObject(v.answer, "sc_data_versions"));
    return v;
}

static bool view_live(struct view *v, struct tx *tx, const char *name, struct error *e)
{
    cJSON *base, *rows;
    struct assets blob, versions;
    if (!releases_v2_read_base(tx, name, ROW_PLAIN, &base, e) ||
        !releases_v2_read_assets(tx, name, true, &rows, e)) {
        return false;
    }
    if (json_get_object(base, "data") != NULL) {
        v->blob = detach_column(base, "data");
        cJSON_ReplaceItemInObjectCaseSensitive(v->answer, "blob", v->blob);
    }
    assets_open(&blob, v->blob);
    assets_open(&versions, v->data_versions);
    if (base != NULL) {
        releases_v2_put(&versions, ".", new_number(row_int(base, "data_version")));
    }
    for (cJSON *row = rows->child; row != NULL; row = row->next) {
        const char *path = row_text(row, "path");
        assets_put(&blob, str_of(path), detach_column(row, "data"));
        assets_put(&versions, str_of(path), new_number(row_int(row, "data_version")));
    }
    assets_close(&blob);
    assets_close(&versions);
    return true;
}

static bool is_deletion(const cJSON *scheduled)
{
    const char *type = row_text(scheduled, "change_type");
    return type != NULL && strcmp(type, "delete") == 0;
}

static void view_scheduled_base(struct view *v, const cJSON *scheduled)
{
    const cJSON *data = json_get_object(scheduled, "base_data");
    if (scheduled != NULL) {
        struct assets versions;
        assets_open(&versions, v->sc_data_versions);
        releases_v2_put(&versions, ".", new_number(row_int(scheduled, "data_version")));
        assets_close(&versions);
    }
    if (scheduled == NULL || !is_deletion(scheduled)) {
        v->sc_blob = mem_check(cJSON_Duplicate(v->blob, true));
        cJSON_ReplaceItemInObjectCaseSensitive(v->answer, "sc_blob", v->sc_blob);
        if (data != NULL) {
            merge_over(v->sc_blob, data);
        }
    }
}

/* A locale that is scheduled for deletion is still shown, as in the reference. */
static bool view_scheduled(struct view *v, struct tx *tx, const char *name, struct error *e)
{
    cJSON *bases, *rows;
    struct assets blob, versions;
    if (!releases_v2_read_pending(tx, &releases_json_resource, name, true, &bases, e) ||
        !releases_v2_read_pending(tx, &release_assets_resource, name, true, &rows, e)) {
        return false;
    }
    if (bases->child == NULL && rows->child == NULL) {
        return true;
    }
    view_scheduled_base(v, bases->child);
    assets_open(&blob, v->sc_blob);
    assets_open(&versions, v->sc_data_versions);
    for (cJSON *row = rows->child; row != NULL; row = row->next) {
        const char *path = row_text(row, "base_path");
        assets_put(&versions, str_of(path), new_number(row_int(row, "data_version")));
        if (!is_deletion(row)) {
            assets_put(&blob, str_of(path), detach_column(row, "base_data"));
        }
    }
    assets_close(&blob);
    assets_close(&versions);
    return true;
}

static bool not_there(struct admin_call *call)
{
    return admin_problem(call, 404, "Not Found", "Release does not exist", NULL);
}

bool releases_v2_get(struct admin_call *call, struct error *e)
{
    struct view v = view_new(call->tx);
    const char *name = admin_text(call, call->param[0]);
    if (!view_live(&v, call->tx, name, e) || !view_scheduled(&v, call->tx, name, e)) {
        return false;
    }
    bool there = v.blob->child != NULL || v.sc_blob->child != NULL;
    return there ? admin_json(call, v.answer) : not_there(call);
}

/* ---- data versions ---- */

bool releases_v2_get_all_versions(struct admin_call *call, struct error *e)
{
    cJSON *base, *assets;
    const char *name = admin_text(call, call->param[0]);
    if (!releases_v2_read_base(call->tx, name, ROW_PLAIN, &base, e) ||
        !releases_v2_read_assets(call->tx, name, false, &assets, e)) {
        return false;
    }
    if (base == NULL) {
        return not_there(call);
    }
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    struct assets versions;
    assets_open(&versions, mem_check(cJSON_AddObjectToObject(answer, "data_versions")));
    releases_v2_put(&versions, ".", new_number(row_int(base, "data_version")));
    for (const cJSON *row = assets->child; row != NULL; row = row->next) {
        releases_v2_put(&versions, row_text(row, "path"), new_number(row_int(row, "data_version")));
    }
    assets_close(&versions);
    return admin_json(call, answer);
}

bool releases_v2_get_asset_version(struct admin_call *call, struct error *e)
{
    cJSON *row;
    cJSON *key = row_key(call->tx, "name", admin_text(call, call->param[0]));
    cJSON_AddItemToObject(key, "path", json_text(call->param[1]));
    if (!row_get(call->tx, &table_release_assets, key, ROW_PLAIN, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return not_there(call);
    }
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddNumberToObject(answer, "data_version", (double)row_int(row, "data_version")));
    return admin_json(call, answer);
}

/* ---- all of them ---- */

bool releases_v2_list(struct admin_call *call, struct error *e)
{
    struct buf *out = &call->response->body;
    bool names_only = admin_arg(call, "names_only").n > 0;
    buf_str(out, names_only ? STR("") : STR("{\"releases\":"));
    if (!(names_only ? release_list_names_v2 : release_list_print_v2)(call->tx, out, e)) {
        return false;
    }
    buf_str(out, names_only ? STR("\n") : STR("}\n"));
    call->response->status = 200;
    call->response->content_type = "application/json";
    return true;
}
