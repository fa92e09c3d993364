/* Schema version 5000: system add-ons. If there is no add-on for the client, header and footer are empty
 * lines and the answer has no <addons>, unless the client is to uninstall the add-ons that it has. */
#include "release/addons.h"

static const struct addons_kind kind = { .list = "addons" };

void systemaddons_compile(struct compiler *c)
{
    addons_compile(c, &kind);
}

/* LINE, or an empty line. */
static enum verdict print_line_if_any(const struct release *r, const struct release_env *env, struct str line,
                                      struct buf *out, struct error *e)
{
    enum verdict v = addons_uninstalls(r) ? VERDICT_YES : addons_any(r, env, e);
    if (v == VERDICT_BAD || v == VERDICT_BROKEN) {
        return v;
    }
    buf_str(out, v == VERDICT_YES ? line : STR(""));
    buf_char(out, '\n');
    return VERDICT_YES;
}

enum verdict systemaddons_header(const struct release *r, const struct release_env *env, struct buf *out,
                                 struct error *e)
{
    return print_line_if_any(r, env, STR("    <addons>"), out, e);
}

enum verdict systemaddons_inner(const struct release *r, const struct release_env *env, struct buf *out,
                                struct error *e, struct error *skipped)
{
    return addons_has_list(r) ? addons_inner(r, env, out, e, skipped) : VERDICT_YES;
}

enum verdict systemaddons_footer(const struct release *r, const struct release_env *env, struct buf *out,
                                 struct error *e)
{
    return print_line_if_any(r, env, STR("    </addons>"), out, e);
}
