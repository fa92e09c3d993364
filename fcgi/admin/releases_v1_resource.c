/* Releases of the v1 table: who may change them, and which sign-offs that needs. (reference: db.py Releases)
 *
 * A change may be about read_only, or about what is served; each has its own permission and sign-offs. In the
 * reference a change that sets read_only is only of the first kind; here, if it also changes what is served,
 * it is of both kinds. A read-only release also cannot be changed by the change that makes it writable: a
 * change that was scheduled before the release became read-only contains read_only = false. */
#include "admin/release_blob.h"
#include "admin/release_rows.h"
#include "admin/release_uses.h"
#include "admin/releases_v1.h"
#include "blob/merge.h"
#include "core/tree.h"
#include "store/release_history.h"
#include "store/release_links.h"

/* ---- what a change is about ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What an update is about. */
struct aspects {
    bool read_only;
    bool content;
};

static bool changes_content(const struct change *c)
{
    return !same_text(row_text(c->old, "product"), row_text(c->now, "product")) ||
           !tree_equal(json_get(c->old, "data"), json_get(c->now, "data"));
}

static struct aspects aspects_of(const struct change *c)
{
    bool content = json_get(c->what, "data") != NULL || json_get(c->what, "product") != NULL;
    bool named = json_get(c->what, "read_only") != NULL;
    bool changed = named && row_true(c->old, "read_only") != row_true(c->now, "read_only");
    return (struct aspects){
        .read_only = changed || (named && !content),
        .content = changed ? content && changes_content(c) : content || !named,
    };
}

/* ---- may it be done, and is it valid ---- */

bool releases_v1_demand(struct tx *tx, const char *action, const char *product, struct error *e)
{
    return access_demand(tx, "release", action, product, e, "%s is not allowed to %s releases for product %s",
                         tx->actor, action, access_text(product));
}

bool releases_v1_demand_read_only(struct tx *tx, bool read_only, const char *product, struct error *e)
{
    return access_demand(tx, "release_read_only", read_only ? "set" : "unset", product, e,
                         "%s is not allowed to mark %s products read %s", tx->actor, access_text(product),
                         read_only ? "only" : "write");
}

static bool check_blob(struct tx *tx, const struct change *c, struct error *e)
{
    struct blob_change change = { .blob = json_get(c->now, "data"), .old = json_get(c->old, "data") };
    return release_blob_check(tx, row_text(c->now, "name"), row_text(c->now, "product"), &change, e);
}

static bool check_insert(struct tx *tx, const struct change *c, struct error *e)
{
    const char *product = row_text(c->now, "product");
    if (product == NULL || row_text(c->now, "name") == NULL || !cJSON_IsObject(json_get(c->now, "data"))) {
        return fail(e, FAIL_INVALID, "name, product, and data are all required");
    }
    return releases_v1_demand(tx, "create", product, e) && check_blob(tx, c, e);
}

/* Refuses to change a release that is read-only. A change that is scheduled already may be deleted, and a
 * direct write that makes the release read-only may be merged into it; it is refused when it is enacted. */
static bool check_read_only(const struct change *c, struct error *e)
{
    return c->scheduled || !row_true(c->old, "read_only") ||
           fail(e, FAIL_READ_ONLY, "Release '%s' is read only", row_text(c->old, "name"));
}

static bool check_content(struct tx *tx, const struct change *c, struct error *e)
{
    const cJSON *data = json_get(c->what, "data");
    const char *was = row_text(c->old, "product"), *is = row_text(c->now, "product");
    bool writes = data != NULL || json_get(c->what, "product") != NULL;
    if (writes && !check_read_only(c, e)) {
        return false;
    }
    return releases_v1_demand(tx, "modify", was, e) &&
           (same_text(was, is) || releases_v1_demand(tx, "modify", is, e)) &&
           (data == NULL || cJSON_IsNull(data) || check_blob(tx, c, e));
}

static bool check_update(struct tx *tx, const struct change *c, struct error *e)
{
    const struct aspects about = aspects_of(c);
    bool read_only = row_true(c->now, "read_only");
    return (!about.read_only ||
            releases_v1_demand_read_only(tx, read_only, row_text(c->old, "product"), e)) &&
           (!about.content || check_content(tx, c, e));
}

/* If a v2 release of this name is served instead, the v1 release may be deleted although others name it. */
static bool check_delete(struct tx *tx, const struct change *c, struct error *e)
{
    const char *rule = NULL;
    struct release_rows rows;
    const char *name = row_text(c->old, "name");
    if (c->scheduled) {
        return releases_v1_demand(tx, "delete", row_text(c->old, "product"), e);
    }
    if (!release_rows_read(tx, name, &rows, e) ||
        (rows.v2 == NULL && !release_uses_by_rule(tx, name, &rule, e))) {
        return false;
    }
    if (rule != NULL) {
        return fail(e, FAIL_INVALID,
                    "%s has rules pointing to it. Hence it cannot be deleted. The first is %s", name, rule);
    }
    return check_read_only(c, e) && releases_v1_demand(tx, "delete", row_text(c->old, "product"), e) &&
           (rows.v2 != NULL || release_uses_refuse(tx, name, e));
}

