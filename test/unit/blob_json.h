/* JSON in tests of fcgi/blob, written with ' for ", ` for ' and ~ for \". */
#ifndef BALROG_TEST_BLOB_JSON_H
#define BALROG_TEST_BLOB_JSON_H

#include "core/json.h"

#include "suite.h"

#include <stdio.h>

/* TEXT parsed; cJSON_Delete() it. */
static inline cJSON *parse_quoted(const char *text)
{
    struct error e = { 0 };
    struct buf json;
    buf_init(&json, 256, 1 << 20);
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '~') {
            buf_lit(&json, "\\\"");
        } else {
            buf_char(&json, *p == '\'' ? '"' : *p == '`' ? '\'' : *p);
        }
    }
    cJSON *value = json_parse(buf_view(&json), &e);
    ck_assert_msg(value != NULL, "%s: %s", text, e.what);
    buf_free(&json);
    return value;
}

/* That VALUE prints as WANT does. */
static inline void is_json(const cJSON *value, const char *want, const char *where)
{
    cJSON *wanted = parse_quoted(want);
    struct buf got, expected;
    buf_init(&got, 256, 1 << 20);
    buf_init(&expected, 256, 1 << 20);
    json_print(&got, value, JSON_DUMPS);
    json_print(&expected, wanted, JSON_DUMPS);
    ck_assert_msg(str_eq(buf_view(&got), buf_view(&expected)), "%s: %.*s instead of %.*s", where,
                  STR_ARG(buf_view(&got)), STR_ARG(buf_view(&expected)));
    buf_free(&got);
    buf_free(&expected);
    cJSON_Delete(wanted);
}

#endif
