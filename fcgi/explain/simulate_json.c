/* See simulate_json.h. Texts come from queries and may be any bytes; json_text() makes JSON of them. */
#include "explain/simulate_json.h"

#include "store/table.h"

#include <math.h>

/* Shares leave fractions; more than two digits of them say nothing. */
static void add_queries(cJSON *to, const char *name, double queries)
{
    mem_check(cJSON_AddNumberToObject(to, name, round(queries * 100) / 100));
}

static cJSON *text_or_null(struct str text)
{
    return str_absent(text) ? mem_check(cJSON_CreateNull()) : json_text(text);
}

static cJSON *time_or_null(int64_t ms)
{
    return mem_check(ms == 0 ? cJSON_CreateNull() : cJSON_CreateNumber((double)ms));
}

static cJSON *tallies_json(const struct tally_list *list)
{
    cJSON *json = mem_check(cJSON_CreateObject());
    for (size_t i = 0; i < list->n; i++) {
        cJSON *name = json_text(list->item[i]->name);
        add_queries(json, name->valuestring, list->item[i]->queries);
        cJSON_Delete(name);
    }
    return json;
}

static cJSON *side_json(const struct simulated_side *side)
{
    cJSON *json = mem_check(cJSON_CreateObject());
    cJSON_AddItemToObject(json, "served", tallies_json(&side->served));
    cJSON *unserved = mem_check(cJSON_AddObjectToObject(json, "unserved"));
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        if (side->unserved[i] > 0) {
            add_queries(unserved, engine_reason_name((enum reason)i), side->unserved[i]);
        }
    }
    return json;
}

static cJSON *move_json(const struct move *move)
{
    static const char *const names[BY_COUNT] = {
        [BY_VERSION] = "version", [BY_TARGET] = "target", [BY_LOCALE] = "locale", [BY_CHANNEL] = "channel"
    };
    cJSON *json = mem_check(cJSON_CreateObject());
    cJSON_AddItemToObject(json, "from", text_or_null(move->from));
    cJSON_AddItemToObject(json, "to", text_or_null(move->to));
    add_queries(json, "queries", move->queries);
    cJSON *by = mem_check(cJSON_AddObjectToObject(json, "by"));
    cJSON *rest = mem_check(cJSON_AddObjectToObject(json, "by_rest"));
    for (unsigned i = 0; i < BY_COUNT; i++) {
        cJSON_AddItemToObject(by, names[i], tallies_json(&move->by[i]));
        if (move->by_rest[i] > 0) {
            add_queries(rest, names[i], move->by_rest[i]);
        }
    }
    cJSON *examples = mem_check(cJSON_AddArrayToObject(json, "examples"));
    for (size_t i = 0; i < move->n_examples; i++) {
        cJSON_AddItemToArray(examples, json_text(move->examples[i]));
    }
    return json;
}

static cJSON *sample_json(const struct sample *sample)
{
    cJSON *json = mem_check(cJSON_CreateObject());
    cJSON_AddItemToObject(json, "product", text_or_null(sample->product));
    cJSON_AddItemToObject(json, "channel", text_or_null(sample->channel));
    mem_check(cJSON_AddNumberToObject(json, "queries", (double)sample->queries));
    mem_check(cJSON_AddNumberToObject(json, "distinct", (double)sample->n));
    cJSON_AddItemToObject(json, "from", time_or_null(sample->from_ms));
    cJSON_AddItemToObject(json, "to", time_or_null(sample->to_ms));
    mem_check(cJSON_AddNumberToObject(json, "coverage", round(sample_coverage(sample) * 1000) / 1000));
    return json;
}

cJSON *simulation_json(const struct simulation *r, const struct sample *sample)
{
    cJSON *json = mem_check(cJSON_CreateObject());
    cJSON_AddItemToObject(json, "sample", sample_json(sample));
    mem_check(cJSON_AddNumberToObject(json, "queries", (double)r->queries));
    mem_check(cJSON_AddNumberToObject(json, "distinct", (double)r->distinct));
    mem_check(cJSON_AddBoolToObject(json, "partial", r->partial));
    cJSON_AddItemToObject(json, "before", side_json(&r->before));
    cJSON_AddItemToObject(json, "after", side_json(&r->after));
    add_queries(json, "moved_queries", r->moved);
    add_queries(json, "moved_rest", r->moved_rest);
    add_queries(json, "newly_unserved", r->newly_unserved);
    add_queries(json, "newly_served", r->newly_served);
    cJSON *moved = mem_check(cJSON_AddArrayToObject(json, "moved"));
    for (size_t i = 0; i < r->n_moves; i++) {
        cJSON_AddItemToArray(moved, move_json(r->moves[i]));
    }
    return json;
}
