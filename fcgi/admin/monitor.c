/* The routes of monitoring, the API document, and /whoami. */
#include "admin/auth.h"
#include "admin/routes.h"
#include "admin/roles.h"
#include "core/file.h"
#include "store/role_pending.h"
#include "store/row.h"
#include "web/apidoc.h"
#include "web/dockerflow.h"

enum { OPENAPI_MAX = 4 << 20 };

/* ---- heartbeat ---- */

static bool read_watchdog(struct tx *tx, bool *there, int64_t *value, struct error *e)
{
    struct db_rows *rows = db_query(tx->db, "SELECT watchdog FROM dockerflow LIMIT 1 FOR UPDATE", NULL, 0, e);
    *there = db_next(rows, e);
    *value = *there ? db_int(rows, 0) : 0;
    return db_finish(rows);
}

/* Increments the number in the table dockerflow, to prove that the database accepts writes. */
static bool raise_watchdog(struct tx *tx, void *arg, struct error *e)
{
    bool there;
    int64_t *value = arg;
    if (!read_watchdog(tx, &there, value, e)) {
        return false;
    }
    ++*value;
    return db_exec(tx->db,
                   there ? "UPDATE dockerflow SET watchdog = watchdog + 1 LIMIT 1"
                         : "INSERT INTO dockerflow (watchdog) VALUES (1)",
                   e);
}

static bool get_heartbeat(struct admin_call *call, struct error *e)
{
    int64_t watchdog;
    struct tx_request request = { .username = "", .request_id = call->request->id };
    if (tx_run(call->site, &request, raise_watchdog, &watchdog, e)) {
        dockerflow_heartbeat(call->response, watchdog);
    } else {
        dockerflow_no_heartbeat(call->request, call->response, e);
    }
    return true;
}

static bool get_lbheartbeat(struct admin_call *call, struct error *e)
{
    (void)e;
    dockerflow_lbheartbeat(call->response);
    return true;
}

static bool get_version(struct admin_call *call, struct error *e)
{
    (void)e;
    dockerflow_version(call->request, call->response, call->config->admin.version_file);
    return true;
}

/* ---- the API's description ---- */

static bool get_openapi(struct admin_call *call, struct error *e)
{
    struct buf text;
    buf_init(&text, 0, OPENAPI_MAX);
    bool ok = file_read(apidoc_file(call->config->admin.openapi_file), &text, e);
    if (ok) {
        response_text(call->response, 200, "application/json", buf_view(&text));
    }
    buf_free(&text);
    return ok;
}

/* The reference has its API document under this path. */
static bool get_swagger(struct admin_call *call, struct error *e)
{
    call->response->status = 200;
    call->response->content_type = "application/json";
    return apidoc_print(apidoc_file(call->config->admin.openapi_file), "admin", &call->response->body, e);
}

/* ---- who am I ---- */

/* What /whoami shows of the caller's rows of one table. */
struct own_rows {
    const char *name; /* the member of the answer: an object, with a member per row */
    const struct table *table;
    const char *key;        /* the column that names the row's member */
    const char *columns[3]; /* those that are shown */
};

static bool add_own(struct admin_call *call, cJSON *answer, const struct own_rows *shown, struct error *e)
{
    cJSON *rows;
    const cJSON *row;
    struct table_query q = { .table = shown->table, .key = { { "username", DB_S(str_of(call->user)) } } };
    if (!row_list(call->tx, &q, &rows, e)) {
        return false;
    }
    cJSON *own = mem_check(cJSON_AddObjectToObject(answer, shown->name));
    cJSON_ArrayForEach(row, rows)
    {
        cJSON *item = mem_check(cJSON_AddObjectToObject(own, row_text(row, shown->key)));
        for (size_t i = 0; shown->columns[i] != NULL; i++) {
            const char *column = shown->columns[i];
            cJSON_AddItemToObject(item, column, mem_check(cJSON_Duplicate(json_get(row, column), true)));
        }
    }
    return true;
}

static bool add_pending(struct admin_call *call, cJSON *roles, struct error *e)
{
    cJSON *pending;
    if (!role_pending_list(call->tx, call->user, NULL, &pending, e)) {
        return false;
    }
    for (cJSON *role = roles->child; role != NULL; role = role->next) {
        roles_show_pending(role, pending, call->user, role->string);
    }
    return true;
}

static bool get_whoami(struct admin_call *call, struct error *e)
{
    static const struct own_rows permissions = {
        "permissions", &table_permissions, "permission", { "options", "data_version" }
    };
    static const struct own_rows roles = { "roles", &table_user_roles, "role", { "data_version" } };
    const char *environment = call->config->ui.environment;
    cJSON *answer = tx_keep(call->tx, mem_check(cJSON_CreateObject()));
    int64_t until_ms = call->caller->until_ms;
    mem_check(cJSON_AddStringToObject(answer, "username", call->user));
    mem_check(cJSON_AddStringToObject(answer, "method", call->caller->by_server ? "server" : "bearer"));
    mem_check(until_ms > 0 ? cJSON_AddNumberToObject(answer, "expires_at", (double)until_ms)
                           : cJSON_AddNullToObject(answer, "expires_at"));
    mem_check(cJSON_AddNumberToObject(answer, "now", (double)call->now_ms));
    mem_check(environment[0] != '\0' ? cJSON_AddStringToObject(answer, "environment", environment)
                                     : cJSON_AddNullToObject(answer, "environment"));
    return add_own(call, answer, &permissions, e) && add_own(call, answer, &roles, e) &&
           add_pending(call, cJSON_GetObjectItemCaseSensitive(answer, "roles"), e) &&
           admin_json(call, answer);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/__heartbeat__", get_heartbeat, ADMIN_ANYONE, "heartbeat",
      .flags = ADMIN_NO_DATABASE | ADMIN_ANY_ARGS },
    { METHOD_GET, "/__lbheartbeat__", get_lbheartbeat, ADMIN_ANYONE, "lbheartbeat",
      .flags = ADMIN_NO_DATABASE | ADMIN_ANY_ARGS },
    { METHOD_GET, "/__version__", get_version, ADMIN_ANYONE, "version",
      .flags = ADMIN_NO_DATABASE | ADMIN_ANY_ARGS },
    { METHOD_GET, "/openapi.json", get_openapi, ADMIN_ANYONE, "openapi", .flags = ADMIN_NO_DATABASE },
    { METHOD_GET, "/swagger.json", get_swagger, ADMIN_ANYONE, "swagger",
      .flags = ADMIN_NO_DATABASE | ADMIN_ANY_ARGS },
    { METHOD_GET, "/whoami", get_whoami, ADMIN_USER, "whoami" },
};
const struct admin_routes service_routes = ADMIN_ROUTES(routes);
