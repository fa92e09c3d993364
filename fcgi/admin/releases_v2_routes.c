/* The routes of /v2/releases, and the arguments and body that each accepts. (reference:
 * views/releases_v2.py) */
#include "admin/releases_v1.h"
#include "admin/releases_v2.h"
#include "admin/routes.h"

static const struct body_field list_args[] = { { "names_only", FIELD_STRING }, { 0 } };

static const struct body_field merge_fields[] = {
    { "blob", FIELD_OBJECT, .required = true },
    { "old_data_versions", FIELD_OBJECT, .required = true },
    { "when", FIELD_INT | FIELD_NULL },
    { 0 },
};

static const struct body_field replace_fields[] = {
    { "blob", FIELD_OBJECT, .required = true }, { "old_data_versions", FIELD_OBJECT },
    { "when", FIELD_INT | FIELD_NULL },         { "product", FIELD_STRING },
    { "replace_scheduled", FIELD_BOOL },        { 0 },
};

static const struct body_field signoff_fields[] = { { "role", FIELD_STRING, .required = true }, { 0 } };

static const struct body_field read_only_fields[] = {
    { "read_only", FIELD_BOOL, .required = true },
    { "old_data_version", FIELD_INT, .required = true },
    { 0 },
};

static const struct admin_route routes[] = {
    { METHOD_GET, "/v2/releases", releases_v2_list, ADMIN_ANYONE, "releases_v2_get_all", .args = list_args },
    { METHOD_GET, "/v2/releases/{name}", releases_v2_get, ADMIN_ANYONE, "releases_v2_get" },
    { METHOD_POST, "/v2/releases/{name}", releases_v2_merge, ADMIN_USER, "releases_v2_update",
      .body = merge_fields },
    { METHOD_PUT, "/v2/releases/{name}", releases_v2_replace, ADMIN_USER, "releases_v2_ensure",
      .body = replace_fields },
    { METHOD_DELETE, "/v2/releases/{name}", releases_v2_delete, ADMIN_USER, "releases_v2_delete" },
    { METHOD_GET, "/v2/releases/{name}/servable", releases_servable_get, ADMIN_ANYONE,
      "releases_v2_get_servable" },
    { METHOD_GET, "/v2/releases/{name}/data_versions", releases_v2_get_all_versions, ADMIN_ANYONE,
      "releases_v2_get_data_versions" },
    { METHOD_GET, "/v2/releases/{name}/{path}/data_version", releases_v2_get_asset_version, ADMIN_ANYONE,
      "releases_v2_get_data_version" },
    { METHOD_PUT, "/v2/releases/{name}/read_only", releases_v2_set_read_only, ADMIN_USER,
      "releases_v2_set_read_only", .body = read_only_fields },
    { METHOD_PUT, "/v2/releases/{name}/signoff", releases_v2_signoff, ADMIN_USER,
      "releases_v2_signoff_scheduled_change", .body = signoff_fields },
    { METHOD_DELETE, "/v2/releases/{name}/signoff", releases_v2_revoke, ADMIN_USER,
      "releases_v2_revoke_signoff_scheduled_change" },
    { METHOD_POST, "/v2/releases/{name}/enact", releases_v2_enact, ADMIN_USER,
      "releases_v2_enact_scheduled_changes" },
    { METHOD_DELETE, "/v2/releases/{name}/scheduled_changes", releases_v2_drop, ADMIN_USER,
      "releases_v2_drop_scheduled_changes" },
};

const struct admin_routes releases_v2_routes = ADMIN_ROUTES(routes);
