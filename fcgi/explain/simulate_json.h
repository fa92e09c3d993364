/* A simulation as JSON, in the shape that docs/admin-api.md describes. */
#ifndef BALROG_EXPLAIN_SIMULATE_JSON_H
#define BALROG_EXPLAIN_SIMULATE_JSON_H

#include "core/json.h"
#include "explain/simulate.h"

/* The answer of POST /simulate; the caller's. SAMPLE is what was simulated. */
cJSON *simulation_json(const struct simulation *r, const struct sample *sample);

#endif
