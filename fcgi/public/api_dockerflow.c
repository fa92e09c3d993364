/* Handlers for monitoring, load balancers and web crawlers. */
#include "ops/log.h"
#include "public/api.h"
#include "public/handlers.h"
#include "web/apidoc.h"
#include "web/dockerflow.h"

enum { HEARTBEAT_WAIT_MS = 1000 }; /* for a database connection */

void api_get_version(struct call *call)
{
    const struct api *api = call->app;
    dockerflow_version(call->request, call->response, api->version_file);
}

static bool count_rules(struct db *db, void *arg, struct error *e)
{
    struct table_query q = { .table = &table_rules };
    return table_count(db, &q, arg, e);
}

void api_get_heartbeat(struct call *call)
{
    const struct api *api = call->app;
    struct error e;
    int64_t rules, lag_ms = hosts_lag_ms(api->hosts, api->primary);
    if (lag_ms != HOSTS_UNKNOWN) {
        response_header_int(call->response, "X-Database-Lag-Ms", lag_ms);
    } else {
        response_header(call->response, "X-Database-Lag-Ms", STR("unknown"));
    }
    if (pool_run(api->pool, HEARTBEAT_WAIT_MS, count_rules, &rules, &e) &&
        hosts_check_lag(api->hosts, api->primary, &e)) {
        dockerflow_heartbeat(call->response, rules);
    } else {
        dockerflow_no_heartbeat(call->request, call->response, &e);
    }
}

void api_get_lbheartbeat(struct call *call)
{
    dockerflow_lbheartbeat(call->response);
}

void api_get_robots(struct call *call)
{
    response_header(call->response, "Cache-Control", STR("no-cache"));
    response_text(call->response, 200, "text/plain; charset=utf-8",
                  STR("# Nothing here is meant for a search index.\nUser-agent: *\nDisallow: /\n"));
}

void api_get_contribute(struct call *call)
{
    response_header(call->response, "Cache-Control", STR("no-cache"));
    response_text(
        call->response, 200, "application/json",
        STR("{\n"
            "    \"name\": \"Balrog in C\",\n"
            "    \"description\": \"The update server of Mozilla's products, as FastCGI programs.\",\n"
            "    \"repository\": {\n"
            "        \"license\": \"MPL-2.0\"\n"
            "    },\n"
            "    \"participate\": {\n"
            "        \"home\": \"README.md\",\n"
            "        \"docs\": \"docs/architecture.md\"\n"
            "    },\n"
            "    \"keywords\": [\n"
            "        \"c\",\n"
            "        \"fastcgi\",\n"
            "        \"mariadb\",\n"
            "        \"nginx\"\n"
            "    ]\n"
            "}\n"));
}

void api_get_swagger(struct call *call)
{
    const struct api *api = call->app;
    struct error e;
    if (!api_enter_big(call)) {
        return;
    }
    if (apidoc_print(apidoc_file(api->openapi_file), "public", &call->response->body, &e)) {
        api_json(call);
        return;
    }
    log_write(LOG_ERROR, "api.swagger", call->request->id, "/swagger.json cannot be served: %s", e.what);
    response_problem(call->response, 404, http_reason(404), "There is no description of this API here.",
                     NULL);
}
