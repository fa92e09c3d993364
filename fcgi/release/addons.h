/* What GMP and system add-on releases share: named add-ons, each with one file per platform. */
#ifndef BALROG_RELEASE_ADDONS_H
#define BALROG_RELEASE_ADDONS_H

#include "release/format.h"

/* How the two formats differ. */
struct addons_kind {
    const char *list;          /* the blob's key that the add-ons are under */
    bool needs_platforms;      /* an add-on without "platforms" is broken, not merely for nobody */
    bool has_mirrors;          /* answers list the "mirrorUrls" as well */
    bool lost_alias_is_client; /* an alias of a missing platform is answered by a 400 */
};

/* Compiles the body of the release. KIND must live as long as the release. */
void addons_compile(struct compiler *c, const struct addons_kind *kind);
/* Whether the blob has a list of add-ons at all; null counts as none. */
bool addons_has_list(const struct release *r);
/* Whether the blob says "uninstall". */
bool addons_uninstalls(const struct release *r);
/* Whether there is an add-on for the query from a permitted host. YES, NO, BAD or BROKEN. */
enum verdict addons_any(const struct release *r, const struct release_env *env, struct error *e);
/* As release_inner_xml(). */
enum verdict addons_inner(const struct release *r, const struct release_env *env, struct buf *out,
                          struct error *e, struct error *skipped);

#endif
