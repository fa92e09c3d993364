/* Permissions: which there are, who may grant them, and which sign-offs that needs. (reference: Permissions
 * in db.py)
 *
 * The options of a permission limit it to some products or actions. The reference accepts any JSON as options
 * and fails later; here they must be an object of lists of texts. */
#include "admin/resources.h"
#include "admin/permissions.h"
#include "admin/roles.h"

static const struct permission {
    const char *name;
    const char *options[3]; /* the options that it may have */
} known[] = {
    { "admin", { "products" } },
    { "emergency_shutoff", { "actions", "products" } },
    { "permission", { "actions" } },
    { "pinnable_release", { "products" } },
    { "release", { "actions", "products" } },
    { "release_locale", { "actions", "products" } },
    { "release_read_only", { "actions", "products" } },
    { "required_signoff", { "products" } },
    { "rule", { "actions", "products" } },
    { "scheduled_change", { "actions" } },
};

static const struct permission *find_known(const char *name)
{
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(known); i++) {
        if (strcmp(known[i].name, name) == 0) {
            return &known[i];
        }
    }
    return NULL;
}

static bool has_option(const struct permission *p, const char *option)
{
    for (size_t i = 0; p->options[i] != NULL; i++) {
        if (strcmp(p->options[i], option) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- is it valid ---- */

static bool check_option(const struct permission *p, const cJSON *option, struct error *e)
{
    const cJSON *item;
    if (!has_option(p, option->string)) {
        return fail(e, FAIL_INVALID, "Unknown option \"%s\" for permission \"%s\"", option->string, p->name);
    }
    bool is_list = cJSON_IsArray(option);
    cJSON_ArrayForEach(item, option)
    {
        is_list = is_list && cJSON_IsString(item);
    }
    return is_list || fail(e, FAIL_INVALID, "Option \"%s\" has to be a list of strings", option->string);
}

static bool check_options(const struct permission *p, const cJSON *options, struct error *e)
{
    const cJSON *option;
    bool is_empty = cJSON_IsString(options) && options->valuestring[0] == '\0';
    if (options == NULL || cJSON_IsNull(options) || is_empty) {
        return true;
    }
    if (!cJSON_IsObject(options)) {
        return fail(e, FAIL_INVALID, "The options of a permission have to be an object");
    }
    cJSON_ArrayForEach(option, options)
    {
        if (!check_option(p, option, e)) {
            return false;
        }
    }
    return true;
}

static bool check_valid(const struct change *c, struct error *e)
{
    const char *name = row_text(c->now, "permission");
    const struct permission *p = find_known(name);
    return p != NULL ? check_options(p, json_get(c->what, "options"), e)
                     : fail(e, FAIL_INVALID, "Unknown permission \"%s\"", name != NULL ? name : "");
}

static bool check_permission(struct tx *tx, const struct change *c, struct error *e)
{
    switch (c->type) {
    case CHANGE_INSERT:
        return check_valid(c, e) && access_demand(tx, "permission", "create", NULL, e,
                                                  "%s is not allowed to grant permissions", tx->actor);
    case CHANGE_UPDATE:
        return check_valid(c, e) && access_demand(tx, "permission", "modify", NULL, e,
                                                  "%s is not allowed to modify permissions", tx->actor);
    default:
        return access_demand(tx, "permission", "delete", NULL, e,
                             "('%%s is not allowed to revoke permissions', '%s')", tx->actor);
    }
}

/* ---- what needs sign-offs ---- */

/* The products that the permission ROW is limited to; NULL if it is not, or cannot be, limited to
 * products. */
static const cJSON *products_of(const cJSON *row)
{
    const struct permission *p = find_known(row_text(row, "permission"));
    const cJSON *products = json_get_array(json_get_object(row, "options"), "products");
    bool counts = p != NULL && has_option(p, "products") && products != NULL && products->child != NULL;
    return counts ? products : NULL;
}

static bool require_row(struct tx *tx, const cJSON *row, cJSON *needs, struct error *e)
{
    const cJSON *product;
    const cJSON *products = products_of(row);
    if (products == NULL) {
        return signoff_need_permission(tx, NULL, needs, e);
    }
    cJSON_ArrayForEach(product, products)
    {
        if (cJSON_IsString(product) && !signoff_need_permission(tx, product->valuestring, needs, e)) {
            return false;
        }
    }
    return true;
}

static bool require_signoffs(struct tx *tx, const struct change *c, cJSON *needs, struct error *e)
{
    return (c->old == NULL || require_row(tx, c->old, needs, e)) &&
           (c->now == NULL || require_row(tx, c->now, needs, e));
}

/* ---- what happens besides ---- */

/* A user whose last permission was deleted loses all roles. */
static bool revoke_roles_without_permission(struct tx *tx, const struct change *c, struct error *e)
{
    cJSON *left;
    const char *username = row_text(c->old, "username");
    if (c->type != CHANGE_DELETE) {
        return true;
    }
    return permissions_list(tx, username, &left, e) &&
           (left->child != NULL || roles_revoke_all(tx, username, e));
}

const struct resource permissions_resource = {
    .table = &table_permissions,
    .check = check_permission,
    .require = require_signoffs,
    .after = revoke_roles_without_permission,
};
