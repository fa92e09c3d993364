/* GET /status, for the operators' pages: the numbers of /__metrics__, and more from the database. If the
 * database cannot be reached, its part is left out. Not in the reference. */
#include "admin/status.h"

#include "admin/app_instances.h"
#include "admin/metrics.h"
#include "admin/pins.h"
#include "admin/routes.h"
#include "ops/process.h"
#include "store/access.h"
#include "store/instances.h"
#include "store/metrics.h"

#include <math.h>

static const struct table *const schedulable[] = {
    &table_rules,
    &table_releases,
    &table_releases_json,
    &table_release_assets,
    &table_permissions,
    &table_product_req_signoffs,
    &table_permissions_req_signoffs,
    &table_emergency_shutoffs,
    &table_partial_stops,
    &table_pinnable_releases,
};
enum { SCHEDULABLE = ARRAY_LEN(schedulable) };

static void add_number(cJSON *object, const char *name, double n)
{
    mem_check(cJSON_AddNumberToObject(object, name, n));
}

static cJSON *add_object(cJSON *parent, const char *name)
{
    return mem_check(cJSON_AddObjectToObject(parent, name));
}

/* ---- from the database ---- */

/* The number of pending scheduled changes per table, and of those whose time has come, and for how long
 * the oldest of these has waited for sign-offs or the agent. Changes that wait for an uptake have a `when` of
 * 0, which is not a time. */
static bool add_scheduled(struct tx *tx, int64_t now_ms, cJSON *answer, struct error *e)
{
    char *sql = mem_strndup(tx->mem, "", 0);
    for (int i = 0; i < SCHEDULABLE; i++) {
        const struct table *sc = schedulable[i]->scheduled;
        sql = mem_check(talloc_asprintf_append_buffer(
            sql,
            "%sSELECT '%s', COUNT(*), COALESCE(SUM(c.`when` BETWEEN 1 AND %lld), 0), "
            "COALESCE(MIN(IF(c.`when` > 0, c.`when`, NULL)), 0) FROM %s s "
            "LEFT JOIN %s c ON c.sc_id = s.sc_id WHERE s.complete = 0",
            i > 0 ? " UNION ALL " : "", schedulable[i]->name, (long long)now_ms, sc->name,
            sc->conditions->name));
    }
    struct db_rows *rows = db_query(tx->db, sql, NULL, 0, e);
    if (rows == NULL) {
        return false;
    }
    cJSON *scheduled = add_object(answer, "scheduled_changes");
    while (db_next(rows, e)) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", STR_ARG(db_text(rows, 0)));
        cJSON *of = add_object(scheduled, name);
        add_number(of, "pending", (double)db_int(rows, 1));
        add_number(of, "due", (double)db_int(rows, 2));
        double oldest_ms = (double)db_int(rows, 3);
        add_number(of, "overdue_ms",
                   oldest_ms > 0 && oldest_ms < (double)now_ms ? (double)now_ms - oldest_ms : 0);
    }
    return db_finish(rows);
}

static bool add_feed(struct tx *tx, cJSON *answer, struct error *e)
{
    struct db_rows *rows = db_query(tx->db,
                                    "SELECT COALESCE(MIN(id), 0), COALESCE(MAX(id), 0), COALESCE(MAX(at), 0) "
                                    "FROM balrog_changes",
                                    NULL, 0, e);
    if (db_next(rows, e)) {
        cJSON *feed = add_object(answer, "feed");
        add_number(feed, "oldest_id", (double)db_int(rows, 0));
        add_number(feed, "newest_id", (double)db_int(rows, 1));
        add_number(feed, "changed_at", (double)db_int(rows, 2));
    }
    return db_finish(rows);
}

/* The programs that run. */
static bool add_instances(struct tx *tx, cJSON *answer, struct error *e)
{
    cJSON *list;
    if (!app_instances_json(tx, &list, e)) {
        return false;
    }
    cJSON *alive = mem_check(cJSON_AddArrayToObject(answer, "instances"));
    while (list->child != NULL) {
        cJSON *instance = cJSON_DetachItemViaPointer(list, list->child);
        if (cJSON_IsTrue(json_get(instance, "alive"))) {
            cJSON_AddItemToArray(alive, instance);
        } else {
            cJSON_Delete(instance);
        }
    }
    cJSON_Delete(list);
    return true;
}

