/* The <update …> line of version 9. Most attributes come from "updateLine": groups of fields, each with
 * conditions on the query ("for"). If several groups that apply have the same field, the last one wins. The
 * compiled form is the other way round: it has, for each attribute in the order of the line, the groups with
 * that field. */
#include "query/match.h"
#include "release/app.h"
#include "release/markup.h"

#include <stdlib.h>

static bool is_interpolated(const char *name)
{
    static const char *const names[] = { "openURL", "notificationURL", "alertURL", "detailsURL" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

/* A comma-separated list of version tests counts as that many values. */
static void compile_version_values(struct compiler *c, struct app_condition *condition, const cJSON *values)
{
    uint32_t n = 0;
    for (const cJSON *json = values->child; json != NULL; json = json->next) {
        struct str rest = str_of(cJSON_GetStringValue(json)), part;
        while (str_split(&rest, ',', &part)) {
            n++;
        }
    }
    struct version_test *test = arena_array(&c->arena, struct version_test, n);
    for (const cJSON *json = values->child; json != NULL; json = json->next) {
        struct str rest = release_keep_string(c, json), part;
        while (str_split(&rest, ',', &part)) {
            version_test_compile(&test[condition->n++], part);
        }
    }
    condition->version = test;
}

static void compile_values(struct compiler *c, struct app_condition *condition, const cJSON *values)
{
    struct str *value = arena_array(&c->arena, struct str, (size_t)cJSON_GetArraySize(values));
    for (const cJSON *json = values->child; json != NULL; json = json->next) {
        if (cJSON_IsString(json)) {
            value[condition->n++] = release_keep_string(c, json);
        }
    }
    condition->value = value;
}

static void compile_condition(struct compiler *c, struct app_body *body, struct app_condition *condition,
                              const cJSON *json)
{
    static const char *const names[] = {
        [APP_IF_CHANNEL] = "channels",
        [APP_IF_LOCALE] = "locales",
        [APP_IF_VERSION] = "versions",
        [APP_IF_BUILD_ID] = "buildIDs",
    };
    condition->kind = 0;
    while (condition->kind < APP_IF_NEVER && strcmp(names[condition->kind], json->string) != 0) {
        condition->kind++;
    }
    if (condition->kind == APP_IF_NEVER) {
        return;
    }
    if (!cJSON_IsArray(json)) {
        body->line_problem = "a condition in updateLine is no list";
    } else if (condition->kind == APP_IF_VERSION) {
        compile_version_values(c, condition, json);
    } else {
        compile_values(c, condition, json);
    }
}

static void compile_group(struct compiler *c, struct app_body *body, struct app_group *group,
                          const cJSON *json)
{
    const cJSON *conditions = json_get_object(json, "for");
    group->no_fields = json_get_object(json, "fields") == NULL;
    if (conditions == NULL) {
        body->line_problem = "a group of updateLine has no \"for\"";
        return;
    }
    struct app_condition *list =
        arena_array(&c->arena, struct app_condition, (size_t)cJSON_GetArraySize(conditions));
    for (const cJSON *one = conditions->child; one != NULL; one = one->next) {
        compile_condition(c, body, &list[group->n++], one);
    }
    group->condition = list;
}

/* A field of a group before it has found its column. */
struct loose_field {
    const char *name;
    enum app_default fallback; /* of an attribute that is there without any group */
    uint32_t group;
    const cJSON *json;
};

/* By name, then the last group first; the attribute that is there without a group comes last. */
static int compare_field_names(const void *a, const void *b)
{
    const struct loose_field *x = a;
    const struct loose_field *y = b;
    int c = strcmp(x->name, y->name);
    if (c != 0) {
        return c;
    }
    if ((x->json == NULL) != (y->json == NULL)) {
        return x->json == NULL ? 1 : -1;
    }
    return (x->group < y->group) - (x->group > y->group);
}

static struct app_field compile_field(struct compiler *c, const struct loose_field *loose)
{
    bool interpolated = is_interpolated(loose->name);
    struct app_field field = { .group = loose->group,
                               .broken = interpolated && !cJSON_IsString(loose->json) };
    if (cJSON_IsBool(loose->json)) {
        buf_str(&c->scratch, cJSON_IsTrue(loose->json) ? STR("true") : STR("false"));
    } else {
        json_print_str(&c->scratch, loose->json);
    }
    markup_mark(&c->scratch, 0);
    field.text = template_of(&c->arena, release_keep_scratch(c));
    field.text.literal |= !interpolated;
    return field;
}

/* Makes a column of the N fields of one name at LOOSE. */
static void compile_column(struct compiler *c, struct app_column *column, const struct loose_field *loose,
                           size_t n)
{
    struct app_field *field = arena_array(&c->arena, struct app_field, n);
    buf_printf(&c->scratch, " %s=\"", loose->name);
    column->name = release_keep_scratch(c);
    for (size_t i = 0; i < n; i++) {
        if (loose[i].json != NULL) {
            field[column->n++] = compile_field(c, &loose[i]);
        } else {
            column->fallback = loose[i].fallback;
        }
    }
    column->field = field;
}

static void compile_columns(struct compiler *c, struct app_body *body, struct loose_field *loose, size_t n)
{
    qsort(loose, n, sizeof(*loose), compare_field_names);
    struct app_column *column = arena_array(&c->arena, struct app_column, n);
    for (size_t first = 0, end; first < n; first = end) {
        for (end = first; end < n && strcmp(loose[end].name, loose[first].name) == 0;) {
            end++;
        }
        compile_column(c, &column[body->n_columns++], loose + first, end - first);
    }
    body->column = column;
}

/* Whether NAME can be the name of an attribute. A field with another name, which the format does not allow,
 * is left out. */
static bool is_attribute_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");
    return n > 0 && name[n] == '\0' && !(name[0] >= '0' && name[0] <= '9') && name[0] != '-' &&
           name[0] != '.';
}

/* All fields of all groups, and the attributes that need no group; owned by CTX. */
static struct loose_field *collect_fields(void *ctx, const cJSON *groups, size_t *n)
{
    static const struct loose_field defaults[] = {
        { "appVersion", APP_DEFAULT_PARAM_0, 0, NULL },
        { "displayVersion", APP_DEFAULT_PARAM_1, 0, NULL },
        { "buildID", APP_DEFAULT_BUILD_ID, 0, NULL },
        { "type", APP_DEFAULT_TYPE, 0, NULL },
    };
    *n = ARRAY_LEN(defaults);
    for (const cJSON *group = groups != NULL ? groups->child : NULL; group != NULL; group = group->next) {
        *n += (size_t)cJSON_GetArraySize(json_get_object(group, "fields"));
    }
    struct loose_field *loose = mem_array(ctx, struct loose_field, *n);
    memcpy(loose, defaults, sizeof defaults);
    struct loose_field *next = loose + ARRAY_LEN(defaults);
    uint32_t number = 0;
    for (const cJSON *group = groups != NULL ? groups->child : NULL; group != NULL;
         group = group->next, number++) {
        const cJSON *fields = json_get_object(group, "fields");
        for (const cJSON *one = fields != NULL ? fields->child : NULL; one != NULL; one = one->next) {
            if (is_attribute_name(one->string)) {
                *next++ = (struct loose_field){ one->string, APP_NO_DEFAULT, number, one };
            }
        }
    }
    *n = (size_t)(next - loose);
    return loose;
}

void app_compile_groups(struct compiler *c, struct app_body *body)
{
    const cJSON *groups = json_get(c->blob, "updateLine");
    size_t n = (size_t)cJSON_GetArraySize(groups);
    if ((groups != NULL && !cJSON_IsArray(groups)) || n > APP_GROUPS_MAX) {
        body->line_problem = "updateLine is no list, or too long";
        return;
    }
    struct app_group *group = arena_array(&c->arena, struct app_group, n);
    for (const cJSON *json = groups != NULL ? groups->child : NULL; json != NULL; json = json->next) {
        compile_group(c, body, &group[body->n_groups++], json);
    }
    body->group = group;
    struct loose_field *loose = collect_fields(c->temporary, groups, &n);
    compile_columns(c, body, loose, n);
}

/* The query, with its version parsed once. */
struct group_query {
    const struct query *q;
    bool has_version;
    struct version version;
};

/* YES or NO; BAD if the version of the query or of the release cannot be parsed. */
static enum verdict check_version_test(const struct version_test *test, const struct group_query *asked,
                                       struct error *e)
{
    if (test->op == CMP_NEVER) {
        return release_broken(e, "a version in updateLine has no operator and is none either");
    }
    if (!asked->has_version || !test->valid) {
        return release_bad(e, "Version number %.*s is invalid.",
                           STR_ARG(asked->has_version ? test->text : asked->q->version));
    }
    return version_test_holds(test, &asked->version) ? VERDICT_YES : VERDICT_NO;
}

static bool value_matches(enum app_condition_kind kind, struct str value, const struct query *q)
{
    switch (kind) {
    case APP_IF_CHANNEL:
        return match_channel(value, q->channel, q->fallback_channel);
    case APP_IF_LOCALE:
        return str_eq(value, q->locale);
    case APP_IF_BUILD_ID:
        return match_build_id(value, q->build_id);
    case APP_IF_VERSION:
    case APP_IF_NEVER:
        break;
    }
    return false;
}

/* YES if any of the values matches, else NO; or BAD or BROKEN. */
static enum verdict check_condition(const struct app_condition *condition, const struct group_query *asked,
                                    struct error *e)
{
    enum verdict v = VERDICT_NO;
    for (uint32_t i = 0; v == VERDICT_NO && i < condition->n; i++) {
        if (condition->kind == APP_IF_VERSION) {
            v = check_version_test(&condition->version[i], asked, e);
        } else if (value_matches(condition->kind, condition->value[i], asked->q)) {
            v = VERDICT_YES;
        }
    }
    return v;
}

/* YES if all conditions hold. All are evaluated: an error in one counts even if another does not hold. */
static enum verdict check_group(const struct app_group *group, const struct group_query *asked,
                                struct error *e)
{
    enum verdict all = VERDICT_YES;
    for (uint32_t i = 0; i < group->n; i++) {
        enum verdict v = check_condition(&group->condition[i], asked, e);
        if (v == VERDICT_BAD || v == VERDICT_BROKEN) {
            return v;
        }
        all = v == VERDICT_NO ? VERDICT_NO : all;
    }
    return all == VERDICT_YES && group->no_fields ? release_broken(e, "a group of updateLine has no fields")
                                                  : all;
}

/* Sets APPLIES for each group. */
static enum verdict mark_applying_groups(const struct app_body *body, const struct query *q, bool *applies,
                                         struct error *e)
{
    struct group_query asked = { .q = q };
    asked.has_version = version_parse(&asked.version, q->version);
    for (uint32_t i = 0; i < body->n_groups; i++) {
        enum verdict v = check_group(&body->group[i], &asked, e);
        if (v == VERDICT_BAD || v == VERDICT_BROKEN) {
            return v;
        }
        applies[i] = v == VERDICT_YES;
    }
    return VERDICT_YES;
}

/* The field of the last group that applies and has one, or NULL. */
static const struct app_field *find_column_field(const struct app_column *column, const bool *applies)
{
    for (uint32_t i = 0; i < column->n; i++) {
        if (applies[column->field[i].group]) {
            return &column->field[i];
        }
    }
    return NULL;
}

/* Version 9 prints all booleans in lower case. */
static struct str lower_bool(const struct release_value *value)
{
    if (!value->is_string && str_eq(value->text, STR("True"))) {
        return STR("true");
    }
    return !value->is_string && str_eq(value->text, STR("False")) ? STR("false") : value->shown;
}

/* The value of COLUMN if no group has it; absent: none. */
static struct str column_default(const struct app_column *column, const struct app_position *position,
                                 const struct release_value *build_id, const struct release_env *env)
{
    switch (column->fallback) {
    case APP_DEFAULT_PARAM_0:
        return lower_bool(position->locale->defaults->param[0]);
    case APP_DEFAULT_PARAM_1:
        return lower_bool(position->locale->defaults->param[1]);
    case APP_DEFAULT_BUILD_ID:
        return lower_bool(build_id);
    case APP_DEFAULT_TYPE:
        return str_absent(env->update_type) ? STR("None") : env->update_type;
    case APP_NO_DEFAULT:
        break;
    }
    return STR_NONE;
}

enum verdict app_groups_line(const struct app_body *body, const struct app_position *position,
                             const struct release_value *build_id, const struct release_env *env,
                             struct buf *out, struct error *e)
{
    bool applies[APP_GROUPS_MAX];
    struct placeholders values = { 0 };
    values.value[PH_LOCALE] = env->query->locale;
    enum verdict v = mark_applying_groups(body, env->query, applies, e);
    if (v != VERDICT_YES) {
        return v;
    }
    buf_lit(out, "    <update");
    for (uint32_t i = 0; i < body->n_columns; i++) {
        const struct app_column *column = &body->column[i];
        const struct app_field *field = find_column_field(column, applies);
        struct str text = field == NULL ? column_default(column, position, build_id, env) : STR_NONE;
        if (field == NULL && str_absent(text)) {
            continue;
        }
        if (field != NULL && field->broken) {
            return release_broken(e, "an attribute of the update line is no string");
        }
        buf_str(out, column->name);
        if (field != NULL) {
            template_print(out, &field->text, &values);
        } else if (column->fallback == APP_DEFAULT_TYPE) {
            markup_print(out, text);
        } else {
            buf_str(out, text);
        }
        buf_char(out, '"');
    }
    buf_lit(out, ">\n");
    return VERDICT_YES;
}
