/* The checks of pins. A pin is a product, a channel, a version such as "102." or "102.3.", and a mapping:
 * clients that ask for updates of that version only get the release that it maps to. */
#ifndef BALROG_ADMIN_PINS_H
#define BALROG_ADMIN_PINS_H

#include "admin/resources.h"
#include "query/version.h"

/* The version of the release in ROW, a row of either table. *TEXT is absent if the release has none.
 * FAIL_INVALID if it cannot be parsed. */
bool pins_release_version(const cJSON *row, struct str *text, struct version *version, struct error *e);
/* Checks that a pin of VERSION ("102.") may map to the release NAME, whose row is ROW (NULL: it does not
 * exist). FAIL_INVALID with the reason. */
bool pins_fit(const char *version, const char *name, const cJSON *row, struct error *e);

#endif
