/* What a release says and no client can ever be served: refused when it is written. */
#ifndef BALROG_BLOB_SERVABLE_H
#define BALROG_BLOB_SERVABLE_H

#include "core/json.h"

/* What a write does. Only what it changes or says is judged, so that a release that was odd before can go on
 * getting locales. */
struct blob_change {
    const cJSON *blob; /* what there will be; its schema has been checked */
    const cJSON *old;  /* what there was; NULL: nothing */
    const cJSON *part; /* the members that the write says, of a blob that has no others of its locales than
                          those; NULL: BLOB is whole, and what differs from OLD counts */
};

/* Whether nothing in C can never be served: an appVersion (extv in version 1) that is not a version, a group
 * of updateLine without `for` or `fields`, an alias that leads to another alias or (in whole blobs) to no
 * platform, fileUrls without any URL or without "*", which says what the channels get that are not named.
 * What is merely missing yet is not judged. False: E says what, where and what to do. */
bool blob_check_servable(const struct blob_change *c, struct error *e);

#endif
