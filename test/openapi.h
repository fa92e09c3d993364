/* Reading docs/openapi.json, for the tests that hold it against the programs. */
#ifndef BALROG_TEST_OPENAPI_H
#define BALROG_TEST_OPENAPI_H

#include "core/file.h"
#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { OPENAPI_MAX = 4 << 20 };

/* The document in FILE; the process ends when there is none. */
static inline cJSON *openapi_read(const char *file)
{
    struct buf text;
    struct error e = { 0 };
    buf_init(&text, 0, OPENAPI_MAX);
    cJSON *doc = file_read(file, &text, &e) ? json_parse(buf_view(&text), &e) : NULL;
    buf_free(&text);
    if (doc == NULL) {
        fprintf(stderr, "%s: %s\n", file, e.what);
        exit(2);
    }
    return doc;
}

/* What NODE is: itself, or what its $ref points to; NULL when that does not exist. */
static inline const cJSON *openapi_resolve(const cJSON *doc, const cJSON *node)
{
    const char *name = json_get_string(node, "$ref");
    if (name == NULL) {
        return node;
    }
    struct str rest = str_of(name);
    struct str step;
    const cJSON *at = doc;
    str_split(&rest, '/', &step); /* # */
    while (at != NULL && str_split(&rest, '/', &step)) {
        char key[100];
        snprintf(key, sizeof key, "%.*s", STR_ARG(step));
        at = json_get(at, key);
    }
    return at;
}

#endif
