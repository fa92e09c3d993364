/* Schema version 1000: media plug-ins, by vendor. */
#include "release/addons.h"

static const struct addons_kind kind = {
    .list = "vendors",
    .needs_platforms = true,
    .has_mirrors = true,
    .lost_alias_is_client = true,
};

void gmp_compile(struct compiler *c)
{
    addons_compile(c, &kind);
}

enum verdict gmp_inner(const struct release *r, const struct release_env *env, struct buf *out,
                       struct error *e, struct error *skipped)
{
    return addons_inner(r, env, out, e, skipped);
}
