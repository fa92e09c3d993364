/* What clients lose if a rule leads to another release of the same kind: platforms and locales that only the
 * present one has, and versions that go down. For app releases; others have no parts. */
#ifndef BALROG_RELEASE_LOST_PARTS_H
#define BALROG_RELEASE_LOST_PARTS_H

#include "release/release.h"

struct lost_part {
    struct str platform;
    struct str locale; /* absent: the whole platform */
};

struct lost_parts {
    struct lost_part *part; /* sorted by platform and locale. A platform that is an alias is only there if it
                               is lost itself, and not for each locale */
    size_t n;
    /* A platform and locale of both, the first by name, whose version goes down, or its build id if the
     * versions are equal; absent: there is none. */
    struct str older_platform, older_locale;
    struct str old_version, new_version, old_build_id, new_build_id;
};

/* Compares the app releases OLD and NOW. All is owned by CTX or points into the releases. Empty if one of
 * them is of another format. */
struct lost_parts *release_lost_parts(void *ctx, const struct release *old, const struct release *now);

/* Whether OLD has this platform and locale, by whatever name, and NOW does not. */
bool release_loses(const struct release *old, const struct release *now, struct str platform,
                   struct str locale);

#endif
