/* GET and POST …/revisions of releases, v1 and v2: what a release has been, and going back to it. The
 * reference's admin has no such endpoints; they follow those of rules.
 *
 * A v2 release has a history per part, so going back restores one part: the base or one locale. */
#include "admin/release_blob.h"
#include "admin/releases_v1.h"
#include "admin/releases_v2_edit.h"
#include "admin/routes.h"
#include "admin/rows.h"
#include "admin/scheduled.h"
#include "store/release_history.h"
#include "store/release_revisions.h"
#include "store/resource_write.h"

#define PAGE_ARGS                                                                                            \
    { "page", FIELD_INT, .min = 1, .max = INT32_MAX },                                                       \
    {                                                                                                        \
        "limit", FIELD_INT, .min = 1, .max = 1000                                                            \
    }
static const struct body_field list_args[] = { PAGE_ARGS, { 0 } };
static const struct body_field list_v2_args[] = { { "path", FIELD_STRING, .min = 1, .max = 200 },
                                                  PAGE_ARGS,
                                                  { 0 } };

static const struct body_field restore_fields[] = {
    { "change_id", FIELD_INT, .required = true, .min = 1 },
    { "data_version", FIELD_INT, .min = 1, .max = INT32_MAX },
    { "when", FIELD_INT | FIELD_NULL, .format = FORMAT_WHEN },
    { "product", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 15 },
    { 0 },
};

static const struct body_field name_params[] = { { "release", FIELD_STRING, FORMAT_ASCII, .max = 100 },
                                                 { 0 } };

static const char *name_of(struct admin_call *call)
{
    return admin_text(call, call->param[0]);
}

/* ---- lists ---- */

/* Answers with the page of Q. ROW is the v1 release or the base as it is now, or NULL. */
static bool answer_list(struct admin_call *call, struct revision_query *q, const cJSON *row, struct error *e)
{
    cJSON *list;
    int64_t count;
    q->page = rows_page(call);
    q->limit = rows_limit(call);
    if (!release_revisions(call->tx, q, &list, &count, e)) {
        return false;
    }
    if (row == NULL && count == 0) {
        return releases_v1_missing(call, q->name);
    }
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddNumberToObject(answer, "count", (double)count));
    cJSON_AddItemToObject(answer, "data_version",
                          mem_check(row != NULL ? cJSON_CreateNumber((double)row_int(row, "data_version"))
                                                : cJSON_CreateNull()));
    cJSON_AddItemReferenceToObject(answer, "revisions", list);
    return admin_json(call, answer);
}

static bool list_v1(struct admin_call *call, struct error *e)
{
    cJSON *row;
    struct revision_query q = { .name = name_of(call) };
    return releases_v1_find(call, q.name, ROW_PLAIN, &row, e) && answer_list(call, &q, row, e);
}

/* *ROW becomes the row at PATH (NULL and ".": the base) of the v2 release NAME, or NULL. */
static bool read_part(struct tx *tx, const char *name, const char *path, enum row_lock lock, cJSON **row,
                      struct error *e)
{
    if (path == NULL || strcmp(path, ".") == 0) {
        return releases_v2_read_base(tx, name, lock, row, e);
    }
    cJSON *key = row_key(tx, "name", name);
    cJSON_AddItemToObject(key, "path", json_text(str_of(path)));
    return row_get(tx, &table_release_assets, key, lock, row, e);
}

static bool list_v2(struct admin_call *call, struct error *e)
{
    cJSON *row;
    struct str path = admin_arg(call, "path");
    struct revision_query q = { .name = name_of(call), .v2 = true };
    q.path = str_absent(path) ? NULL : admin_text(call, path);
    return read_part(call->tx, q.name, q.path, ROW_PLAIN, &row, e) && answer_list(call, &q, row, e);
}

/* ---- going back ---- */

/* Finds the revision that the body names. Refuses the call if it is not one of this release, of its v1 table
 * or of its v2 tables, or if it is a deletion. */
