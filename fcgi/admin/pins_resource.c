/* Pins as a resource. They never need sign-offs of their own. (reference: db.py PinnableReleases) */
#include "admin/pins.h"
#include "admin/release_rows.h"
#include "blob/validate.h"
#include "store/release_links.h"

/* ---- versions ---- */

bool pins_release_version(const cJSON *row, struct str *text, struct version *version, struct error *e)
{
    *text = blob_application_version(json_get(row, "data"));
    return text->n == 0 || version_parse(version, *text) ||
           fail(e, FAIL_INVALID, "Version number %.*s is invalid.", STR_ARG(*text));
}

/* Whether TEXT is the version of a pin in the only form in which the public service looks pins up. */
static bool parse_pin(struct pin_version *pin, const char *text)
{
    char canonical[24];
    return text != NULL && pin_version_parse(pin, str_of(text)) &&
           str_eq((struct str){ canonical, pin_version_print(pin, canonical) }, str_of(text));
}

bool pins_fit(const char *version, const char *name, const cJSON *row, struct error *e)
{
    struct pin_version pin;
    struct version is;
    struct str text;
    if (!parse_pin(&pin, version)) {
        return fail(
            e, FAIL_INVALID,
            "The version of a pin is a number and a dot, or two of these, as '102.' or '102.3.', not '%s'",
            access_text(version));
    }
    if (row == NULL) {
        return fail(e, FAIL_INVALID, "Pin %s cannot map to release '%s', which does not exist", version,
                    access_text(name));
    }
    if (!pins_release_version(row, &text, &is, e)) {
        return false;
    }
    if (text.n == 0) {
        return fail(e, FAIL_INVALID, "Pin %s cannot map to release '%s', which has no version", version,
                    name);
    }
    return version_cmp_pin(&is, &pin) == 0 ||
           fail(e, FAIL_INVALID, "Pin %s cannot map to release '%s', whose version %.*s is outside of it",
                version, name, STR_ARG(text));
}

/* ---- the resource ---- */

static bool demand_pin(struct tx *tx, const struct change *c, struct error *e)
{
    static const char *const actions[] = {
        [CHANGE_INSERT] = "create", [CHANGE_UPDATE] = "modify", [CHANGE_DELETE] = "delete"
    };
    const char *action = actions[c->type];
    const char *product = row_text(c->type == CHANGE_INSERT ? c->now : c->old, "product");
    return access_demand(tx, "pinnable_release", action, product, e,
                         "%s is not allowed to %s pinnable releases for product %s", tx->actor, action,
                         access_text(product));
}

static bool check_pin(struct tx *tx, const struct change *c, struct error *e)
{
    struct release_rows rows;
    if (!demand_pin(tx, c, e)) {
        return false;
    }
    if (c->type == CHANGE_DELETE) {
        return true;
    }
    const char *mapping = row_text(c->now, "mapping");
    if (mapping == NULL) {
        return fail(e, FAIL_INVALID, "A pin needs a mapping: the name of a release");
    }
    return release_rows_read_whole(tx, mapping, &rows, e) &&
           pins_fit(row_text(c->now, "version"), mapping, release_rows_served(&rows), e);
}

static void add_pinned_release(const struct change *c, cJSON *names)
{
    release_names_add(names, row_text(c->now, "mapping"));
}

const struct resource pinnable_releases_resource = { .table = &table_pinnable_releases,
                                                     .check = check_pin,
                                                     .leads_to = add_pinned_release,
                                                     .scope = SCOPE_COLUMN };
