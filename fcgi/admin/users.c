/* /users: the permissions and roles of users. (reference: views/permissions.py) */
#include "admin/permissions.h"
#include "admin/roles.h"

#include "admin/resources.h"
#include "admin/routes.h"
#include "admin/scheduled_form.h"
#include "store/access.h"
#include "store/role_pending.h"
#include "store/resource_write.h"

#define USERNAME                                                                                             \
    {                                                                                                        \
        "username", FIELD_STRING, FORMAT_ASCII, .max = 100                                                   \
    }
static const struct body_field user_params[] = {
    USERNAME,
    { 0 },
};
static const struct body_field role_params[] = {
    USERNAME,
    { "role", FIELD_STRING, FORMAT_ASCII, .max = 50 },
    { 0 },
};
static const struct body_field permission_params[] = {
    USERNAME,
    { "permission", FIELD_STRING, .max = 50, .words = PERMISSIONS_KNOWN },
    { 0 },
};

static cJSON *new_object(struct admin_call *call)
{
    return tx_keep(call->tx, mem_check(cJSON_CreateObject()));
}

/* A copy of the columns of ROW that NAMES lists (up to NULL). */
static cJSON *columns_of(const cJSON *row, const char *const names[])
{
    cJSON *copy = mem_check(cJSON_CreateObject());
    for (size_t i = 0; names[i] != NULL; i++) {
        cJSON_AddItemToObject(copy, names[i], mem_check(cJSON_Duplicate(json_get(row, names[i]), true)));
    }
    return copy;
}

static cJSON *permission_of(const cJSON *row)
{
    static const char *const names[] = { "options", "data_version", NULL };
    return columns_of(row, names);
}

/* A new version with a status other than 200, which the reference sends as text/html. */
static bool answer_version(struct admin_call *call, int status, int64_t data_version)
{
    return admin_text_answer(call, status, "{\"new_data_version\": %lld}", (long long)data_version);
}

/* ---- all users ---- */

static bool list_rows(struct admin_call *call, const struct table *t, cJSON **rows, struct error *e)
{
    struct table_query q = { .table = t, .tail = "ORDER BY BINARY username" };
    return row_list(call->tx, &q, rows, e);
}

/* {username: {"permissions": {permission: …}, "roles": []}}. ROWS are sorted by username. */
static void add_users(cJSON *users, const cJSON *rows)
{
    cJSON *permissions = NULL;
    const char *last = NULL;
    for (const cJSON *row = rows->child; row != NULL; row = row->next) {
        const char *username = row_text(row, "username");
        if (last == NULL || strcmp(last, username) != 0) {
            cJSON *user = mem_check(cJSON_AddObjectToObject(users, username));
            permissions = mem_check(cJSON_AddObjectToObject(user, "permissions"));
            mem_check(cJSON_AddArrayToObject(user, "roles"));
            last = username;
        }
        cJSON_AddItemToObject(permissions, row_text(row, "permission"), permission_of(row));
    }
}

/* Adds the roles of the users in USERS. A user without permissions is not in USERS. */
static void add_roles(cJSON *users, const cJSON *rows, const cJSON *pending)
{
    static const char *const names[] = { "role", "data_version", NULL };
    const cJSON *row;
    cJSON *user = users->child;
    cJSON_ArrayForEach(row, rows)
    {
        const char *username = row_text(row, "username");
        while (user != NULL && strcmp(user->string, username) < 0) {
            user = user->next;
        }
        if (user != NULL && strcmp(user->string, username) == 0) {
            cJSON *role = columns_of(row, names);
            roles_show_pending(role, pending, username, row_text(row, "role"));
            cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(user, "roles"), role);
        }
    }
}

