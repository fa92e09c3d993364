/* Schema version 50: informs clients that their system is no longer supported, whatever version they run. */
#include "release/format.h"
#include "release/markup.h"
#include "release/template.h"

struct desupport_body {
    bool has_url;
    struct template details_url;
    const struct release_value *display_version; /* NULL: missing */
};

void desupport_compile(struct compiler *c)
{
    struct desupport_body *body = arena_get(&c->arena, sizeof(*body));
    struct str url = release_keep_string(c, json_get(c->blob, "detailsUrl"));
    body->has_url = !str_absent(url);
    body->details_url = template_of(&c->arena, body->has_url ? release_keep_shown(c, url) : url);
    body->display_version = release_keep_value(c, json_get(c->blob, "displayVersion"));
    c->release->body = body;
}

/* "WINNT" of "WINNT_x86_64-msvc". */
static struct str system_name(struct str build_target)
{
    struct str system = build_target;
    str_split(&build_target, '_', &system);
    return system;
}

enum verdict desupport_inner(const struct release *r, const struct release_env *env, struct buf *out,
                             struct error *e, struct error *skipped)
{
    (void)skipped;
    const struct desupport_body *body = r->body;
    if (!body->has_url || body->display_version == NULL) {
        return release_broken(e, "release %.*s has no detailsUrl or no displayVersion", STR_ARG(r->name));
    }
    struct placeholders values = { 0 };
    values.value[PH_LOCALE] = env->query->locale;
    values.value[PH_VERSION] = env->query->version;
    values.value[PH_OS] = system_name(env->query->build_target);
    buf_lit(out, "    <update type=\"");
    markup_print(out, str_absent(env->update_type) ? STR("None") : env->update_type);
    buf_lit(out, "\" unsupported=\"true\" detailsURL=\"");
    template_print(out, &body->details_url, &values);
    buf_lit(out, "\" displayVersion=\"");
    buf_str(out, body->display_version->shown);
    buf_lit(out, "\">\n");
    return VERDICT_YES;
}
