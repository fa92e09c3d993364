/* Finds what keeps a release from being deleted: rules, pins and other releases that name it and are served
 * or scheduled. */
#ifndef BALROG_ADMIN_RELEASE_USES_H
#define BALROG_ADMIN_RELEASE_USES_H

#include "store/tx.h"

/* *USE becomes the first rule whose mapping or fallbackMapping is the release NAME, as "rule 12", or NULL. If
 * TX writes, no rule can be mapped to it before TX ends. */
bool release_uses_by_rule(struct tx *tx, const char *name, const char **use, struct error *e);
/* The same for pins: "pin Firefox/release/100.". */
bool release_uses_by_pin(struct tx *tx, const char *name, const char **use, struct error *e);
/* *USE becomes what else names it, or NULL: "superblob X"; "partials of X", if clients are offered the
 * release X, by a rule or a pin, directly or as a member; "scheduled change 7 of rules", of pins, or of
 * releases whose new blob names it in a partial or as a member. */
bool release_uses_elsewhere(struct tx *tx, const char *name, const char **use, struct error *e);
/* FAIL_INVALID if release_uses_by_pin() or release_uses_elsewhere() finds something. */
bool release_uses_refuse(struct tx *tx, const char *name, struct error *e);

#endif
