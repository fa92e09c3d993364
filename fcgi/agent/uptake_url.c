/* The template of the URL is an operator's, the names in it are a rule editor's: they must stay data in
 * whatever query language the URL contains. */
#include "agent/uptake_url.h"

#include "core/mem.h"
#include "core/percent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether NAME cannot end a quoted text of a query language: without quotes, backslashes and controls. */
static bool is_plain_name(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f || strchr("\"'`\\", *c) != NULL) {
            return false;
        }
    }
    return name[0] != '\0';
}

bool uptake_url(struct buf *out, const char *template, const char *product, const char *channel,
                struct error *e)
{
    static const size_t name = sizeof "{product}" - 1; /* "{channel}" has the same length */
    struct str rest = str_of(template);
    if (!is_plain_name(product) || !is_plain_name(channel)) {
        return error_set(e, ERROR_BAD_REQUEST,
                         "the uptake's product or channel is empty or holds quotes or backslashes");
    }
    while (rest.n > 0) {
        const char *value = str_starts(rest, STR("{product}"))   ? product
                            : str_starts(rest, STR("{channel}")) ? channel
                                                                 : NULL;
        if (value != NULL) {
            percent_encode(out, str_of(value));
            rest = str_slice(rest, name, rest.n);
        } else if (rest.p[0] == '{' || rest.p[0] == '}') {
            return error_set(
                e, ERROR_INTERNAL,
                "only {product} and {channel} can be replaced; write any other brace as %%7B or %%7D");
        } else {
            buf_char(out, rest.p[0]);
            rest = str_slice(rest, 1, rest.n);
        }
    }
    return !out->full ||
           error_set(e, ERROR_BAD_REQUEST, "the uptake's URL is longer than %zu bytes", out->max);
}

/* The bytes of TEMPLATE before its query. */
static struct str before_query(const char *template)
{
    return (struct str){ template, strcspn(template, "?#") };
}

/* Refuses names in the host, which would let a rule's editor choose the server that gets the bearer token. */
static bool check_name_places(const char *template, struct error *e)
{
    const char *host = strstr(template, "://");
    const char *brace = strchr(template, '{');
    const char *path = host != NULL ? strchr(host + 3, '/') : NULL;
    if (brace != NULL && (path == NULL || brace < path)) {
        return error_set(e, ERROR_INTERNAL,
                         "[agent] uptake_url: {product} and {channel} are allowed only after the host name");
    }
    return strchr(template, '#') == NULL ||
           error_set(e, ERROR_INTERNAL,
                     "[agent] uptake_url: must not have a fragment (#…), because it would not be sent");
}

bool uptake_check(const char *template, const char *pointer, struct buf *where, struct error *e)
{
    struct buf whole;
    if (!check_name_places(template, e)) {
        return false;
    }
    buf_init(&whole, 256, UPTAKE_URL_MAX);
    bool ok = uptake_url(&whole, template, "x", "x", e) || error_prefix(e, "[agent] uptake_url");
    buf_free(&whole);
    char *plain = mem_strndup(NULL, template, before_query(template).n);
    ok = ok && (uptake_url(where, plain, "x", "x", e) || error_prefix(e, "[agent] uptake_url"));
    buf_char(where, '\0');
    talloc_free(plain);
    if (ok && (pointer[0] == '\0' || !json_is_pointer(pointer))) {
        return error_set(
            e, ERROR_INTERNAL,
            "[agent] uptake_pointer: must be a JSON pointer (RFC 6901), as /data/result/0/value/1");
    }
    return ok;
}

bool uptake_number(const cJSON *json, const char *pointer, double *number)
{
    char *end;
    const cJSON *value = json_pointer(json, pointer);
    if (cJSON_IsNumber(value)) {
        *number = value->valuedouble;
        return isfinite(*number);
    }
    const char *text = cJSON_GetStringValue(value);
    if (text == NULL || text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0') {
        return false;
    }
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number);
}
