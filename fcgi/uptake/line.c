/* Parses one line of nginx's access log (log_format balrog_public) into the update query that it records.
 *
 * Nearly all lines are plain: flat, ASCII, no backslash. These are scanned in place. Any other line is left
 * to the JSON parser, which takes five times as long and decides what is broken. */
#include "uptake/line.h"

#include "core/json.h"

#include <stdio.h>
#include <time.h>

/* What a line says that matters here. */
struct line_fields {
    struct str time, request; /* absent: not there, or not a string */
    bool has_status;
    double status;
};

/* ---- plain lines ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes a string of printable ASCII without escapes off the front of *REST, with its quotes. */
static bool take_plain_string(struct str *rest, struct str *text)
{
    size_t n = 1;
    if (rest->n == 0 || rest->p[0] != '"') {
        return false;
    }
    while (n < rest->n && rest->p[n] >= ' ' && rest->p[n] <= '~' && rest->p[n] != '"' && rest->p[n] != '\\') {
        n++;
    }
    if (n == rest->n || rest->p[n] != '"') {
        return false;
    }
    *text = str_slice(*rest, 1, n);
    *rest = str_slice(*rest, n + 1, rest->n);
    return true;
}

/* Takes a number such as 200 or 0.001. */
static bool take_plain_number(struct str *rest, double *number)
{
    size_t n = 0;
    double value = 0, unit = 1;
    while (n < rest->n && n < 15 && is_digit(rest->p[n])) {
        value = value * 10 + (rest->p[n++] - '0');
    }
    bool leading_zero = n > 1 && rest->p[0] == '0';
    size_t whole = n;
    if (n < rest->n && rest->p[n] == '.') {
        n++;
        while (n < rest->n && n < 15 && is_digit(rest->p[n])) {
            unit /= 10;
            value += unit * (rest->p[n++] - '0');
        }
    }
    *number = value;
    *rest = str_slice(*rest, n, rest->n);
    return whole > 0 && !leading_zero && n != whole + 1;
}

static bool take_char(struct str *rest, char c)
{
    bool there = rest->n > 0 && rest->p[0] == c;
    *rest = str_slice(*rest, there, rest->n);
    return there;
}

/* Takes one member. As in JSON, the last one of several with the same key counts. */
static bool take_member(struct str *rest, struct line_fields *f)
{
    struct str key, text;
    double number;
    if (!take_plain_string(rest, &key) || !take_char(rest, ':')) {
        return false;
    }
    bool is_text = rest->n > 0 && rest->p[0] == '"';
    if (is_text ? !take_plain_string(rest, &text) : !take_plain_number(rest, &number)) {
        return false;
    }
    if (str_eq(key, STR("time"))) {
        f->time = is_text ? text : STR_NONE;
    } else if (str_eq(key, STR("request"))) {
        f->request = is_text ? text : STR_NONE;
    } else if (str_eq(key, STR("status"))) {
        f->has_status = !is_text;
        f->status = is_text ? 0 : number;
    }
    return true;
}

/* False if the line is not plain: that says nothing about it. */
static bool scan_plain(struct str line, struct line_fields *f)
{
    *f = (struct line_fields){ 0 };
    if (!take_char(&line, '{')) {
        return false;
    }
    do {
        if (!take_member(&line, f)) {
            return false;
        }
    } while (take_char(&line, ','));
    return take_char(&line, '}') && line.n == 0;
}

/* ---- all others ---- */

static struct line_fields fields_of(const cJSON *object)
{
    const cJSON *status = json_get(object, "status");
    return (struct line_fields){
        .time = str_of(json_get_string(object, "time")),
        .request = str_of(json_get_string(object, "request")),
        .has_status = cJSON_IsNumber(status),
        .status = cJSON_IsNumber(status) ? status->valuedouble : 0,
    };
}

/* ---- what they hold ---- */

/* N digits at TEXT as a number; -1 if they are not digits. */
static int digits(const char *text, unsigned n)
{
    int value = 0;
    for (unsigned i = 0; i < n; i++) {
        if (!is_digit(text[i])) {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static bool within(int n, int min, int max)
{
    return n >= min && n <= max;
}

/* "2026-11-23T02:05:31+00:00" */
static bool parse_time(struct str text, int64_t *time_s)
{
    const char *t = text.p;
    if (text.n != 25 || t[4] != '-' || t[7] != '-' || t[10] != 'T' || t[13] != ':' || t[16] != ':' ||
        (t[19] != '+' && t[19] != '-') || t[22] != ':') {
        return false;
    }
    struct tm tm = { .tm_year = digits(t, 4) - 1900,
                     .tm_mon = digits(t + 5, 2) - 1,
                     .tm_mday = digits(t + 8, 2),
                     .tm_hour = digits(t + 11, 2),
                     .tm_min = digits(t + 14, 2),
                     .tm_sec = digits(t + 17, 2) };
    int hours = digits(t + 20, 2), minutes = digits(t + 23, 2);
    if (tm.tm_year < 0 || !within(tm.tm_mon, 0, 11) || !within(tm.tm_mday, 1, 31) ||
        !within(tm.tm_hour, 0, 23) || !within(tm.tm_min, 0, 59) || !within(tm.tm_sec, 0, 60) ||
        !within(hours, 0, 14) || !within(minutes, 0, 59)) {
        return false;
    }
    int offset = (hours * 60 + minutes) * 60;
    *time_s = (int64_t)timegm(&tm) - (t[19] == '-' ? -offset : offset);
    return true;
}

/* The URI in a request line such as "GET /update/… HTTP/1.1". Absent for another method, and for a line that
 * is not a request. */
static struct str uri_of(struct str request)
{
    if (!str_starts(request, STR("GET /"))) {
        return STR_NONE;
    }
    struct str rest = str_slice(request, 4, request.n);
    const char *end = memrchr(rest.p, ' ', rest.n);
    return end != NULL ? (struct str){ rest.p, (size_t)(end - rest.p) } : STR_NONE;
}

enum line_kind line_parse(struct str line, struct query *q, char *text, int64_t *time_s, struct buf *path)
{
    static _Thread_local char other[QUERY_TEXT_MAX];
    struct error ignored;
    struct line_fields f;
    cJSON *object = NULL;
    if (!scan_plain(line, &f)) {
        object = json_parse(line, &ignored);
        f = fields_of(object);
    }
    enum line_kind kind = LINE_BROKEN;
    if (!str_absent(f.request) && f.has_status && parse_time(f.time, time_s)) {
        struct str uri = uri_of(f.request);
        bool is_query =
            f.status == 200 && !str_absent(uri) && query_parse(q, text, uri, STR_NONE, &ignored) == QUERY_OK;
        kind = is_query ? LINE_QUERY : LINE_OTHER;
        if (is_query) {
            query_print_canonical(path, q, other, uri);
        }
    }
    cJSON_Delete(object);
    return kind;
}
