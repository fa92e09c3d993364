/* See dockerflow.h. */
#include "web/dockerflow.h"

#include <limits.h>
#include <unistd.h>

#include "core/file.h"
#include "ops/log.h"

enum { VERSION_MAX = 64 << 10 };

static const char release_file[] = "/version.json";

static const char html[] = "text/html; charset=utf-8";

/* A file of our own, so that one that is too long or half read leaves nothing behind in the response. */
static bool answer_file(struct response *response, const char *path, struct error *e)
{
    struct buf text;
    buf_init(&text, 0, VERSION_MAX);
    bool ok = file_read(path, &text, e) && (text.n > 0 || error_set(e, ERROR_INTERNAL, "%s is empty", path));
    if (ok) {
        response_text(response, 200, "application/json", buf_view(&text));
    }
    buf_free(&text);
    return ok;
}

/* Cuts the last name off PATH. Returns false if it has none. */
static bool cut_name(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    return slash != NULL;
}

/* Sets PATH to the release's file: the release is the folder above the program's own, wherever that is.
 * Returns false if there is none, as for a program that no deploy made. */
static bool find_release_file(char path[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - sizeof release_file);
    if (n <= 0) {
        return false;
    }
    path[n] = '\0';
    if (!cut_name(path) || !cut_name(path)) {
        return false;
    }
    strcat(path, release_file);
    return access(path, R_OK) == 0;
}

void dockerflow_version(const struct request *request, struct response *response, const char *path)
{
    struct error e;
    char own[PATH_MAX];
    response_header(response, "Cache-Control", STR("no-cache"));
    if (path[0] == '\0' && find_release_file(own)) {
        path = own;
    }
    if (path[0] != '\0') {
        if (answer_file(response, path, &e)) {
            return;
        }
        log_write(LOG_WARNING, "version.unreadable", request->id, "%s", e.what);
    }
    response_text(response, 200, "application/json", STR(""));
    buf_printf(&response->body, "{\"commit\":\"unknown\",\"source\":\"%s\",\"version\":\"%s\"}\n",
               PACKAGE_URL[0] != '\0' ? PACKAGE_URL : "unknown", PACKAGE_VERSION);
}

void dockerflow_lbheartbeat(struct response *response)
{
    response_header(response, "Cache-Control", STR("no-cache"));
    response_text(response, 200, html, STR("OK!"));
}

void dockerflow_heartbeat(struct response *response, int64_t number)
{
    response_header(response, "Cache-Control", STR("public, max-age=60"));
    response_text(response, 200, html, STR(""));
    buf_printf(&response->body, "%lld", (long long)number);
}

void dockerflow_no_heartbeat(const struct request *request, struct response *response, const struct error *e)
{
    log_write(LOG_ERROR, "heartbeat.failed", request->id, "%s", e->what);
    response_header(response, "Cache-Control", STR("public, max-age=60"));
    response_text(response, 502, html, STR("Can't connect to the database."));
}