static bool find_revision(struct admin_call *call, bool v2, struct release_revision *revision,
                          struct error *e)
{
    bool found;
    int64_t change_id = 0;
    body_int(call->body, "change_id", &change_id);
    if (!release_revision_find(call->tx, change_id, revision, &found, e)) {
        return false;
    }
    bool fits = found && str_eq(revision->name, call->param[0]) &&
                str_eq(revision->table, STR("releases")) != v2 && !revision->deleted;
    const char *detail =
        mem_printf(call->ctx, "Invalid change_id : %lld passed in the request body", (long long)change_id);
    return fits || admin_problem(call, 400, "Bad Request", detail, NULL);
}

/* *BLOB becomes what REVISION holds, owned by the transaction. */
static bool read_revision(struct tx *tx, const struct release_revision *revision, cJSON **blob,
                          struct error *e)
{
    struct str text;
    if (!release_history_change(tx, revision->change_id, &text, e)) {
        return false;
    }
    *blob = tx_keep(tx, json_parse(text, e));
    return *blob != NULL;
}

/* The data_version that ROW (NULL: none) must have: the one in the body, else the present one. */
static int64_t version_of(const struct admin_call *call, const cJSON *row)
{
    int64_t version;
    return body_int(call->body, "data_version", &version) ? version : row_int(row, "data_version");
}

static bool refuse_without_product(struct admin_call *call)
{
    return admin_problem(call, 400, "Bad Request", "product is missing",
                         "The release does not exist any more: name the product that it shall have");
}

static bool schedule_v1(struct admin_call *call, const cJSON *row, cJSON *what, struct error *e)
{
    mem_check(cJSON_AddStringToObject(what, "change_type", row != NULL ? "update" : "insert"));
    cJSON_AddItemReferenceToObject(what, "when", (cJSON *)json_get(call->body, "when"));
    if (row != NULL) {
        mem_check(cJSON_AddNumberToObject(what, "data_version", (double)version_of(call, row)));
    }
    return scheduled_create(call, &releases_resource, what, e);
}

static bool write_v1(struct admin_call *call, const char *name, const cJSON *row, const cJSON *what,
                     struct error *e)
{
    cJSON *now;
    bool ok = row != NULL ? resource_update(call->tx, &releases_resource,
                                            &(struct resource_edit){ .key = releases_v1_key(call, name),
                                                                     .what = what,
                                                                     .data_version = version_of(call, row) },
                                            &now, e)
                          : resource_insert(call->tx, &releases_resource, what, NULL, &now, e);
    return ok ? admin_new_version(call, row_int(now, "data_version"))
              : releases_v1_refused(call, e, false, "Couldn't update release",
                                    "Couldn't update release. Release is marked read only");
}

/* An update to an older version would be merged with the changes since (see resource.merge), which is not
 * what going back means. So the version is compared here. */
static bool is_outdated(struct admin_call *call, const cJSON *row, struct error *e)
{
    return version_of(call, row) != row_int(row, "data_version") &&
           !fail(e, FAIL_OUTDATED, "data_version is not the release's any more");
}

static bool restore_v1(struct admin_call *call, struct error *e)
{
    struct release_revision revision;
    cJSON *row, *blob;
    const char *name = name_of(call), *product = json_get_string(call->body, "product");
    int64_t when;
    if (!find_revision(call, false, &revision, e) || !releases_v1_may_write(call, name, product, &row, e) ||
        !releases_v1_find(call, name, ROW_LOCKED, &row, e)) {
        return false;
    }
    product = row != NULL ? row_text(row, "product") : product;
    if (product == NULL) {
        return refuse_without_product(call);
    }
    if (is_outdated(call, row, e) || !read_revision(call->tx, &revision, &blob, e)) {
        return false;
    }
    cJSON *what = row_key(call->tx, "name", name);
    mem_check(cJSON_AddStringToObject(what, "product", product));
    cJSON_AddItemReferenceToObject(what, "data", blob);
    return body_int(call->body, "when", &when) && when != 0 ? schedule_v1(call, row, what, e)
                                                            : write_v1(call, name, row, what, e);
}

/* ---- going back in v2 ---- */

