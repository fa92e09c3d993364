/* What the files of pins share. A pin keeps the clients that ask for its version, "102." or "102.3.", at the
 * release that it maps to. */
#ifndef BALROG_ADMIN_PINS_H
#define BALROG_ADMIN_PINS_H

#include "admin/resources.h"
#include "query/version.h"

/* The version of the release in ROW, of either table, as its text and parsed; *TEXT is absent where the
 * release has none. FAIL_INVALID where it cannot be parsed. */
bool pin_release_version(const cJSON *row, struct str *text, struct version *version, struct error *e);
/* Whether a pin of VERSION ("102.") may map to the release in ROW, named NAME (NULL: there is none).
 * Otherwise FAIL_INVALID, with the reason. */
bool pin_fits(const char *version, const char *name, const cJSON *row, struct error *e);

#endif
