/* What monitoring, load balancers and robots ask for. */
#include "ops/log.h"
#include "public/handlers.h"

#include <stdio.h>

enum {
    HEARTBEAT_WAIT_MS = 1000, /* for a database connection */
    VERSION_MAX = 64 << 10,   /* bytes of version.json */
};

static const char html[] = "text/html; charset=utf-8";

/* Appends the file at PATH to OUT. */
static bool read_file(const char *path, struct buf *out)
{
    FILE *f = fopen(path, "re");
    char piece[4096];
    size_t n;
    if (f == NULL) {
        return false;
    }
    while (out->n <= VERSION_MAX && (n = fread(piece, 1, sizeof piece, f)) > 0) {
        buf_bytes(out, piece, n);
    }
    bool ok = ferror(f) == 0 && out->n > 0 && out->n <= VERSION_MAX;
    fclose(f);
    return ok;
}

void get_version(struct call *call)
{
    const struct api *api = call->app;
    struct buf *body = &call->response->body;
    bool configured = api->version_file[0] != '\0';
    response_header(call->response, "Cache-Control", "no-cache");
    api_json(call);
    if (configured && read_file(api->version_file, body)) {
        return;
    }
    if (configured) {
        log_write(LOG_WARNING, "version.unreadable", call->request->id, "%s: is missing, empty or too long",
                  api->version_file);
    }
    buf_reset(body);
    buf_printf(body, "{\"commit\":\"unknown\",\"source\":\"%s\",\"version\":\"%s\"}\n",
               PACKAGE_URL[0] != '\0' ? PACKAGE_URL : "unknown", PACKAGE_VERSION);
}

static bool count_rules(struct db *db, void *arg, struct error *e)
{
    struct table_query q = { .table = &table_rules };
    return table_count(db, &q, arg, e);
}

void get_heartbeat(struct call *call)
{
    const struct api *api = call->app;
    struct error e;
    int64_t rules;
    response_header(call->response, "Cache-Control", "public, max-age=60");
    if (pool_run(api->pool, HEARTBEAT_WAIT_MS, count_rules, &rules, &e)) {
        response_text(call->response, 200, html, STR(""));
        buf_printf(&call->response->body, "%lld", (long long)rules);
    } else {
        log_write(LOG_ERROR, "heartbeat.failed", call->request->id, "%s", e.what);
        response_text(call->response, 502, html, STR("Can't connect to the database."));
    }
}

void get_lbheartbeat(struct call *call)
{
    response_header(call->response, "Cache-Control", "no-cache");
    response_text(call->response, 200, html, STR("OK!"));
}

void get_robots(struct call *call)
{
    response_header(call->response, "Cache-Control", "no-cache");
    response_text(call->response, 200, "text/plain; charset=utf-8",
                  STR("# Nothing here is meant for a search index.\nUser-agent: *\nDisallow: /\n"));
}

void get_contribute(struct call *call)
{
    response_header(call->response, "Cache-Control", "no-cache");
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
