/* Refuses to write a release with parts that can never be served to any client. */
#ifndef BALROG_BLOB_SERVABLE_H
#define BALROG_BLOB_SERVABLE_H

#include "core/json.h"

/* A write. Only what it changes or contains is checked, so that a release that was faulty before can still
 * get locales. */
struct blob_change {
    const cJSON *blob; /* the release after the write; it has passed its schema */
    const cJSON *old;  /* the release before the write; NULL: none */
    const cJSON *part; /* the members that the write contains; BLOB then has only the locales of PART. NULL:
                          BLOB is whole, and the differences from OLD count */
};

/* Whether nothing in C can never be served: an appVersion (extv in version 1) that is not a version, a group
 * of updateLine without `for` or `fields`, an alias that leads to another alias or (in whole blobs) to no
 * platform, fileUrls without any URL or without "*", which says what the channels get that are not named.
 * What is merely missing yet is not judged. False: E says what, where and what to do. */
bool blob_check_servable(const struct blob_change *c, struct error *e);

#endif
