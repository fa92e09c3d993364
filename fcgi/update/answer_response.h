/* The engine's answer as an HTTP response, but for what depends on the site: signature, caching. */
#ifndef BALROG_UPDATE_ANSWER_RESPONSE_H
#define BALROG_UPDATE_ANSWER_RESPONSE_H

#include "update/engine.h"
#include "web/http.h"

/* Makes RESPONSE, whose body is what engine_answer() has written for Q, the response of A: status, content
 * type, Rule-ID and Rule-Data-Version, or the text of a 400. */
void answer_response(struct response *response, const struct query *q, const struct answer *a);

#endif
