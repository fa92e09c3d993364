/* Which platforms and locales of a release would get no update. For use before a rule points at the release.
 */
#ifndef BALROG_RELEASE_UNSERVED_H
#define BALROG_RELEASE_UNSERVED_H

#include "core/json.h"
#include "release/release.h"

enum { UNSERVED_SHOWN_MAX = 1000, UNSERVED_CHANNELS_MAX = 20 };

struct unserved {
    cJSON *problems; /* an array, owned by the caller: [{"platform", "locale", "channel", "what"}], each
                        without the members that do not apply; at most UNSERVED_SHOWN_MAX entries */
    size_t count;    /* all problems, including those that are not in the array */
};

/* Compiles ROW as balrog-public does, asks the release for each platform and locale, and lists each one that
 * gets no complete update. If the release has fileUrls, it is asked for each of their first
 * UNSERVED_CHANNELS_MAX channels. For an alias only its target is checked. Partials are not checked: they
 * depend on the client's build. A release that cannot be compiled has exactly one problem; formats other than
 * apps can have no other. At most 50,000 questions are asked; a last problem says so if that was not enough.
 */
void release_list_unserved(const struct release_row *row, const struct allowlist *allowlist,
                           struct unserved *u);
/* The same for a RELEASE that was compiled with RELEASE_SERVED. */
void release_list_unserved_of(const struct release *release, const struct allowlist *allowlist,
                              struct unserved *u);

#endif
