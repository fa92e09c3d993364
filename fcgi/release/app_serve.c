/* Finding a query's platform and locale, and deciding whether the release is newer than what the client has.
 */
#include "release/app.h"

/* The reference reads an alias at the platform asked for, then everything else at the one it names. */
static const char *alias_problem(const struct app_platform *asked)
{
    if (asked->no_object) {
        return "is no object";
    }
    return asked->alias == APP_ALIAS_BROKEN ? "has an alias that is no name" : NULL;
}

static const char *platform_problem(const struct app_platform *platform)
{
    if (platform->no_object) {
        return "is no object";
    }
    return platform->locales_broken ? "has locales that are no object" : NULL;
}

static bool platform_error(const struct app_platform *platform, const char *problem, struct error *e)
{
    return error_set(e, ERROR_INTERNAL, "platform %.*s %s", (int)platform->key.n, platform->key.p, problem);
}

bool app_find(const struct app_body *body, struct name_key build_target, struct name_key locale,
              struct app_position *position, struct error *e)
{
    *position = (struct app_position){ 0 };
    if (body->platforms_broken) {
        return error_set(e, ERROR_INTERNAL, "platforms is no object");
    }
    position->asked =
        name_keys_find(body->platform, body->n_platforms, sizeof(*body->platform), build_target);
    if (position->asked == NULL) {
        return true;
    }
    if (alias_problem(position->asked) != NULL) {
        return platform_error(position->asked, alias_problem(position->asked), e);
    }
    position->platform = position->asked->resolved;
    if (position->platform == NULL) {
        return true;
    }
    if (platform_problem(position->platform) != NULL) {
        return platform_error(position->platform, platform_problem(position->platform), e);
    }
    position->locale = name_keys_find(position->platform->locale, position->platform->n_locales,
                                      sizeof(*position->platform->locale), locale);
    if (position->locale != NULL && position->locale->defaults->no_object) {
        return error_set(e, ERROR_INTERNAL, "locale %.*s of platform %.*s is no object", (int)locale.n,
                         locale.p, (int)position->platform->key.n, position->platform->key.p);
    }
    return true;
}

enum verdict app_build_id(const struct app_position *position, struct str build_target, struct str locale,
                          const struct release_value **build_id, struct error *e)
{
    if (position->asked == NULL) {
        return release_bad(e, "Can't find platform '%%s' %.*s", STR_ARG(build_target));
    }
    const struct name_key *platform = &position->asked->target;
    if (position->locale == NULL) {
        return release_bad(e, "No such locale '%.*s' in platform '%.*s'", STR_ARG(locale), (int)platform->n,
                           platform->p);
    }
    if (position->locale->defaults->build_id == NULL) {
        return release_bad(e, "No buildID for platform '%.*s'", (int)platform->n, platform->p);
    }
    *build_id = position->locale->defaults->build_id;
    return VERDICT_YES;
}

/* VERDICT_NO when the client's build is not older, though its version is the same. */
static enum verdict compare_build_ids(const struct app_position *position, const struct query *q,
                                      enum release_no *no, struct error *e)
{
    const struct release_value *build_id;
    enum verdict v = app_build_id(position, q->build_target, q->locale, &build_id, e);
    if (v != VERDICT_YES) {
        return v;
    }
    if (!build_id->is_string) {
        return release_broken(e, "the buildID of locale %.*s is no string", STR_ARG(q->locale));
    }
    if (str_cmp(q->build_id, build_id->text) >= 0) {
        *no = RELEASE_NO_NEWER_BUILD;
        return VERDICT_NO;
    }
    return VERDICT_YES;
}

static enum verdict check_pin(const struct version *release, struct str pin_text, struct error *e)
{
    struct pin_version pin;
    if (str_absent(pin_text)) {
        return VERDICT_YES;
    }
    if (!pin_version_parse(&pin, pin_text)) {
        return release_bad(e, "Version Pin String '%.*s' is invalid.", STR_ARG(pin_text));
    }
    return version_cmp_pin(release, &pin) > 0 ? VERDICT_MAYBE : VERDICT_YES;
}

static enum verdict compare_versions(const struct app_body *body, const struct app_position *position,
                                     const struct release_value *version, const struct query *q,
                                     enum release_no *no, struct error *e)
{
    struct version asked;
    if (!version->is_true) {
        *no = RELEASE_NO_VERSION;
        return VERDICT_NO;
    }
    if (!version->is_string) {
        return release_broken(e, "%s is no string", body->kind->param[0]);
    }
    if (!version->has_version) {
        return release_bad(e, "Version number %.*s is invalid.", STR_ARG(version->text));
    }
    if (!version_parse(&asked, q->version)) {
        return release_bad(e, "Version number %.*s is invalid.", STR_ARG(q->version));
    }
    int cmp = version_cmp(&asked, &version->version);
    if (cmp > 0) {
        *no = RELEASE_NO_NEWER;
        return VERDICT_NO;
    }
    enum verdict v = cmp == 0 ? compare_build_ids(position, q, no, e) : VERDICT_YES;
    if (v != VERDICT_YES) {
        return v;
    }
    if (body->no_platforms) {
        return release_broken(e, "there is no platforms");
    }
    if (position->asked == NULL) {
        *no = RELEASE_NO_PLATFORM;
        return VERDICT_NO;
    }
    return check_pin(&version->version, q->pin, e);
}

/* The version by which the release is compared with a client. */
static const struct release_value *version_at(const struct app_body *body,
                                              const struct app_position *position)
{
    return position->locale != NULL ? position->locale->defaults->param[0] : body->param[0];
}

/* *NO is set with VERDICT_NO. */
static enum verdict judge_locale(const struct app_body *body, const struct query *q,
                                 struct app_position *position, enum release_no *no, struct error *e)
{
    if (str_absent(q->build_target) || str_absent(q->locale) || str_absent(q->version) ||
        str_absent(q->build_id)) {
        *no = RELEASE_NO_FIELD;
        return VERDICT_NO;
    }
    if (!app_find(body, name_key_of(q->build_target), name_key_of(q->locale), position, e)) {
        return VERDICT_BROKEN;
    }
    return compare_versions(body, position, version_at(body, position), q, no, e);
}

enum verdict app_should_serve(const struct release *r, const struct query *q, struct error *e)
{
    struct app_position position;
    enum release_no ignored;
    enum verdict v = judge_locale(r->body, q, &position, &ignored, e);
    if (v == VERDICT_BROKEN && e != NULL) {
        error_prefix(e, "release %.*s", STR_ARG(r->name));
    }
    return v;
}

void app_find_place(const struct release *r, const struct query *q, struct release_place *place)
{
    const struct app_body *body = r->body;
    struct app_position position = { 0 };
    if (judge_locale(body, q, &position, &place->no, NULL) != VERDICT_NO) {
        place->no = RELEASE_NO_REASON;
    }
    if (position.asked != NULL) {
        place->platform = name_key_str(&position.asked->key);
        if (position.asked->alias != APP_ALIAS_NONE) {
            place->target = name_key_str(&position.asked->target);
        }
    }
    place->has_target = position.platform != NULL;
    place->has_locale = position.locale != NULL;
    const struct release_value *version = version_at(body, &position);
    if (version != NULL && version->is_true) {
        place->version = version->text;
    }
    if (position.locale != NULL && position.locale->defaults->build_id != NULL) {
        place->build_id = position.locale->defaults->build_id->text;
    }
}
