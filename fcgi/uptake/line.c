/* Parses one line of nginx's access log (log_format balrog_public) into the update query that it records. */
#include "uptake/line.h"

#include "core/json.h"

#include <stdio.h>
#include <time.h>

/* "2026-11-23T02:05:31+00:00" */
static bool parse_time(const char *text, int64_t *time_s)
{
    struct tm tm = { 0 };
    const char *end = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S%z", &tm) : NULL;
    if (end == NULL || *end != '\0') {
        return false;
    }
    long offset = tm.tm_gmtoff;
    *time_s = (int64_t)timegm(&tm) - offset;
    return true;
}

/* The URI in a request line such as "GET /update/… HTTP/1.1". Absent for another method, and for a line that
 * is not a request. */
static struct str uri_of(const char *request)
{
    struct str rest = str_of(request);
    if (!str_starts(rest, STR("GET /"))) {
        return STR_NONE;
    }
    rest = str_slice(rest, 4, rest.n);
    const char *end = memrchr(rest.p, ' ', rest.n);
    return end != NULL ? (struct str){ rest.p, (size_t)(end - rest.p) } : STR_NONE;
}

enum line_kind line_parse(struct str line, struct query *q, char *text, int64_t *time_s, struct buf *path)
{
    static _Thread_local char other[QUERY_TEXT_MAX];
    struct error ignored;
    cJSON *object = json_parse(line, &ignored);
    const char *request = json_get_string(object, "request");
    const cJSON *status = json_get(object, "status");
    enum line_kind kind = LINE_BROKEN;
    if (request != NULL && cJSON_IsNumber(status) && parse_time(json_get_string(object, "time"), time_s)) {
        struct str uri = uri_of(request);
        bool is_query = status->valuedouble == 200 && !str_absent(uri) &&
                        query_parse(q, text, uri, STR_NONE, &ignored) == QUERY_OK;
        kind = is_query ? LINE_QUERY : LINE_OTHER;
        if (is_query) {
            query_print_canonical(path, q, other, uri);
        }
    }
    cJSON_Delete(object);
    return kind;
}
