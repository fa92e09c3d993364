/* Bases and assets of v2 releases: who may change them, and which sign-offs that needs. (reference: db.py
 * ReleasesJSON, ReleaseAssets)
 *
 * In the reference only the handlers check permissions, once for the whole release. Here the handlers do
 * that, too, and the resources do not check again while a change is scheduled, merged into or deleted. But
 * when it is enacted, the user who scheduled it must still have the permission. Which sign-offs are needed
 * depends on the name of the release only, so that a base or locale that does not exist yet needs the same as
 * any other. */
#include "admin/release_rows.h"
#include "admin/release_uses.h"
#include "admin/releases_v2.h"
#include "core/tree.h"
#include "store/release_links.h"

bool releases_v2_demand(struct tx *tx, const char *action, const char *product, struct error *e)
{
    return access_demand(tx, "release", action, product, e, "%s is not allowed to %s %s releases", tx->actor,
                         action, access_text(product));
}

bool releases_v2_demand_of(struct tx *tx, const char *name, const char *action, struct error *e)
{
    cJSON *rows;
    struct table_query q = { .table = &table_releases_json, .key = { { "name", DB_S(str_of(name)) } } };
    return row_list(tx, &q, &rows, e) &&
           (rows->child == NULL || releases_v2_demand(tx, action, row_text(rows->child, "product"), e));
}

bool releases_v2_demand_read_only(struct tx *tx, bool read_only, const char *product, struct error *e)
{
    const char *action = read_only ? "set" : "unset";
    return access_demand(tx, "release_read_only", action, product, e,
                         "%s is not allowed to %s read_only for %s releases", tx->actor, action,
                         access_text(product));
}

/* ---- the base ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whether an update changes, or may change, what is served. Otherwise it is about read_only. */
static bool changes_content(const struct change *c)
{
    if (c->old == NULL) {
        return true;
    }
    const cJSON *was = json_get(c->old, "data"), *is = json_get(c->now, "data");
    return !tree_equal(was, is) || !same_text(row_text(c->old, "product"), row_text(c->now, "product"));
}

static bool changes_read_only(const struct change *c)
{
    return c->old != NULL && row_true(c->old, "read_only") != row_true(c->now, "read_only");
}

/* Whether an update sets read_only and no other column. */
static bool is_about_read_only(const struct change *c)
{
    return json_get(c->what, "read_only") != NULL && json_get(c->what, "data") == NULL &&
           json_get(c->what, "product") == NULL;
}

/* Refuses to change a read-only release. Handlers do not schedule changes of one; a change that was scheduled
 * before is refused here when it is enacted. */
static bool check_read_only(const cJSON *base, struct error *e)
{
    return !row_true(base, "read_only") ||
           fail(e, FAIL_READ_ONLY, "Release '%s' is read only", row_text(base, "name"));
}

static bool check_base_update(struct tx *tx, const struct change *c, struct error *e)
{
    const char *was = row_text(c->old, "product"), *is = row_text(c->now, "product");
    bool read_only = changes_read_only(c) || is_about_read_only(c);
    if (read_only && !releases_v2_demand_read_only(tx, row_true(c->now, "read_only"), was, e)) {
        return false;
    }
    if (read_only && !changes_content(c)) {
        return true;
    }
    return check_read_only(c->old, e) && releases_v2_demand(tx, "modify", was, e) &&
           (same_text(was, is) || releases_v2_demand(tx, "modify", is, e));
}

/* Refuses to delete a release that a rule or pin maps to. The handler has checked this for a direct deletion,
 * but a scheduled deletion does not pass through it. */
static bool check_unused(struct tx *tx, const char *name, struct error *e)
{
    const char *rule;
    return release_uses_by_rule(tx, name, &rule, e) &&
           (rule == NULL || fail(e, FAIL_INVALID, "Cannot delete release that is mapped to: %s", rule)) &&
           release_uses_refuse(tx, name, e);
}

/* Checks C by itself, without the v1 release of the same name. */
static bool check_base_alone(struct tx *tx, const struct change *c, struct error *e)
{
    const char *product = row_text(c->type == CHANGE_DELETE ? c->old : c->now, "product");
    if (c->type != CHANGE_DELETE && (product == NULL || product[0] == '\0')) {
        return fail(e, FAIL_INVALID, "A release needs a product");
    }
    if (c->dry) {
        return true;
    }
    switch (c->type) {
    case CHANGE_INSERT:
        return releases_v2_demand(tx, "create", product, e);
    case CHANGE_UPDATE:
        return check_base_update(tx, c, e);
    default:
        return check_read_only(c->old, e) && releases_v2_demand(tx, "delete", product, e) &&
               check_unused(tx, row_text(c->old, "name"), e);
    }
}

