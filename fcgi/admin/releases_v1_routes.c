/* The routes of /releases, those of the v1 table, and what each takes. (reference: views/releases.py) */
#include "admin/releases_v1.h"
#include "admin/routes.h"

/* ---- query parameters and parts of paths ---- */

static const struct body_field list_args[] = {
    { "product", FIELD_STRING | FIELD_NULL, .format = FORMAT_ASCII },
    { "name_prefix", FIELD_STRING | FIELD_NULL, .format = FORMAT_ASCII },
    { "names_only", .types = FIELD_STRING | FIELD_NULL },
    { 0 },
};

static const struct body_field column_params[] = {
    { "column", FIELD_STRING, FORMAT_ASCII, .max = 50 },
    { 0 },
};

static const struct body_field get_args[] = {
    { "pretty", .types = FIELD_STRING | FIELD_NULL },
    { 0 },
};

static const struct body_field name_params[] = {
    { "release", FIELD_STRING, FORMAT_ASCII, .max = 100 },
    { 0 },
};

static const struct body_field locale_params[] = {
    { "release", FIELD_STRING, FORMAT_ASCII, .max = 100 },
    { "platform", FIELD_STRING, .format = FORMAT_ASCII },
    { "locale", FIELD_STRING, .format = FORMAT_ASCII },
    { 0 },
};

static const struct body_field delete_args[] = {
    { "data_version", FIELD_INT, .required = true, .min = 1 },
    { 0 },
};

/* ---- bodies ---- */

static const struct body_field release_fields[] = {
    { "name", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 100 },
    { "product", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 15 },
    { "blob", FIELD_STRING, FORMAT_JSON_STRING, .required = true },
    { "data_version", FIELD_INT, .min = 1, .max = INT32_MAX },
    { 0 },
};

static const struct body_field read_only_fields[] = {
    { "data_version", FIELD_INT, .required = true, .min = 1, .max = INT32_MAX },
    { "read_only", FIELD_BOOL | FIELD_STRING, .required = true },
    { 0 },
};

static const struct body_field part_fields[] = {
    { "product", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 15 },
    { "data", FIELD_STRING, FORMAT_JSON_STRING, .required = true },
    { "data_version", FIELD_INT, .min = 1, .max = INT32_MAX },
    { "name", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 100 },
    { "hashFunction", FIELD_STRING, .format = FORMAT_ASCII },
    { "schema_version", FIELD_INT, .min = 1, .max = INT32_MAX },
    { "copyTo", FIELD_STRING, .format = FORMAT_JSON_STRING },
    { "alias", FIELD_STRING, .format = FORMAT_JSON_STRING },
    { 0 },
};

/* ---- routes ---- */

static const struct admin_route routes[] = {
    { METHOD_GET, "/releases", releases_v1_list, ADMIN_ANYONE, "releases_get", .args = list_args },
    { METHOD_POST, "/releases", releases_v1_create, ADMIN_USER, "releases_create", .body = release_fields },
    { METHOD_GET, "/releases/columns/{column}", releases_v1_get_column, ADMIN_ANYONE,
      "releases_get_single_column", .params = column_params },
    { METHOD_GET, "/releases/{release}", releases_v1_get, ADMIN_ANYONE, "releases_get_release",
      .args = get_args, .params = name_params },
    { METHOD_PUT, "/releases/{release}", releases_v1_ensure, ADMIN_USER, "releases_ensure",
      .body = release_fields, .params = name_params },
    { METHOD_POST, "/releases/{release}", releases_v1_update, ADMIN_USER, "releases_update",
      .body = part_fields, .params = name_params },
    { METHOD_DELETE, "/releases/{release}", releases_v1_delete, ADMIN_USER, "releases_delete",
      .args = delete_args, .params = name_params },
    { METHOD_GET, "/releases/{release}/read_only", releases_v1_get_read_only, ADMIN_ANYONE,
      "releases_get_read_only", .params = name_params },
    { METHOD_GET, "/releases/{release}/servable", releases_servable_get, ADMIN_ANYONE,
      "releases_get_servable", .params = name_params },
    { METHOD_PUT, "/releases/{release}/read_only", releases_v1_put_read_only, ADMIN_USER,
      "releases_update_read_only", .body = read_only_fields, .params = name_params },
    { METHOD_GET, "/releases/{release}/read_only/product/required_signoffs",
      releases_v1_get_writable_signoffs, ADMIN_ANYONE, "releases_get_read_only_product_required_signoffs",
      .params = name_params },
    { METHOD_GET, "/releases/{release}/builds/{platform}/{locale}", releases_v1_get_locale, ADMIN_ANYONE,
      "releases_get_single_locale", .params = locale_params },
    { METHOD_PUT, "/releases/{release}/builds/{platform}/{locale}", releases_v1_put_locale, ADMIN_USER,
      "releases_ensure_single_locale", .body = part_fields, .params = locale_params },
};
const struct admin_routes releases_v1_routes = ADMIN_ROUTES(routes);
