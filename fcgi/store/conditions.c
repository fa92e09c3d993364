/* See conditions.h. */
#include "store/conditions.h"

#include <math.h>

static const char *const uptake[] = { "telemetry_product", "telemetry_channel", "telemetry_uptake" };
enum { UPTAKES = ARRAY_LEN(uptake) };

static const double TIME_MAX_MS = 67767976233532799e3; /* the latest time whose year can be computed */

bool conditions_has(const char *column)
{
    bool has = strcmp(column, "when") == 0;
    for (unsigned i = 0; i < UPTAKES; i++) {
        has |= strcmp(column, uptake[i]) == 0;
    }
    return has;
}

static bool is_given(const cJSON *conditions, const char *name)
{
    const cJSON *value = json_get(conditions, name);
    return value != NULL && !cJSON_IsNull(value) && !cJSON_IsFalse(value) &&
           !(cJSON_IsNumber(value) && value->valuedouble == 0) &&
           !(cJSON_IsString(value) && value->valuestring[0] == '\0');
}

/* Prints the names of the conditions that are given, as the reference does. */
static void print_given(struct buf *out, const cJSON *conditions)
{
    const char *separator = "";
    for (const cJSON *item = conditions->child; item != NULL; item = item->next) {
        if (conditions_has(item->string) && is_given(conditions, item->string)) {
            buf_printf(out, "%s'%s'", separator, item->string);
            separator = ", ";
        }
    }
}

static bool bad_combination(const cJSON *conditions, struct error *e)
{
    struct buf names;
    buf_init(&names, 128, 256);
    print_given(&names, conditions);
    fail(e, FAIL_INVALID, "Invalid combination of conditions: dict_keys([%.*s])", STR_ARG(buf_view(&names)));
    buf_free(&names);
    return false;
}

static bool check_time(struct tx *tx, const cJSON *when, struct error *e)
{
    if (!cJSON_IsNumber(when) || !(fabs(when->valuedouble) <= TIME_MAX_MS)) {
        return fail(e, FAIL_INVALID, "Cannot parse 'when' as a unix timestamp.");
    }
    return when->valuedouble >= (double)tx_now_ms(tx) ||
           fail(e, FAIL_INVALID, "Cannot schedule changes in the past");
}

bool conditions_check(struct tx *tx, const struct table *t, const cJSON *conditions, struct error *e)
{
    unsigned n = 0;
    bool timed = is_given(conditions, "when");
    for (unsigned i = 0; i < UPTAKES; i++) {
        if (is_given(conditions, uptake[i])) {
            n++;
            if (table_has(t, uptake[i]) == NULL) {
                return fail(e, FAIL_INVALID, "uptake condition is disabled");
            }
        }
    }
    if (!timed && n == 0) {
        return fail(e, FAIL_INVALID, "No conditions found");
    }
    if (timed ? n > 0 : n < UPTAKES) {
        return bad_combination(conditions, e);
    }
    return !timed || check_time(tx, json_get(conditions, "when"), e);
}
