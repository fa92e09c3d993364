/* /scheduled_changes/permissions. (reference: views/permissions.py) */
#include "admin/routes.h"
#include "admin/scheduled_form.h"
#include "admin/permissions.h"

static const struct scheduled_form form = {
    .resource = &permissions_resource,
    .needs_when = "'when' cannot be set to null when scheduling a new change for a Permission",
    .unknown = "No scheduled change for permission found for given sc_id",
    .keys = "permission username",
    .columns = "options",
};

#define PERMISSION_FIELDS(REQUIRED)                                                                           \
    {                                                                                                         \
        "permission", FIELD_STRING, FORMAT_ASCII, (REQUIRED), .min = 1, .max = 50, .words = PERMISSIONS_KNOWN \
    },                                                                                                        \
        { "username", FIELD_STRING, FORMAT_ASCII, (REQUIRED), .min = 1, .max = 100 },                         \
        { "when", FIELD_INT | FIELD_NULL, FORMAT_WHEN, (REQUIRED) },                                          \
        { "data_version", FIELD_INT | FIELD_NULL, FORMAT_DATA_VERSION },                                      \
    {                                                                                                         \
        "options", FIELD_STRING | FIELD_NULL, FORMAT_JSON_STRING                                              \
    }

static const struct body_field create_fields[] = {
    SCHEDULED_NEW_CHANGE_TYPE, PERMISSION_FIELDS(true), SCHEDULED_COMPLETE, SCHEDULED_BY, { 0 },
};

static bool create_scheduled(struct admin_call *call, struct error *e)
{
    return scheduled_form_create(call, &form, e);
}

static const struct body_field edit_fields[] = {
    SCHEDULED_VERSION,
    PERMISSION_FIELDS(false),
    { 0 },
};

static bool edit_scheduled(struct admin_call *call, struct error *e)
{
    return scheduled_form_edit(call, &form, e);
}

#define SCHEDULED "/scheduled_changes/permissions"
#define METRIC(NAME) "permissions_" NAME

static const struct admin_route routes[] = {
    { METHOD_GET, SCHEDULED, scheduled_list, ADMIN_ANYONE, METRIC("get_scheduled_changes"),
      .args = scheduled_list_args, .flags = ADMIN_PRIVATE },
    { METHOD_POST, SCHEDULED, create_scheduled, ADMIN_USER, METRIC("schedule_change"),
      .body = create_fields },
    { METHOD_POST, SCHEDULED "/{sc_id:int}", edit_scheduled, ADMIN_USER, METRIC("update_scheduled_change"),
      .body = edit_fields },
    { METHOD_DELETE, SCHEDULED "/{sc_id:int}", scheduled_delete, ADMIN_USER,
      METRIC("delete_scheduled_change"), .args = scheduled_delete_args },
    { METHOD_POST, SCHEDULED "/{sc_id:int}/enact", scheduled_enact, ADMIN_USER,
      METRIC("enact_scheduled_change") },
    { METHOD_POST, SCHEDULED "/{sc_id:int}/signoffs", scheduled_signoff, ADMIN_USER,
      METRIC("signoff_scheduled_change"), .body = scheduled_signoff_fields },
    { METHOD_DELETE, SCHEDULED "/{sc_id:int}/signoffs", scheduled_revoke, ADMIN_USER,
      METRIC("revoke_signoff_scheduled_change"), .args = scheduled_revoke_args },
    { METHOD_GET, SCHEDULED "/{sc_id:int}/revisions", scheduled_revisions, ADMIN_ANYONE,
      METRIC("get_scheduled_change_history"), .args = rows_page_args, .flags = ADMIN_PRIVATE },
    { METHOD_POST, SCHEDULED "/{sc_id:int}/revisions", scheduled_revert, ADMIN_USER,
      METRIC("revert_to_older_revision"), .body = scheduled_revert_fields },
};
const struct admin_routes scheduled_permissions_routes = ADMIN_ROUTES(routes);
