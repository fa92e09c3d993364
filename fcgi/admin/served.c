/* GET /served: whether a change is in the snapshot that every balrog-public serves. Not in the reference. */
#include "admin/served.h"

#include "admin/app_instances.h"
#include "admin/routes.h"

/* What the feed says of a change. */
struct feed_state {
    int64_t oldest, newest;
    bool there; /* it has the change */
};

static bool read_feed(struct tx *tx, int64_t id, struct feed_state *feed, struct error *e)
{
    struct db_rows *rows = db_query(tx->db,
                                    "SELECT COALESCE(MIN(id), 0), COALESCE(MAX(id), 0),"
                                    " EXISTS(SELECT 1 FROM balrog_changes WHERE id = ?) FROM balrog_changes",
                                    &DB_I(id), 1, e);
    *feed = (struct feed_state){ 0 };
    if (db_next(rows, e)) {
        *feed = (struct feed_state){ db_int(rows, 0), db_int(rows, 1), db_int(rows, 2) != 0 };
    }
    return db_finish(rows);
}

static int64_t number_of(const cJSON *value)
{
    int64_t n;
    json_int(value, 0, INT64_MAX, &n);
    return n;
}

static bool is_missing(const cJSON *ranges, int64_t id)
{
    const cJSON *range;
    cJSON_ArrayForEach(range, ranges)
    {
        if (cJSON_IsArray(range) && range->child != NULL && range->child->next != NULL &&
            number_of(range->child) <= id && id <= number_of(range->child->next)) {
            return true;
        }
    }
    return false;
}

/* Whether the instance with the report DETAIL serves the change ID. False also if the report does not say. */
static bool serves(const cJSON *detail, int64_t id)
{
    const cJSON *newest = json_get(detail, "feed_id");
    return cJSON_IsNumber(newest) && id <= number_of(newest) &&
           id >= number_of(json_get(detail, "feed_known_from")) &&
           !is_missing(json_get(detail, "feed_missing"), id);
}

/* Adds each balrog-public that runs. Returns whether there is one, and all serve the change ID. */
static bool add_instances(cJSON *answer, const cJSON *instances, int64_t id)
{
    static const char *const shown[] = { "instance", "host", "version", "seen_at" };
    bool all = true;
    const cJSON *one;
    cJSON *list = mem_check(cJSON_AddArrayToObject(answer, "instances"));
    cJSON_ArrayForEach(one, instances)
    {
        const char *program = json_get_string(one, "program");
        if (program == NULL || strcmp(program, "balrog-public") != 0 ||
            !cJSON_IsTrue(json_get(one, "alive"))) {
            continue;
        }
        const cJSON *detail = json_get(one, "detail"), *newest = json_get(detail, "feed_id");
        bool is = serves(detail, id);
        cJSON *object = mem_check(cJSON_CreateObject());
        cJSON_AddItemToArray(list, object);
        for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
            cJSON_AddItemToObject(object, shown[i],
                                  mem_check(cJSON_Duplicate(json_get(one, shown[i]), true)));
        }
        mem_check(cJSON_IsNumber(newest) ? cJSON_AddNumberToObject(object, "feed_id", newest->valuedouble)
                                         : cJSON_AddNullToObject(object, "feed_id"));
        mem_check(cJSON_AddBoolToObject(object, "served", is));
        all = all && is;
    }
    return all && list->child != NULL;
}

/* An id that the feed no longer has is served where a newer one is: the feed keeps what no snapshot has. */
static bool get_served(struct admin_call *call, struct error *e)
{
    int64_t id = 0;
    struct feed_state feed;
    cJSON *instances;
    bool given = admin_arg_int(call, "feed_id", &id);
    if (!read_feed(call->tx, id, &feed, e) || !app_instances_json(call->tx, &instances, e)) {
        return false;
    }
    tx_keep(call->tx, instances);
    id = given ? id : feed.newest;
    if (given && !feed.there && (id > feed.newest || id >= feed.oldest)) {
        const char *detail = mem_printf(
            call->ctx, "There is no change %lld: the newest is %lld, and what was rolled back is none",
            (long long)id, (long long)feed.newest);
        return admin_problem(call, 404, "Not Found", detail, NULL);
    }
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    mem_check(cJSON_AddNumberToObject(answer, "feed_id", (double)id));
    bool all = add_instances(answer, instances, id);
    mem_check(cJSON_AddBoolToObject(answer, "served", all));
    return admin_json(call, answer);
}

/* ---- what a write tells ---- */

bool served_add_id(struct admin_call *call, struct error *e)
{
    static const struct table *const tables[] = {
        &table_rules,          &table_releases,           &table_releases_json,
        &table_release_assets, &table_emergency_shutoffs, &table_pinnable_releases,
        &table_partial_stops,
    };
    bool writes = false;
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) {
        writes |= tx_writes(call->tx, tables[i]) > 0;
    }
    if (!writes) {
        return true;
    }
    struct db_rows *rows = db_query(call->tx->db, "SELECT MAX(id) FROM balrog_changes", NULL, 0, e);
    if (db_next(rows, e) && !db_is_null(rows, 0)) {
        response_header_int(call->response, "X-Feed-Id", db_int(rows, 0));
    }
    return db_finish(rows);
}

static const struct body_field served_args[] = {
    { "feed_id", FIELD_INT, .min = 1 },
    { 0 },
};

static const struct admin_route routes[] = {
    { METHOD_GET, "/served", get_served, ADMIN_USER, "served", .args = served_args },
};
const struct admin_routes served_routes = ADMIN_ROUTES(routes);