bool status_read(struct tx *tx, int64_t now_ms, cJSON *answer, struct error *e)
{
    static const char *const parts[] = { "scheduled_changes", "feed", "instances" };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        cJSON_DeleteItemFromObjectCaseSensitive(answer, parts[i]); /* of an attempt that failed */
    }
    return add_scheduled(tx, now_ms, answer, e) && add_feed(tx, answer, e) && add_instances(tx, answer, e);
}

/* All pins, with the data of the releases that they map to. */
static const char PINS[] =
    "SELECT p.product, p.channel, p.version, p.mapping, COALESCE(j.data, r.data),"
    " j.name IS NOT NULL OR r.name IS NOT NULL"
    " FROM pinnable_releases p"
    " LEFT JOIN releases_json j ON j.name = p.mapping AND BINARY j.name = BINARY p.mapping"
    " LEFT JOIN releases r ON j.name IS NULL AND r.name = p.mapping"
    " AND BINARY r.name = BINARY p.mapping"
    " ORDER BY p.product, p.channel, p.version";

/* Adds the pin in ROW to LIST if its release does not fit it. */
static void add_odd_pin(cJSON *list, const struct db_rows *row)
{
    static const char *const names[] = { "product", "channel", "version", "mapping" };
    struct error why;
    cJSON *pin = mem_check(cJSON_CreateObject()), *release = NULL;
    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        cJSON_AddItemToObject(pin, names[i], json_text(db_text(row, i)));
    }
    if (db_int(row, 5) != 0) {
        release = mem_check(cJSON_CreateObject());
        cJSON_AddItemToObject(release, "data", db_is_null(row, 4) ? NULL : json_parse(db_text(row, 4), &why));
    }
    if (pins_fit(json_get_string(pin, "version"), json_get_string(pin, "mapping"), release, &why)) {
        cJSON_Delete(pin);
    } else {
        mem_check(cJSON_AddStringToObject(pin, "reason", why.what));
        cJSON_AddItemToArray(list, pin);
    }
    cJSON_Delete(release);
}

/* Pins can be odd if they were made before pins were checked, or if their release has changed since. */
static bool add_odd_pins(struct tx *tx, cJSON *answer, struct error *e)
{
    cJSON_DeleteItemFromObjectCaseSensitive(answer, "odd_pins"); /* of an attempt that failed */
    struct db_rows *rows = db_query(tx->db, PINS, NULL, 0, e);
    if (rows == NULL) {
        return false;
    }
    cJSON *list = mem_check(cJSON_AddArrayToObject(answer, "odd_pins"));
    while (db_next(rows, e)) {
        add_odd_pin(list, rows);
    }
    return db_finish(rows);
}

struct status_query {
    struct admin_call *call;
    cJSON *answer;
    bool known; /* the caller has some permission, so may see the status */
};

static bool read_database(struct tx *tx, void *arg, struct error *e)
{
    struct status_query *r = arg;
    r->known = strchr(r->call->user, '@') == NULL;
    if (!r->known && !access_is_known(tx, r->call->user, &r->known, e)) {
        return false;
    }
    return !r->known || (status_read(tx, r->call->now_ms, r->answer, e) && add_odd_pins(tx, r->answer, e));
}

/* ---- of this process ---- */

static void add_process(cJSON *answer)
{
    double memory = process_memory_bytes();
    mem_check(cJSON_AddStringToObject(answer, "version", PACKAGE_VERSION));
    cJSON *process = add_object(answer, "process");
    add_number(process, "started_at", (double)(int64_t)(process_start_seconds() * 1000));
    add_number(process, "memory_bytes", memory);
    add_number(process, "threads", process_threads());
}

/* Adds the counter M, which has one label, as the object NAME. */
static void add_counter(cJSON *parent, const char *name, const struct metric *m)
{
    cJSON *counter = add_object(parent, name);
    for (unsigned i = 0; i < metric_n_series(m); i++) {
        add_number(counter, metric_label_value(m, 0, i), metric_value(m, i));
    }
}

