/* See metrics.h. */
#include "web/metrics.h"

static const int statuses[WEB_STATUSES - 1] = {
    200, 201, 202, 204, 301, 302, 304, 307, 308, 400, 401, 403,
    404, 405, 406, 409, 412, 413, 415, 429, 500, 502, 503,
};
const char *const web_status_names[WEB_STATUSES] = {
    "200", "201", "202", "204", "301", "302", "304", "307", "308", "400", "401", "403",
    "404", "405", "406", "409", "412", "413", "415", "429", "500", "502", "503", "other",
};

unsigned web_status(int status)
{
    unsigned i = 0;
    while (i < WEB_STATUSES - 1 && statuses[i] != status) {
        i++;
    }
    return i;
}

bool web_metrics_answer(const struct request *r, struct response *response)
{
    if (!str_eq(r->path, STR("/__metrics__")) || (r->method != METHOD_GET && r->method != METHOD_HEAD)) {
        return false;
    }
    response->status = 200;
    response->content_type = "text/plain; version=0.0.4; charset=utf-8";
    response_header(response, "Cache-Control", STR("no-store"));
    metrics_print(&response->body);
    return true;
}
