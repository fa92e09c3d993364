/* Whole releases of the v1 table: create, replace, delete, make read-only. (reference: views/releases.py) */
#include "admin/release_blob.h"
#include "admin/releases_v1.h"

#include "store/resource_write.h"

/* ---- making and replacing ---- */

static cJSON *values_of(struct admin_call *call, const char *name, const cJSON *blob)
{
    cJSON *values = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    cJSON_AddItemReferenceToObject(values, "data", (cJSON *)blob);
    cJSON_AddItemReferenceToObject(values, "product", (cJSON *)json_get(call->body, "product"));
    if (name != NULL) {
        mem_check(cJSON_AddStringToObject(values, "name", name));
    }
    return values;
}

static bool refuse_existing(struct admin_call *call, const char *name)
{
    return admin_problem(call, 400, "Bad Request", mem_printf(call->ctx, "Release: %s already exists", name),
                         "Database already contains the release");
}

bool releases_v1_create(struct admin_call *call, struct error *e)
{
    cJSON *row, *blob;
    const char *name = json_get_string(call->body, "name");
    if (!releases_v1_find(call, name, ROW_PLAIN, &row, e)) {
        return false;
    }
    if (row != NULL) {
        return refuse_existing(call, name);
    }
    if (!releases_v1_demand(call->tx, "create", json_get_string(call->body, "product"), e) ||
        !release_blob_parse(call->tx, json_get_string(call->body, "blob"), &blob, e) ||
        !resource_insert(call->tx, &releases_resource, values_of(call, name, blob), NULL, &row, e)) {
        return failed_as(e, FAIL_DUPLICATE) ? refuse_existing(call, name)
                                            : releases_v1_refused(call, e, false, "Couldn't create release",
                                                                  "Couldn't create release");
    }
    const cJSON *answer = row_key_int(call->tx, "new_data_version", row_int(row, "data_version"));
    return admin_dumps(call, 201, answer);
}

static bool refuse_update(struct admin_call *call, const struct error *e)
{
    return releases_v1_refused(call, e, false, "Couldn't update release",
                               "Couldn't update release. Release is marked read only");
}

static bool replace_release(struct admin_call *call, const char *name, struct error *e)
{
    cJSON *blob, *row;
    int64_t data_version;
    if (!body_int(call->body, "data_version", &data_version)) {
        return admin_problem(call, 400, "Bad Request", "data_version field is missing", NULL);
    }
    if (!release_blob_parse(call->tx, json_get_string(call->body, "blob"), &blob, e) ||
        !resource_update(call->tx, &releases_resource,
                         &(struct resource_edit){ .key = releases_v1_key(call, name),
                                                  .what = values_of(call, NULL, blob),
                                                  .data_version = data_version },
                         &row, e)) {
        return refuse_update(call, e);
    }
    return admin_new_version(call, row_int(row, "data_version"));
}

bool releases_v1_ensure(struct admin_call *call, struct error *e)
{
    cJSON *row, *blob;
    const char *name = admin_text(call, call->param[0]);
    if (!releases_v1_may_write(call, name, json_get_string(call->body, "product"), &row, e) ||
        !releases_v1_find(call, name, ROW_LOCKED, &row, e)) {
        return false;
    }
    if (row != NULL) {
        return replace_release(call, name, e);
    }
    if (!release_blob_parse(call->tx, json_get_string(call->body, "blob"), &blob, e) ||
        !resource_insert(call->tx, &releases_resource, values_of(call, name, blob), NULL, NULL, e)) {
        /* Another request created it meanwhile: FAIL_BUSY runs the handler again, which then finds it. */
        return failed_as(e, FAIL_DUPLICATE) ? fail(e, FAIL_BUSY, "release %s was made meanwhile", name)
                                            : refuse_update(call, e);
    }
    return admin_text_answer(call, 201, "%s", "");
}

/* ---- deleting, read_only ---- */

bool releases_v1_delete(struct admin_call *call, struct error *e)
{
    cJSON *row;
    int64_t data_version = 0;
    const char *name = admin_text(call, call->param[0]);
    admin_arg_int(call, "data_version", &data_version);
    if (!releases_v1_find(call, name, ROW_PLAIN, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return releases_v1_missing(call, name);
    }
    if (!releases_v1_demand(call->tx, "delete", row_text(row, "product"), e)) {
        return false;
    }
    if (resource_delete(call->tx, &releases_resource, releases_v1_key(call, name), data_version, NULL, e)) {
        return admin_text_answer(call, 200, "%s", "");
    }
    const char *detail = mem_printf(call->ctx, "Couldn't delete %s. Release is marked read only", name);
    return failed_as(e, FAIL_READ_ONLY) ? releases_v1_refused(call, e, false, detail, detail) : false;
}

bool releases_v1_put_read_only(struct admin_call *call, struct error *e)
{
    cJSON *row;
    int64_t data_version = 0;
    const char *name = admin_text(call, call->param[0]);
    const cJSON *wanted = json_get(call->body, "read_only");
    bool read_only = cJSON_IsTrue(wanted) || body_str(call->body, "read_only").n > 0;
    body_int(call->body, "data_version", &data_version);
    if (!releases_v1_find(call, name, ROW_PLAIN, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return releases_v1_missing(call, name);
    }
    bool changes = !read_only || !row_true(row, "read_only");
    if (changes && !releases_v1_demand_read_only(call->tx, read_only, row_text(row, "product"), e)) {
        return false;
    }
    if (!releases_v1_find(call, name, ROW_LOCKED, &row, e)) {
        return false;
    }
    if (row == NULL) {
        return releases_v1_missing(call, name);
    }
    if (!read_only || !row_true(row, "read_only")) {
        cJSON *what = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
        mem_check(cJSON_AddBoolToObject(what, "read_only", read_only));
        if (!resource_update(
                call->tx, &releases_resource,
                &(struct resource_edit){ .key = row, .what = what, .data_version = data_version }, NULL, e)) {
            return false;
        }
        data_version++;
    }
    return admin_dumps(call, 201, row_key_int(call->tx, "new_data_version", data_version));
}
