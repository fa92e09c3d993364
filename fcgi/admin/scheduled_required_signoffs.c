/* /scheduled_changes/required_signoffs. (reference: views/required_signoffs.py) */
#include "admin/routes.h"
#include "admin/scheduled_form.h"

static const struct scheduled_form of_product = {
    .resource = &product_req_signoffs_resource,
    .needs_when = "when cannot be set to null when scheduling a new change for a Product Required Signoff",
    .unknown = "No scheduled change for product required signoff found for given sc_id",
    .keys = "product channel role",
    .columns = "signoffs_required",
    .required = "signoffs_required",
};
static const struct scheduled_form of_permissions = {
    .resource = &permissions_req_signoffs_resource,
    .needs_when =
        "'when' cannot be set to null when scheduling a new change for a Permissions Required Signoff",
    .unknown = "No scheduled change for permission required signoff found for given sc_id",
    .keys = "product role",
    .columns = "signoffs_required",
    .required = "signoffs_required",
};

/* ---- what they take ---- */

#define PRODUCT(REQUIRED)                                                                                    \
    {                                                                                                        \
        "product", FIELD_STRING, FORMAT_ASCII, (REQUIRED), .min = 1, .max = 15                               \
    }
#define CHANNEL(REQUIRED)                                                                                    \
    {                                                                                                        \
        "channel", FIELD_STRING, FORMAT_ASCII, (REQUIRED), .min = 1, .max = 75                               \
    }
#define THE_REST(REQUIRED)                                                                                   \
    { "role", FIELD_STRING, FORMAT_ASCII, (REQUIRED), .min = 1, .max = 50 },                                 \
        { "when", FIELD_INT | FIELD_NULL, FORMAT_WHEN, (REQUIRED) },                                         \
        { "data_version", FIELD_INT | FIELD_NULL, FORMAT_DATA_VERSION },                                     \
    {                                                                                                        \
        "signoffs_required", FIELD_INT | FIELD_STRING, FORMAT_SIGNOFFS_REQUIRED                              \
    }

static const struct body_field product_create_fields[] = {
    SCHEDULED_NEW_CHANGE_TYPE, PRODUCT(true), CHANNEL(true), THE_REST(true),
    SCHEDULED_COMPLETE,        SCHEDULED_BY,  { 0 },
};
static const struct body_field product_edit_fields[] = {
    SCHEDULED_VERSION, PRODUCT(false), CHANNEL(false), THE_REST(false), { 0 },
};
static const struct body_field permissions_create_fields[] = {
    SCHEDULED_NEW_CHANGE_TYPE, PRODUCT(true), THE_REST(true), SCHEDULED_COMPLETE, SCHEDULED_BY, { 0 },
};
static const struct body_field permissions_edit_fields[] = {
    SCHEDULED_VERSION,
    PRODUCT(false),
    THE_REST(false),
    { 0 },
};

/* Both accept `channel`, but it is ignored for permissions, which have no channel. */
static const struct body_field list_args[] = {
    { "all", .types = FIELD_STRING },
    { "product", FIELD_STRING, FORMAT_ASCII },
    { "channel", FIELD_STRING, FORMAT_ASCII },
    { 0 },
};

/* ---- handlers ---- */

static bool list_scheduled(struct admin_call *call, const struct resource *r, struct error *e)
{
    static const char *const filters[] = { "product", "channel" };
    struct sc_query q = { .all = !str_absent(admin_arg(call, "all")) };
    unsigned n = 0;
    for (unsigned i = 0; i < ARRAY_LEN(filters); i++) {
        struct str value = admin_arg(call, filters[i]);
        if (!str_absent(value) && table_has(r->table, filters[i]) != NULL) {
            q.key[n].column = filters[i];
            q.key[n++].value = DB_S(value);
        }
    }
    return scheduled_answer_list(call, r, &q, e);
}

static bool list_product(struct admin_call *call, struct error *e)
{
    return list_scheduled(call, &product_req_signoffs_resource, e);
}

static bool list_permissions(struct admin_call *call, struct error *e)
{
    return list_scheduled(call, &permissions_req_signoffs_resource, e);
}

static bool create_product(struct admin_call *call, struct error *e)
{
    return scheduled_form_create(call, &of_product, e);
}