/* {"users": [name, …]}, for choosing one. */
static bool list_names(struct admin_call *call, struct error *e)
{
    cJSON *permissions;
    const cJSON *row;
    const char *last = NULL;
    cJSON *answer = new_object(call);
    cJSON *names = mem_check(cJSON_AddArrayToObject(answer, "users"));
    if (!list_rows(call, &table_permissions, &permissions, e)) {
        return false;
    }
    cJSON_ArrayForEach(row, permissions)
    {
        const char *username = row_text(row, "username");
        if (last == NULL || strcmp(last, username) != 0) {
            cJSON_AddItemToArray(names, json_text(str_of(username)));
            last = username;
        }
    }
    return admin_json(call, answer);
}

static bool list_users(struct admin_call *call, struct error *e)
{
    if (str_eq(admin_arg(call, "names_only"), STR("1"))) {
        return permissions_demand_view(call->tx, NULL, e) && list_names(call, e);
    }
    cJSON *permissions, *roles, *pending;
    cJSON *users = new_object(call);
    if (!permissions_demand_view(call->tx, NULL, e) ||
        !list_rows(call, &table_permissions, &permissions, e) ||
        !list_rows(call, &table_user_roles, &roles, e) ||
        !role_pending_list(call->tx, NULL, NULL, &pending, e)) {
        return false;
    }
    add_users(users, permissions);
    add_roles(users, roles, pending);
    return admin_json(call, users);
}

/* ---- one user ---- */

static const char *username_of(struct admin_call *call)
{
    return admin_text(call, call->param[0]);
}

/* *PERMISSIONS becomes {permission: {options, data_version}} of the user in the path, if the caller may see
 * it. */
static bool read_permissions(struct admin_call *call, cJSON **permissions, struct error *e)
{
    cJSON *rows;
    const cJSON *row;
    *permissions = new_object(call);
    if (!permissions_demand_view(call->tx, username_of(call), e) ||
        !permissions_list(call->tx, username_of(call), &rows, e)) {
        return false;
    }
    cJSON_ArrayForEach(row, rows)
    {
        cJSON_AddItemToObject(*permissions, row_text(row, "permission"), permission_of(row));
    }
    return true;
}

static bool add_own_roles(struct admin_call *call, cJSON *answer, struct error *e)
{
    static const char *const names[] = { "data_version", NULL };
    cJSON *rows, *pending;
    const cJSON *row;
    struct table_query q = { .table = &table_user_roles, .key = { { "username", DB_S(call->param[0]) } } };
    if (!row_list(call->tx, &q, &rows, e) ||
        !role_pending_list(call->tx, username_of(call), NULL, &pending, e)) {
        return false;
    }
    cJSON *roles = mem_check(cJSON_AddObjectToObject(answer, "roles"));
    cJSON_ArrayForEach(row, rows)
    {
        cJSON *role = columns_of(row, names);
        roles_show_pending(role, pending, username_of(call), row_text(row, "role"));
        cJSON_AddItemToObject(roles, row_text(row, "role"), role);
    }
    return true;
}

static bool get_user(struct admin_call *call, struct error *e)
{
    cJSON *permissions;
    cJSON *answer = new_object(call);
    if (!read_permissions(call, &permissions, e)) {
        return false;
    }
    if (permissions->child == NULL) {
        const char *detail = mem_printf(call->ctx, "No permission found for username %s", username_of(call));
        return admin_problem(call, 404, "Not Found", detail, NULL);
    }
    mem_check(cJSON_AddStringToObject(answer, "username", username_of(call)));
    cJSON_AddItemReferenceToObject(answer, "permissions", permissions);
    return add_own_roles(call, answer, e) && admin_json(call, answer);
}

static bool get_permissions(struct admin_call *call, struct error *e)
{
    cJSON *permissions;
    return read_permissions(call, &permissions, e) && admin_json(call, permissions);
}

/* ---- one permission ---- */

/* *PERMISSION becomes the permission in the path, or NULL if the user does not have it. */
static bool find_permission(struct admin_call *call, cJSON **permission, struct error *e)
{
    cJSON *permissions;
    if (!read_permissions(call, &permissions, e)) {
        return false;
    }
    *permission = cJSON_GetObjectItemCaseSensitive(permissions, admin_text(call, call->param[1]));
    return true;
}

