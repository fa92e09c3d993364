/* The <update …> line of versions 1 to 8 (app_groups.c: version 9). The parts that do not depend on the query
 * are put together when the release is compiled. */
#include "core/python.h"
#include "release/app.h"
#include "release/markup.h"

/* Attributes taken from the top of the blob, in the order of the line. */
struct attribute_row {
    const char *key, *name;
    int first, last;   /* schema versions that have it */
    bool interpolated; /* %LOCALE% is replaced; it must be a string then */
};
static const struct attribute_row before_os_update[] = {
    { "detailsUrl", "detailsURL", 1, 8, true },
    { "licenseUrl", "licenseURL", 1, 8, true },
};
static const struct attribute_row behind_os_update[] = {
    { "billboardURL", "billboardURL", 2, 5, true },
    { "showPrompt", "showPrompt", 2, 8, false },
    { "showNeverForVersion", "showNeverForVersion", 2, 8, false },
    { "actions", "actions", 2, 8, false },
    { "openURL", "openURL", 2, 8, true },
    { "notificationURL", "notificationURL", 2, 8, true },
    { "alertURL", "alertURL", 2, 8, true },
    { "promptWaitTime", "promptWaitTime", 5, 8, false },
    { "binTransMerkleRoot", "binTransMerkleRoot", 8, 8, false },
    { "binTransCertificate", "binTransCertificate", 8, 8, false },
    { "binTransSCTList", "binTransSCTList", 8, 8, false },
};
enum { ROWS_MAX = ARRAY_LEN(behind_os_update) };

static void compile_attribute(struct compiler *c, struct app_body *body, const struct attribute_row *row,
                              const cJSON *json, struct template *attribute)
{
    if (row->interpolated && !cJSON_IsString(json)) {
        body->line_problem = "an attribute of the update line is no string";
        return;
    }
    buf_printf(&c->scratch, " %s=\"", row->name);
    size_t value = c->scratch.n;
    if (cJSON_IsBool(json)) {
        buf_str(&c->scratch, cJSON_IsTrue(json) ? STR("true") : STR("false"));
    } else {
        json_print_str(&c->scratch, json);
    }
    markup_mark(&c->scratch, value);
    buf_char(&c->scratch, '"');
    *attribute = template_of(&c->arena, release_keep_scratch(c));
    attribute->literal |= !row->interpolated;
}

static const struct template *compile_attributes(struct compiler *c, struct app_body *body,
                                                 const struct attribute_row *row, size_t n_rows, uint32_t *n)
{
    struct template attribute[ROWS_MAX] = { 0 };
    for (size_t i = 0; i < n_rows; i++) {
        const cJSON *json = json_get(c->blob, row[i].key);
        int version = body->kind->schema_version;
        if (json != NULL && row[i].first <= version && version <= row[i].last) {
            compile_attribute(c, body, &row[i], json, &attribute[(*n)++]);
        }
    }
    struct template *kept = arena_array(&c->arena, struct template, *n);
    memcpy(kept, attribute, *n * sizeof(*kept));
    return kept;
}

void app_compile_line(struct compiler *c, struct app_body *body)
{
    if (body->kind->line == APP_LINE_GROUPS) {
        app_compile_groups(c, body);
        return;
    }
    body->attribute[0] =
        compile_attributes(c, body, before_os_update, ARRAY_LEN(before_os_update), &body->n_attributes[0]);
    body->attribute[1] =
        compile_attributes(c, body, behind_os_update, ARRAY_LEN(behind_os_update), &body->n_attributes[1]);
    body->old_version_special_cases =
        body->kind->line == APP_LINE_EXT && python_truth(json_get(c->blob, "oldVersionSpecialCases"));
}

static void print_attributes(const struct app_body *body, unsigned which, struct str locale, struct buf *out)
{
    struct placeholders values = { 0 };
    values.value[PH_LOCALE] = locale;
    for (uint32_t i = 0; i < body->n_attributes[which]; i++) {
        template_print(out, &body->attribute[which][i], &values);
    }
}

static void print_pair(struct buf *out, const char *name, struct str value)
{
    buf_str(out, str_of(name));
    buf_str(out, value);
    buf_char(out, '"');
}