/* The quantile Q of the histogram M in ms, rounded to the microsecond. */
static double quantile_ms(const struct metric *m, double q)
{
    return round(metric_quantile(m, 0, metric_n_series(m), q) * 1e6) / 1000;
}

/* The number of requests by class of status, how long they took, and refused callers. */
static void add_requests(cJSON *answer)
{
    const struct metric *seconds = &admin_metric[ADMIN_SECONDS];
    add_counter(answer, "requests", &admin_metric[ADMIN_RESPONSES]);
    cJSON *ms = add_object(answer, "request_ms");
    add_number(ms, "median", quantile_ms(seconds, 0.5));
    add_number(ms, "p99", quantile_ms(seconds, 0.99));
    add_counter(answer, "auth_refused", &admin_metric[ADMIN_AUTH]);
}

static void add_number_or_null(cJSON *object, const char *name, int64_t n)
{
    mem_check(n != HOSTS_UNKNOWN ? cJSON_AddNumberToObject(object, name, (double)n)
                                 : cJSON_AddNullToObject(object, name));
}

/* The database's servers, in the order of the configuration. */
static void add_hosts(const struct admin_call *call, cJSON *database)
{
    struct hosts *hosts = pool_hosts(call->site->pool);
    cJSON *list = mem_check(cJSON_AddArrayToObject(database, "hosts"));
    for (size_t i = 0, n = hosts_count(hosts); i < n; i++) {
        struct host_view view;
        hosts_view(hosts, i, &view);
        cJSON *host = mem_check(cJSON_CreateObject());
        cJSON_AddItemToArray(list, host);
        mem_check(cJSON_AddStringToObject(host, "host", view.label));
        mem_check(cJSON_AddBoolToObject(host, "up", view.up));
        mem_check(cJSON_AddBoolToObject(host, "read_only", view.read_only));
        mem_check(cJSON_AddBoolToObject(host, "writes", view.writes));
        add_number_or_null(host, "heartbeat_age_ms", view.heartbeat_age_ms);
        mem_check(cJSON_AddStringToObject(host, "position", view.position));
    }
}

static void add_database(struct admin_call *call, cJSON *answer, bool reachable)
{
    struct pool_use use;
    cJSON *database = add_object(answer, "database");
    pool_use(call->site->pool, &use);
    mem_check(cJSON_AddBoolToObject(database, "reachable", reachable));
    cJSON *connections = add_object(database, "connections");
    add_number(connections, "size", use.size);
    add_number(connections, "used", use.used);
    add_number(connections, "idle", use.idle);
    add_number(connections, "waiting", use.waiting);
    add_number(connections, "refused", metric_value(&store_metric[STORE_POOL_REFUSED], 0));
    add_number(database, "statements", metric_value(&store_metric[STORE_STATEMENTS], 0));
    add_number(database, "retries", metric_value(&store_metric[STORE_TX_RETRIES], 0));
    add_counter(database, "errors", &store_metric[STORE_ERRORS]);
    add_hosts(call, database);
}

static bool get_status(struct admin_call *call, struct error *e)
{
    struct status_query r = { .call = call, .answer = mem_check(cJSON_CreateObject()) };
    struct tx_request request = { .username = call->user,
                                  .request_id = call->request->id,
                                  .read_only = true };
    json_keep(call->ctx, r.answer);
    bool reachable = tx_run(call->site, &request, read_database, &r, e);
    if (!reachable && !failed_as(e, FAIL_DATABASE) && e->kind != ERROR_UNAVAILABLE) {
        return false;
    }
    if (reachable && !r.known) {
        return admin_problem(call, 403, "Forbidden", "Authorization Required", NULL);
    }
    add_process(r.answer);
    add_requests(r.answer);
    add_database(call, r.answer, reachable);
    return admin_json(call, r.answer);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/status", get_status, ADMIN_USER, "status", .flags = ADMIN_NO_DATABASE },
};
const struct admin_routes status_routes = ADMIN_ROUTES(routes);
