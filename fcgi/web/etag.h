/* Entity tags: a client that has an answer already is told so, with a 304, instead of getting it again. */
#ifndef BALROG_WEB_ETAG_H
#define BALROG_WEB_ETAG_H

#include "web/http.h"

/* Adds the header ETag to RESPONSE, if that answers a GET or HEAD with 200: a hash of its body, so it changes
 * with whatever the body depends on. If REQUEST has this tag in If-None-Match, the answer becomes a 304
 * without a body. */
void etag_answer(const struct request *request, struct response *response);

/* Whether LIST, the value of If-None-Match, has TAG (with its quotes), or is "*". Tags are compared weakly:
 * W/ before a tag is ignored, because nginx adds it when it compresses. False if LIST is absent or malformed
 * before TAG. */
bool etag_matches(struct str list, struct str tag);

#endif