static bool check_alone(struct tx *tx, const struct change *c, struct error *e)
{
    switch (c->type) {
    case CHANGE_INSERT:
        return check_insert(tx, c, e);
    case CHANGE_UPDATE:
        return check_update(tx, c, e);
    default:
        return check_delete(tx, c, e);
    }
}

/* Checks C against the v2 release of the same name, which is served instead. No v1 release can be created
 * beside it. An existing one may be changed by those who may change the v2 release, and be deleted, since
 * clients do not notice that. */
static bool check_beside(struct tx *tx, const struct change *c, struct error *e)
{
    struct release_rows rows;
    const char *name = row_text(c->now != NULL ? c->now : c->old, "name");
    if (!release_rows_beside(tx, c, &rows, e)) {
        return false;
    }
    if (rows.v2 == NULL) {
        return true;
    }
    switch (c->type) {
    case CHANGE_INSERT:
        return fail(e, FAIL_INVALID, "Release '%s' exists as a v2 release: change it by /v2/releases/%s",
                    name, name);
    case CHANGE_UPDATE:
        return release_rows_agree(name, row_text(c->now, "product"), rows.v2, e);
    default:
        return releases_v1_demand(tx, "delete", row_text(rows.v2, "product"), e);
    }
}

static bool check_change(struct tx *tx, const struct change *c, struct error *e)
{
    return check_alone(tx, c, e) && check_beside(tx, c, e);
}

/* ---- sign-offs ---- */

/* Deleting a release needs no sign-offs if a v2 release of its name is served instead. */
static bool require_deletion(struct tx *tx, const char *name, cJSON *needs, struct error *e)
{
    bool hidden;
    return signoff_is_hidden(tx, name, &hidden, e) && (hidden || signoff_need_release(tx, name, needs, e));
}

/* Making a release read-only needs no sign-offs. While that is only scheduled, it is shown with those that
 * any change needs. */
static bool require_signoffs(struct tx *tx, const struct change *c, cJSON *needs, struct error *e)
{
    const char *name = row_text(c->now != NULL ? c->now : c->old, "name");
    if (c->type == CHANGE_DELETE) {
        return require_deletion(tx, name, needs, e);
    }
    if (c->type == CHANGE_UPDATE && c->old != NULL) {
        if (row_true(c->old, "read_only") && !row_true(c->now, "read_only")) {
            return signoff_need_writable(tx, name, row_text(c->old, "product"), needs, e);
        }
        if (!c->dry && !aspects_of(c).content) {
            return true;
        }
    }
    return signoff_need_release(tx, name, needs, e);
}

/* ---- outdated submissions ---- */

/* The text is freed as soon as its tree is there: the request holds two other trees of that size. */
bool releases_v1_ancestor(struct tx *tx, const char *name, int64_t data_version, const cJSON **blob,
                          struct error *e)
{
    struct str text;
    void *outer = tx_step_begin(tx);
    *blob = NULL;
    if (release_history_read(tx, (struct recorded_row){ "releases", name, "" }, data_version, &text, e)) {
        if (str_absent(text)) {
            fail(e, FAIL_INVALID, "What release %s was at data_version %lld is not known", name,
                 (long long)data_version);
        } else {
            *blob = json_parse_whole(outer, text, e);
        }
    }
    tx_step_end(tx, outer);
    return *blob != NULL;
}

bool releases_v1_merge(struct tx *tx, const cJSON *ancestor, const cJSON *tip, const cJSON *mine,
                       const cJSON **merged, struct error *e)
{
    *merged = tx_keep(tx, merge_three(ancestor, tip, mine, NULL));
    return *merged != NULL ||
           fail(e, FAIL_OUTDATED,
                "Failed to update row, old_data_version doesn't match current data_version");
}

static bool merge_outdated(struct tx *tx, const struct change *c, int64_t data_version, cJSON **what,
                           struct error *e)
{
    const cJSON *ancestor = NULL, *merged;
    const cJSON *mine = json_get(c->what, "data"), *tip = json_get(c->old, "data");
    bool both = cJSON_IsObject(mine) && cJSON_IsObject(tip);
    if ((both && !releases_v1_ancestor(tx, row_text(c->old, "name"), data_version, &ancestor, e)) ||
        !releases_v1_merge(tx, ancestor, tip, mine, &merged, e)) {
        return false;
    }
    *what = tx_keep(tx, mem_check(cJSON_CreateObject()));
    for (const cJSON *item = c->what->child; item != NULL; item = item->next) {
        const cJSON *value = item == mine ? merged : item;
        cJSON_AddItemReferenceToObject(*what, item->string, (cJSON *)value);
    }
    return true;
}

static void add_members(const struct change *c, cJSON *names)
{
    release_names_add_members(names, json_get(c->now, "data"));
}

const struct resource releases_resource = {
    .table = &table_releases,
    .check = check_change,
    .require = require_signoffs,
    .merge = merge_outdated,
    .scope = SCOPE_COLUMN,
    .leads_to = add_members,
};
