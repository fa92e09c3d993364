/* /app_instances: the programs that run, and their versions. Programs with a database account write the table
 * themselves; the agent, which has none, reports here. Not in the reference. */
#include "admin/app_instances.h"

#include "admin/routes.h"
#include "admin/rows.h"
#include "store/access.h"
#include "store/instances.h"

static void add_number(cJSON *object, const char *name, int64_t n)
{
    mem_check(cJSON_AddNumberToObject(object, name, (double)n));
}

static cJSON *object_of(const struct instance *i, int64_t now_ms)
{
    struct error ignored;
    cJSON *object = mem_check(cJSON_CreateObject());
    cJSON *detail = str_absent(i->detail) ? NULL : json_parse(i->detail, &ignored);
    cJSON_AddItemToObject(object, "instance", json_text(i->id));
    cJSON_AddItemToObject(object, "program", json_text(i->program));
    cJSON_AddItemToObject(object, "host", json_text(i->host));
    add_number(object, "pid", i->pid);
    cJSON_AddItemToObject(object, "version", json_text(i->version));
    add_number(object, "started_at", i->started_at);
    add_number(object, "seen_at", i->seen_at);
    mem_check(cJSON_AddBoolToObject(object, "alive", now_ms - i->seen_at < INSTANCE_ALIVE_MS));
    cJSON_AddItemToObject(object, "detail", detail != NULL ? detail : mem_check(cJSON_CreateNull()));
    return object;
}

bool app_instances_json(struct tx *tx, cJSON **list, struct error *e)
{
    struct instance *rows;
    size_t n;
    int64_t now_ms;
    if (!instances_list(tx->db, tx->mem, &rows, &n, &now_ms, e)) {
        return false;
    }
    *list = mem_check(cJSON_CreateArray());
    for (size_t i = 0; i < n; i++) {
        cJSON_AddItemToArray(*list, object_of(&rows[i], now_ms));
    }
    return true;
}

static bool list_instances(struct admin_call *call, struct error *e)
{
    cJSON *list;
    if (!app_instances_json(call->tx, &list, e)) {
        return false;
    }
    return rows_answer(call, "instances", tx_keep(call->tx, list), cJSON_GetArraySize(list));
}

/* Only those who may enact scheduled changes may report: agents. */
static bool may_report(struct admin_call *call, struct error *e)
{
    return access_demand(call->tx, "scheduled_change", "enact", NULL, e,
                         "%s is not allowed to report an instance", call->user);
}

static const struct body_field report_fields[] = {
    { "program", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 30 },
    { "host", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 100 },
    { "pid", FIELD_INT, .required = true, .min = 1, .max = INT32_MAX },
    { "version", FIELD_STRING, FORMAT_ASCII, .required = true, .min = 1, .max = 30 },
    { "detail", FIELD_OBJECT | FIELD_NULL },
    { 0 },
};

static const struct body_field path_params[] = {
    { "instance", FIELD_STRING, FORMAT_ASCII, .min = 1, .max = 160 },
    { 0 },
};

static bool put_instance(struct admin_call *call, struct error *e)
{
    const cJSON *detail = json_get(call->body, "detail");
    struct instance row = {
        .id = call->param[0],
        .program = body_str(call->body, "program"),
        .host = body_str(call->body, "host"),
        .version = body_str(call->body, "version"),
    };
    struct buf text;
    body_int(call->body, "pid", &row.pid);
    buf_init(&text, 0, INSTANCE_DETAIL_MAX);
    if (cJSON_IsObject(detail)) {
        json_print(&text, detail, JSON_COMPACT);
        row.detail = buf_view(&text);
    }
    bool ok = text.full ? fail(e, FAIL_INVALID, "detail: at most %d bytes", INSTANCE_DETAIL_MAX)
                        : may_report(call, e) && instance_beat(call->tx->db, &row, e);
    buf_free(&text);
    return ok && admin_text_answer(call, 200, "%s", "");
}

static bool delete_instance(struct admin_call *call, struct error *e)
{
    bool left;
    if (!may_report(call, e) || !instance_leave(call->tx->db, call->param[0], &left, e)) {
        return false;
    }
    return left ? admin_text_answer(call, 200, "%s", "")
                : admin_problem(call, 404, "Not Found", "There is no such instance", NULL);
}

static const struct admin_route routes[] = {
    { METHOD_GET, "/app_instances", list_instances, ADMIN_USER, "app_instances_get" },
    { METHOD_PUT, "/app_instances/{instance}", put_instance, ADMIN_USER, "app_instances_put",
      .body = report_fields, .params = path_params },
    { METHOD_DELETE, "/app_instances/{instance}", delete_instance, ADMIN_USER, "app_instances_delete",
      .params = path_params },
};
const struct admin_routes app_instances_routes = ADMIN_ROUTES(routes);
