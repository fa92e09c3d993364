/* Turns the engine's answer into an HTTP response. Signatures and caching depend on the site and are the
 * caller's business. */
#ifndef BALROG_UPDATE_ANSWER_RESPONSE_H
#define BALROG_UPDATE_ANSWER_RESPONSE_H

#include "update/engine.h"
#include "web/http.h"

/* Header lines that every response of balrog-public has. */
#define ANSWER_COMMON_HEADERS                                                                                \
    "Strict-Transport-Security: max-age=31536000;\r\n"                                                       \
    "X-Content-Type-Options: nosniff\r\n"                                                                    \
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"

/* Completes RESPONSE, whose body engine_answer() has written for Q: sets the status, the content type and the
 * headers Rule-ID and Rule-Data-Version of A, or the text of a 400. */
void answer_response(struct response *response, const struct query *q, const struct answer *a);

#endif
