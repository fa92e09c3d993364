/* What is behind a release's answers, for explanations: where it finds a client's platform and locale, why it
 * has nothing for a client, what becomes of each of its patches. The same code decides as for an answer. */
#ifndef BALROG_RELEASE_WHY_H
#define BALROG_RELEASE_WHY_H

#include "release/compiled.h"

/* What is behind VERDICT_NO of release_should_serve(). */
enum release_no {
    RELEASE_NO_REASON,      /* it was another verdict */
    RELEASE_NO_FIELD,       /* the URL form has no buildID, buildTarget or locale, which the format needs */
    RELEASE_NO_VERSION,     /* the release has no version that could be newer */
    RELEASE_NO_PLATFORM,    /* it does not have the client's platform */
    RELEASE_NO_NEWER,       /* the client's version is newer, or the same where builds do not count */
    RELEASE_NO_NEWER_BUILD, /* the client's version is the same, and its build is not older */
};

/* Where a release finds a client. All texts are the release's. */
struct release_place {
    enum release_no no;
    struct str platform; /* the client's, as the release names it; absent: it does not have it */
    struct str target;   /* where the platform's alias leads; absent without an alias */
    bool has_target;     /* the platform, or the one that its alias names, is there */
    bool has_locale;
    struct str version;  /* by which the release is compared with the client; absent: none */
    struct str build_id; /* of the locale; absent: none */
};
/* Looks for the client that sent Q. False for formats that look for no platform before they answer. */
bool release_find_place(const struct release *r, const struct query *q, struct release_place *place);

/* What becomes of a patch. */
enum patch_fate {
    PATCH_OFFERED,
    PATCH_SECOND,       /* it would be offered, but another of its type comes before it */
    PATCH_FROM_MISSING, /* the release that it starts from is missing or broken */
    PATCH_OTHER_BUILD,  /* the client does not have the build that it starts from */
    PATCH_NO_URL,       /* fileUrls has none for it */
    PATCH_HOST_REFUSED, /* its URL leads where clients of this product may not be sent to, or is none */
    PATCH_BROKEN,       /* something is missing or of the wrong type */
    PATCH_FATES
};
struct patch_note {
    bool partial;
    struct str from; /* the release that it starts from; "*": any */
    enum patch_fate fate;
    const char *why; /* with PATCH_NO_URL and PATCH_BROKEN: what is wrong; else "" */
};
/* Calls NOTE(ARG, …) for each patch that R, an app release, has for the client of ENV, in the order in which
 * they are tried. Does nothing where it has none, or is of another format. */
void release_note_patches(const struct release *r, const struct release_env *env,
                          void (*note)(void *arg, const struct patch_note *patch), void *arg);

#endif
