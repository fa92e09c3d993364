/* A v1 release reduced to one locale, from its text and without a tree of it: a submitted locale changes some
 * hundred bytes of a text that may have megabytes.
 *
 * The reduced text has all members of the release, but of its platforms only those that are named, and of
 * their locales only the one that is named. What is true of the reduced release, and of the rest before, is
 * true of the whole one after. */
#ifndef BALROG_BLOB_REDUCED_H
#define BALROG_BLOB_REDUCED_H

#include "core/json.h"

enum { REDUCED_PLATFORMS = 2 };

/* What stays. The names of platforms: one, or two where an alias leads to another; else NULL. */
struct reduced_to {
    const char *platform[REDUCED_PLATFORMS];
    const char *locale;
};

/* Where the locale is in a text. */
struct reduced_place {
    bool found;       /* the platform is there, and has an object of locales */
    bool has_members; /* of its locales, before the end */
    size_t from, to;  /* of the locale's value; if it is not there, both are the end of the locales */
    bool there;       /* the locale is */
};

struct reduced {
    struct str text;
    struct reduced_place whole[REDUCED_PLATFORMS]; /* in the release's text */
    struct reduced_place part[REDUCED_PLATFORMS];  /* in `text` */
};

/* Reduces TEXT, as json_print() writes it with JSON_DUMPS. OUT->text is owned by CTX. False if TEXT has
 * another form. */
bool reduced_make(void *ctx, struct str text, const struct reduced_to *to, struct reduced *out);

/* Which locale of a reduced release was changed. */
struct reduced_at {
    unsigned index; /* of the platform in reduced_to */
    const char *platform, *locale;
};

/* Makes of TEXT, which was reduced to REDUCED, the text of the release as changed: *RESULT, owned by CTX. NOW
 * is the reduced release after the change. False if NOW differs in more than the locale AT, if that had no
 * platform with locales before, or if that has a list with an item twice, or if a
 * parser might refuse *RESULT for its many values. */
bool reduced_apply(void *ctx, struct str text, const struct reduced *reduced, const struct reduced_at *at,
                   const cJSON *now, struct str *result);

/* Whether merging leaves alone what the reduced release does not have: merge_three() of the rest of ANCESTOR,
 * of TIP and again of ANCESTOR is the rest of TIP. Both are whole texts as above. False also if that would
 * take more than a walk through both to find out. No list of TIP may have an item twice, see
 * reduced_has_sets(). */
bool reduced_rest_stays(struct str ancestor, struct str tip, const struct reduced_to *to);

/* Whether no list in VALUE has an item twice, so that merging VALUE with itself changes nothing. False for
 * very long lists, too. */
bool reduced_has_sets(const cJSON *value);

#endif
