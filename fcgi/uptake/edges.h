/* Update queries at the edges of rules: for a sample while there is no traffic, and for tests. */
#ifndef BALROG_UPTAKE_EDGES_H
#define BALROG_UPTAKE_EDGES_H

#include "core/json.h"
#include "query/sample.h"

/* Adds to S, for each rule in RULES (the array "rules" of GET /api/v1/rules or /rules): a query that it
 * matches, and for each of its columns that is set the same query with values just inside and just outside.
 * Each counts once. headerArchitecture is left out, since it is not part of a query's path. Stops at
 * SAMPLE_QUERIES_MAX. Returns the number of rules. */
size_t edges_add(struct sample *s, const cJSON *rules);

#endif