/* Clients before Firefox 4 check their add-ons against the new version before they update. With
 * oldVersionSpecialCases the answer names the client's own version instead, so that they do update. */
static enum verdict old_version_case(const struct query *q, struct str *version, struct str *extension,
                                     struct error *e)
{
    static const struct version v2_0 = { .part = { 2, 0, 0 } }, v3_5 = { .part = { 3, 5, 0 } },
                                v3_6 = { .part = { 3, 6, 0 } }, v4_0 = { .part = { 4, 0, 0 } };
    struct version asked;
    if (!version_parse(&asked, q->version)) {
        return release_bad(e, "Version number %.*s is invalid.", STR_ARG(q->version));
    }
    if (version_cmp(&asked, &v2_0) < 0 || version_cmp(&asked, &v4_0) >= 0) {
        return VERDICT_YES;
    }
    if (version_cmp(&asked, &v3_5) < 0) {
        *version = q->version;
    }
    *extension = version_cmp(&asked, &v3_6) < 0 ? STR_NONE : q->version;
    return VERDICT_YES;
}

static enum verdict print_ext_line(const struct app_body *body, const struct app_position *position,
                                   const struct release_value *build_id, const struct query *q,
                                   struct buf *out, struct error *e)
{
    const struct release_value *const *param = position->locale->defaults->param;
    struct str version = param[1]->shown;
    struct str extension = param[0]->shown;
    if (body->old_version_special_cases) {
        enum verdict v = old_version_case(q, &version, &extension, e);
        if (v != VERDICT_YES) {
            return v;
        }
    }
    print_pair(out, " version=\"", version);
    if (!str_absent(extension)) {
        print_pair(out, " extensionVersion=\"", extension);
    }
    print_pair(out, " buildID=\"", build_id->shown);
    print_attributes(body, 0, q->locale, out);
    return VERDICT_YES;
}

static void print_app_line(const struct app_body *body, const struct app_position *position,
                           const struct release_value *build_id, const struct query *q, struct buf *out)
{
    const struct release_value *const *param = position->locale->defaults->param;
    print_pair(out, " displayVersion=\"", param[1]->shown);
    print_pair(out, " appVersion=\"", param[0]->shown);
    print_pair(out, " platformVersion=\"", param[2]->shown);
    print_pair(out, " buildID=\"", build_id->shown);
    print_attributes(body, 0, q->locale, out);
    if (position->locale->defaults->os_update) {
        buf_lit(out, " isOSUpdate=\"true\"");
    }
    print_attributes(body, 1, q->locale, out);
}

static enum verdict print_update_line(const struct app_body *body, const struct app_position *position,
                                      const struct release_value *build_id, const struct release_env *env,
                                      struct buf *out, struct error *e)
{
    enum verdict v = VERDICT_YES;
    if (body->line_problem != NULL) {
        return release_broken(e, "%s", body->line_problem);
    }
    if (body->kind->line == APP_LINE_GROUPS) {
        return app_groups_line(body, position, build_id, env, out, e);
    }
    buf_lit(out, "    <update type=\"");
    markup_print(out, str_absent(env->update_type) ? STR("None") : env->update_type);
    buf_char(out, '"');
    if (body->kind->line == APP_LINE_EXT) {
        v = print_ext_line(body, position, build_id, env->query, out, e);
    } else {
        print_app_line(body, position, build_id, env->query, out);
    }
    buf_lit(out, ">\n");
    return v;
}

enum verdict app_header(const struct release *r, const struct release_env *env, struct buf *out,
                        struct error *e)
{
    const struct app_body *body = r->body;
    const struct query *q = env->query;
    const struct release_value *build_id;
    struct app_position position;
    enum verdict v = VERDICT_BROKEN;
    if (app_find(body, name_key_of(q->build_target), name_key_of(q->locale), &position, e)) {
        v = app_build_id(&position, q->build_target, q->locale, &build_id, e);
    }
    if (v == VERDICT_YES) {
        v = print_update_line(body, &position, build_id, env, out, e);
    }
    if (v == VERDICT_BROKEN && e != NULL) {
        error_prefix(e, "release %.*s", STR_ARG(r->name));
    }
    return v;
}