static bool create_permissions(struct admin_call *call, struct error *e)
{
    return scheduled_form_create(call, &of_permissions, e);
}

static bool edit_product(struct admin_call *call, struct error *e)
{
    return scheduled_form_edit(call, &of_product, e);
}

static bool edit_permissions(struct admin_call *call, struct error *e)
{
    return scheduled_form_edit(call, &of_permissions, e);
}

/* ---- routes ---- */

#define PATH "/scheduled_changes/required_signoffs/"
#define METRIC(NAME) "required_signoffs_" NAME

static const struct admin_route routes[] = {
    { METHOD_GET, PATH "product", list_product, ADMIN_ANYONE, METRIC("product_get_scheduled_changes"),
      .args = list_args },
    { METHOD_POST, PATH "product", create_product, ADMIN_USER, METRIC("product_create_scheduled_change"),
      .body = product_create_fields },
    { METHOD_POST, PATH "product/{sc_id:int}", edit_product, ADMIN_USER,
      METRIC("product_update_scheduled_change"), .body = product_edit_fields },
    { METHOD_DELETE, PATH "product/{sc_id:int}", scheduled_delete, ADMIN_USER,
      METRIC("product_delete_scheduled_change"), .args = scheduled_delete_args },
    { METHOD_POST, PATH "product/{sc_id:int}/enact", scheduled_enact, ADMIN_USER,
      METRIC("product_enact_scheduled_change") },
    { METHOD_POST, PATH "product/{sc_id:int}/signoffs", scheduled_signoff, ADMIN_USER,
      METRIC("product_signoff_scheduled_change"), .body = scheduled_signoff_fields },
    { METHOD_DELETE, PATH "product/{sc_id:int}/signoffs", scheduled_revoke, ADMIN_USER,
      METRIC("product_revoke_signoff_scheduled_change"), .args = scheduled_revoke_args },
    { METHOD_GET, PATH "product/{sc_id:int}/revisions", scheduled_revisions, ADMIN_ANYONE,
      METRIC("product_get_scheduled_change_history"), .args = rows_page_args },
    { METHOD_POST, PATH "product/{sc_id:int}/revisions", scheduled_revert, ADMIN_USER,
      METRIC("product_revert_to_older_revision"), .body = scheduled_revert_fields },

    { METHOD_GET, PATH "permissions", list_permissions, ADMIN_ANYONE,
      METRIC("permissions_get_scheduled_changes"), .args = list_args, .flags = ADMIN_PRIVATE },
    { METHOD_POST, PATH "permissions", create_permissions, ADMIN_USER,
      METRIC("permissions_create_scheduled_change"), .body = permissions_create_fields },
    { METHOD_POST, PATH "permissions/{sc_id:int}", edit_permissions, ADMIN_USER,
      METRIC("permissions_update_scheduled_change"), .body = permissions_edit_fields },
    { METHOD_DELETE, PATH "permissions/{sc_id:int}", scheduled_delete, ADMIN_USER,
      METRIC("permissions_delete_scheduled_change"), .args = scheduled_delete_args },
    { METHOD_POST, PATH "permissions/{sc_id:int}/enact", scheduled_enact, ADMIN_USER,
      METRIC("permissions_enact_scheduled_change") },
    { METHOD_POST, PATH "permissions/{sc_id:int}/signoffs", scheduled_signoff, ADMIN_USER,
      METRIC("permissions_signoff_scheduled_change"), .body = scheduled_signoff_fields },
    { METHOD_DELETE, PATH "permissions/{sc_id:int}/signoffs", scheduled_revoke, ADMIN_USER,
      METRIC("permissions_revoke_signoff_scheduled_change"), .args = scheduled_revoke_args },
    { METHOD_GET, PATH "permissions/{sc_id:int}/revisions", scheduled_revisions, ADMIN_ANYONE,
      METRIC("permissions_get_scheduled_change_history"), .args = rows_page_args, .flags = ADMIN_PRIVATE },
    { METHOD_POST, PATH "permissions/{sc_id:int}/revisions", scheduled_revert, ADMIN_USER,
      METRIC("permissions_revert_to_older_revision"), .body = scheduled_revert_fields },
};
const struct admin_routes scheduled_required_signoffs_routes = ADMIN_ROUTES(routes);