/* The same, but refuses the call if the user does not have it. */
static bool need_permission(struct admin_call *call, cJSON **permission, struct error *e)
{
    if (!find_permission(call, permission, e)) {
        return false;
    }
    const char *detail = mem_printf(call->ctx, "Requested user permission %s not found for %s",
                                    admin_text(call, call->param[1]), username_of(call));
    return *permission != NULL || admin_problem(call, 404, "Not Found", detail, NULL);
}

static bool get_permission(struct admin_call *call, struct error *e)
{
    cJSON *permission;
    return need_permission(call, &permission, e) && admin_json(call, permission);
}

static cJSON *permission_key(struct admin_call *call)
{
    cJSON *key = row_key(call->tx, "username", username_of(call));
    cJSON_AddItemToObject(key, "permission", json_text(call->param[1]));
    return key;
}

static const struct body_field permission_fields[] = {
    { "data_version", FIELD_INT, .min = 1, .max = INT32_MAX },
    { "options", FIELD_STRING | FIELD_NULL, FORMAT_JSON_STRING },
    { 0 },
};

/* The permission with the options in the body; without options if the body has none. */
static cJSON *permission_sent(struct admin_call *call)
{
    cJSON *what = permission_key(call);
    cJSON_AddItemToObject(what, "options", scheduled_form_options(json_get(call->body, "options")));
    return what;
}

static bool change_permission(struct admin_call *call, struct error *e)
{
    cJSON *now;
    int64_t data_version;
    if (!body_int(call->body, "data_version", &data_version)) {
        return admin_problem(call, 400, "Bad Request", "'data_version' is missing from request body", NULL);
    }
    if (!resource_update(call->tx, &permissions_resource,
                         &(struct resource_edit){ .key = permission_key(call),
                                                  .what = permission_sent(call),
                                                  .data_version = data_version },
                         &now, e)) {
        return admin_refuse_value(call, e);
    }
    return admin_new_version(call, row_int(now, "data_version"));
}

static bool put_permission(struct admin_call *call, struct error *e)
{
    cJSON *permission;
    if (!find_permission(call, &permission, e)) {
        return false;
    }
    if (permission != NULL) {
        return change_permission(call, e);
    }
    return resource_insert(call->tx, &permissions_resource, permission_sent(call), NULL, NULL, e)
               ? answer_version(call, 201, 1)
               : admin_refuse_value(call, e);
}

static bool post_permission(struct admin_call *call, struct error *e)
{
    cJSON *permission;
    return need_permission(call, &permission, e) && change_permission(call, e);
}

static const struct body_field delete_args[] = {
    { "data_version", FIELD_INT, .required = true, .min = 1 },
    { 0 },
};

static bool delete_permission(struct admin_call *call, struct error *e)
{
    cJSON *permission;
    int64_t data_version = 0;
    if (!need_permission(call, &permission, e)) {
        return false;
    }
    admin_arg_int(call, "data_version", &data_version);
    return resource_delete(call->tx, &permissions_resource, permission_key(call), data_version, NULL, e)
               ? admin_text_answer(call, 200, "%s", "")
               : admin_refuse_value(call, e);
}

/* ---- roles ---- */

static bool find_role(struct admin_call *call, cJSON **role, struct error *e)
{
    cJSON *key = row_key(call->tx, "username", username_of(call));
    cJSON_AddItemToObject(key, "role", json_text(call->param[1]));
    return row_get(call->tx, &table_user_roles, key, ROW_LOCKED, role, e);
}

/* Granting a role that the user has changes nothing, so it needs no permission. */
static bool put_role(struct admin_call *call, struct error *e)
{
    cJSON *role;
    if (!find_role(call, &role, e)) {
        return false;
    }
    if (role != NULL) {
        return answer_version(call, 200, row_int(role, "data_version"));
    }
    return roles_grant(call->tx, username_of(call), admin_text(call, call->param[1]), e) &&
           answer_version(call, 201, 1);
}