/* Checks C against the v1 release of the same name. A v2 release that is created over it is served instead,
 * which is a change of the v1 release. */
static bool check_base_beside(struct tx *tx, const struct change *c, struct error *e)
{
    struct release_rows rows;
    const char *name = row_text(c->now != NULL ? c->now : c->old, "name");
    if (!release_rows_beside(tx, c, &rows, e)) {
        return false;
    }
    if (rows.v1 == NULL) {
        return true;
    }
    const char *product = row_text(rows.v1, "product");
    switch (c->type) {
    case CHANGE_INSERT:
        return (c->dry || releases_v2_demand(tx, "modify", product, e)) && check_read_only(rows.v1, e) &&
               release_rows_agree(name, row_text(c->now, "product"), rows.v1, e);
    case CHANGE_UPDATE:
        return release_rows_agree(name, row_text(c->now, "product"), rows.v1, e);
    default:
        return c->dry || releases_v2_demand(tx, "delete", product, e);
    }
}

/* Refuses a blob whose name is not the name of its row. The handler has checked this, but a change that
 * another program scheduled does not pass through it. */
static bool check_own_name(const struct change *c, struct error *e)
{
    const char *name = row_text(c->now, "name"), *inside = json_get_string(json_get(c->what, "data"), "name");
    return inside == NULL || same_text(name, inside) ||
           fail(e, FAIL_INVALID, "name in database (%s) does not match name in blob (%s)", name, inside);
}

static bool check_base(struct tx *tx, const struct change *c, struct error *e)
{
    return check_base_alone(tx, c, e) && check_base_beside(tx, c, e) && check_own_name(c, e);
}

/* Adds the sign-offs that C needs. Making a release read-only protects it, so that needs none; making it
 * writable needs those of its product even if nothing maps to it yet. */
static bool require_base(struct tx *tx, const struct change *c, cJSON *needs, struct error *e)
{
    const cJSON *row = c->now != NULL ? c->now : c->old;
    const cJSON *read_only = c->type == CHANGE_UPDATE ? json_get(c->now, "read_only") : NULL;
    bool locks = cJSON_IsTrue(read_only) && changes_read_only(c) && !changes_content(c);
    bool unlocks =
        read_only != NULL && !cJSON_IsTrue(read_only) && (c->old == NULL || row_true(c->old, "read_only"));
    if (unlocks) {
        const char *product = row_text(c->old != NULL ? c->old : c->now, "product");
        return signoff_need_writable(tx, row_text(row, "name"), product, needs, e);
    }
    return locks || signoff_need_release(tx, row_text(row, "name"), needs, e);
}

static void add_members(const struct change *c, cJSON *names)
{
    release_names_add_members(names, json_get(c->now, "data"));
}

const struct resource releases_json_resource = {
    .table = &table_releases_json,
    .check = check_base,
    .require = require_base,
    .scope = SCOPE_COLUMN,
    .leads_to = add_members,
};

/* ---- assets ---- */

/* A user may create the assets of a release if they may create the release, and likewise for deleting. The
 * right to modify the release allows both. */
static bool check_asset(struct tx *tx, const struct change *c, struct error *e)
{
    static const char *const instead[] = { [CHANGE_INSERT] = "create", [CHANGE_DELETE] = "delete" };
    const char *action = c->type == CHANGE_UPDATE ? NULL : instead[c->type];
    const char *name = row_text(c->now != NULL ? c->now : c->old, "name");
    struct release_rows rows;
    bool has = false;
    if (c->dry) {
        return true;
    }
    if (!release_rows_read(tx, name, &rows, e)) {
        return false;
    }
    const char *product = row_text(rows.v2, "product");
    if (action != NULL && !access_has(tx, tx->actor, "release", action, product, &has, e)) {
        return false;
    }
    return (has || releases_v2_demand(tx, "modify", product, e)) && check_read_only(rows.v2, e) &&
           (c->type == CHANGE_DELETE || release_rows_agree(name, product, rows.v1, e));
}

static bool require_asset(struct tx *tx, const struct change *c, cJSON *needs, struct error *e)
{
    return signoff_need_release(tx, row_text(c->now != NULL ? c->now : c->old, "name"), needs, e);
}

const struct resource release_assets_resource = {
    .table = &table_release_assets,
    .check = check_asset,
    .require = require_asset,
    .scope = SCOPE_RELEASE,
};