/* Checks that the caller may write the release, and that it may be written. */
static bool may_restore(struct edit *edit, bool is_base, struct error *e)
{
    bool must;
    if (edit->base == NULL) {
        return releases_v2_demand(edit->tx, "create", edit->product, e);
    }
    if (!releases_v2_demand(edit->tx, "modify", edit->product, e) ||
        !releases_v2_edit_must_schedule(edit, &must, e)) {
        return false;
    }
    if (must) {
        return releases_v2_edit_refuse_direct(e);
    }
    return (!row_true(edit->base, "read_only") ||
            fail(e, FAIL_READ_ONLY, "Cannot update a Release that is marked as read-only")) &&
           (is_base || releases_v2_edit_fits_v1(edit, edit->product, e));
}

/* Checks the release as it becomes: the base DATA or, if PATH is not NULL, the present base with this locale.
 */
static bool check_restored(struct edit *edit, const char *path, cJSON *data, struct error *e)
{
    if (path == NULL) {
        struct blob_change change = { .blob = data, .old = edit->blob };
        return release_blob_check(edit->tx, edit->name, edit->product, &change, e);
    }
    cJSON *whole = tx_keep(edit->tx, mem_check(cJSON_Duplicate(edit->blob, true)));
    cJSON *part = tx_keep(edit->tx, mem_check(cJSON_CreateObject()));
    releases_v2_put(releases_v2_edit_tree(edit->tx, whole), path, mem_check(cJSON_Duplicate(data, true)));
    releases_v2_put(releases_v2_edit_tree(edit->tx, part), path, mem_check(cJSON_Duplicate(data, true)));
    struct blob_change change = { .blob = whole, .old = edit->blob, .part = part };
    return release_blob_check(edit->tx, edit->name, edit->product, &change, e);
}

/* Plans and writes the part at PATH (NULL: the base), whose row is ROW or NULL. */
static bool write_part(struct edit *edit, const char *path, const cJSON *row, cJSON *data, struct error *e)
{
    int64_t version = row != NULL ? version_of(edit->call, row) : 0;
    releases_v2_edit_plan(edit, (struct planned_write){ row != NULL ? CHANGE_UPDATE : CHANGE_INSERT, path,
                                                        data, version, NULL });
    return check_restored(edit, path, data, e) && releases_v2_edit_write(edit, e) &&
           admin_json(edit->call, edit->answer->root);
}

static bool restore_v2(struct admin_call *call, struct error *e)
{
    struct release_revision revision;
    struct edit edit = releases_v2_edit_of(call);
    cJSON *row, *data;
    if (!releases_v2_demand_of(call->tx, edit.name, "modify", e) ||
        !releases_v2_edit_read_base(&edit, ROW_LOCKED, e) || !find_revision(call, true, &revision, e)) {
        return false;
    }
    const char *path = revision.path.n > 0 ? admin_text(call, revision.path) : NULL;
    if (edit.base == NULL && path != NULL) {
        return admin_problem(call, 404, "Missing", "Release does not exist", NULL);
    }
    edit.product = edit.base != NULL ? edit.product : json_get_string(call->body, "product");
    if (edit.product == NULL) {
        return refuse_without_product(call);
    }
    edit.answer = releases_v2_edit_tree(call->tx, tx_keep(call->tx, mem_check(cJSON_CreateObject())));
    return may_restore(&edit, path == NULL, e) && !scheduled_in_past(call, call->body) &&
           read_part(call->tx, edit.name, path, ROW_LOCKED, &row, e) && !is_outdated(call, row, e) &&
           read_revision(call->tx, &revision, &data, e) && write_part(&edit, path, row, data, e);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/releases/{release}/revisions", list_v1, ADMIN_USER, "releases_get_revisions",
      .args = list_args, .params = name_params },
    { METHOD_POST, "/releases/{release}/revisions", restore_v1, ADMIN_USER, "releases_restore_revision",
      .body = restore_fields, .params = name_params },
    { METHOD_GET, "/v2/releases/{name}/revisions", list_v2, ADMIN_USER, "releases_v2_get_revisions",
      .args = list_v2_args },
    { METHOD_POST, "/v2/releases/{name}/revisions", restore_v2, ADMIN_USER, "releases_v2_restore_revision",
      .body = restore_fields },
};
const struct admin_routes release_revisions_routes = ADMIN_ROUTES(routes);
