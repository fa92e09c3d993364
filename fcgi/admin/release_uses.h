/* What keeps a release from being deleted: whatever names it and is served, or is going to be. */
#ifndef BALROG_ADMIN_RELEASE_USES_H
#define BALROG_ADMIN_RELEASE_USES_H

#include "store/tx.h"

/* The first rule whose mapping or fallbackMapping is the release NAME, as "rule 12"; *USE is NULL when there
 * is none. While TX writes, none comes to map to it before TX ends. */
bool release_uses_by_rule(struct tx *tx, const char *name, const char **use, struct error *e);
/* The first pin that maps to it, as "pin Firefox/release/100.", likewise. */
bool release_uses_by_pin(struct tx *tx, const char *name, const char **use, struct error *e);
/* What else names it, NULL for nothing: "superblob X"; "partials of X", where clients are offered the release
 * X, by a rule or a pin, directly or as a member; "scheduled change 7 of rules", of pins, or of releases in
 * whose new blob a partial or a superblob names it. Costs a search through all that clients are offered:
 * 8 s where that is 500 releases of 800 locales (330 MB). */
bool release_uses_elsewhere(struct tx *tx, const char *name, const char **use, struct error *e);
/* Fails with FAIL_INVALID where release_uses_by_pin() or release_uses_elsewhere() finds anything. */
bool release_uses_refuse(struct tx *tx, const char *name, struct error *e);

#endif
