/* Which platforms and locales of a release a client would ask for in vain, before a rule points at it. */
#ifndef BALROG_RELEASE_UNSERVED_H
#define BALROG_RELEASE_UNSERVED_H

#include "core/json.h"
#include "release/release.h"

enum { UNSERVED_SHOWN_MAX = 1000, UNSERVED_CHANNELS_MAX = 20 };

struct unserved {
    cJSON *problems; /* an array, the caller's: [{"platform", "locale", "channel", "what"}], without the
                        members that do not matter; at most UNSERVED_SHOWN_MAX */
    size_t count;    /* of all */
};

/* Compiles ROW as balrog-public does, asks it for each platform and locale, and notes each that gets no
 * complete update. Where it has fileUrls, each of their first UNSERVED_CHANNELS_MAX channels is asked for.
 * An alias is only judged by whether it leads to a platform. Partials are not judged: which one a client
 * gets depends on what it has. A release that cannot be compiled has one problem,
 * and it is the only one that formats other than those of apps can have. Asks 50,000 times at most, and says
 * if that was not enough. */
void release_list_unserved(const struct release_row *row, const struct allowlist *allowlist,
                           struct unserved *u);

#endif