static bool confirm_role(struct admin_call *call, struct error *e)
{
    return roles_confirm(call->tx, username_of(call), admin_text(call, call->param[1]), e) &&
           admin_json(call, new_object(call));
}

static bool delete_role(struct admin_call *call, struct error *e)
{
    cJSON *role;
    int64_t data_version = 0;
    const char *name = admin_text(call, call->param[1]);
    if (!find_role(call, &role, e)) {
        return false;
    }
    if (role == NULL) {
        const char *exception =
            mem_printf(call->ctx, "No role '%s' found for username '%s'", name, username_of(call));
        return admin_problem(call, 404, "Not Found", "Role not found", exception);
    }
    admin_arg_int(call, "data_version", &data_version);
    return roles_revoke(call->tx, username_of(call), name, data_version, e) &&
           admin_text_answer(call, 200, "%s", "");
}

/* {"roles": {role: [username, …]}}, for everybody with some permission: signers must know who else can sign.
 * Grants that wait for confirmation are left out, since they do not count. */
static bool list_roles(struct admin_call *call, struct error *e)
{
    cJSON *rows, *pending;
    const cJSON *row;
    bool known;
    cJSON *answer = new_object(call);
    cJSON *roles = mem_check(cJSON_AddObjectToObject(answer, "roles"));
    if (!access_is_known(call->tx, call->user, &known, e)) {
        return false;
    }
    if (!known) {
        return fail(e, FAIL_PERMISSION, "%s is not allowed to see who has which role", call->user);
    }
    if (!list_rows(call, &table_user_roles, &rows, e) ||
        !role_pending_list(call->tx, NULL, NULL, &pending, e)) {
        return false;
    }
    cJSON_ArrayForEach(row, rows)
    {
        const char *role = row_text(row, "role"), *username = row_text(row, "username");
        cJSON *holders = cJSON_GetObjectItemCaseSensitive(roles, role);
        if (role_pending_find(pending, username, role) != NULL) {
            continue;
        }
        if (holders == NULL) {
            holders = mem_check(cJSON_AddArrayToObject(roles, role));
        }
        cJSON_AddItemToArray(holders, json_text(str_of(username)));
    }
    return admin_json(call, answer);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/roles", list_roles, ADMIN_USER, "roles_get" },
    { METHOD_GET, "/users", list_users, ADMIN_USER, "permissions_get_users", .flags = ADMIN_ANY_ARGS },
    { METHOD_GET, "/users/{username}", get_user, ADMIN_USER, "permissions_get_user", .params = user_params },
    { METHOD_GET, "/users/{username}/permissions", get_permissions, ADMIN_USER,
      "permissions_get_user_permissions", .params = user_params },
    { METHOD_GET, "/users/{username}/permissions/{permission}", get_permission, ADMIN_USER,
      "permissions_get_user_permission", .params = permission_params },
    { METHOD_PUT, "/users/{username}/permissions/{permission}", put_permission, ADMIN_USER,
      "permissions_ensure_user_permission", .body = permission_fields, .params = permission_params },
    { METHOD_POST, "/users/{username}/permissions/{permission}", post_permission, ADMIN_USER,
      "permissions_update_user_permission", .body = permission_fields, .params = permission_params },
    { METHOD_DELETE, "/users/{username}/permissions/{permission}", delete_permission, ADMIN_USER,
      "permissions_delete_user_permission", .args = delete_args, .params = permission_params },
    { METHOD_PUT, "/users/{username}/roles/{role}", put_role, ADMIN_USER, "permissions_grant_role",
      .params = role_params },
    { METHOD_POST, "/users/{username}/roles/{role}/confirm", confirm_role, ADMIN_USER,
      "permissions_confirm_role", .params = role_params },
    { METHOD_DELETE, "/users/{username}/roles/{role}", delete_role, ADMIN_USER, "permissions_revoke_role",
      .args = delete_args, .params = role_params },
};
const struct admin_routes users_routes = ADMIN_ROUTES(routes);
