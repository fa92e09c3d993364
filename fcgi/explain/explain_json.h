/* An explanation as JSON, in the shape that docs/admin-api.md describes. */
#ifndef BALROG_EXPLAIN_EXPLAIN_JSON_H
#define BALROG_EXPLAIN_EXPLAIN_JSON_H

#include "core/json.h"
#include "explain/explain.h"

/* The whole; the caller's. */
cJSON *explanation_json(const struct explanation *x);
/* The query as it was understood; a part of the above. */
cJSON *query_json(const struct query *q);

#endif
