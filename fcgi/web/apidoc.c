/* See apidoc.h. Each operation names its programs in x-programs. */
#include "web/apidoc.h"

#include "core/file.h"
#include "core/json.h"

const char *apidoc_file(const char *path)
{
    return path[0] != '\0' ? path : PKGDATADIR "/docs/openapi.json";
}

static bool names_program(const cJSON *programs, const char *program)
{
    const cJSON *one;
    cJSON_ArrayForEach(one, programs)
    {
        if (cJSON_IsString(one) && strcmp(one->valuestring, program) == 0) {
            return true;
        }
    }
    return false;
}

/* Drops the operations of PATHS that PROGRAM does not have, and paths without any. */
static void keep_program(cJSON *paths, const char *program)
{
    for (cJSON *path = paths->child, *next; path != NULL; path = next) {
        next = path->next;
        for (cJSON *method = path->child, *after; method != NULL; method = after) {
            after = method->next;
            if (!names_program(json_get_array(method, "x-programs"), program)) {
                cJSON_Delete(cJSON_DetachItemViaPointer(path, method));
            }
        }
        if (path->child == NULL) {
            cJSON_Delete(cJSON_DetachItemViaPointer(paths, path));
        }
    }
}

bool apidoc_print(const char *file, const char *program, struct buf *out, struct error *e)
{
    struct buf text;
    buf_init(&text, 0, APIDOC_MAX);
    cJSON *doc = file_read(file, &text, e) ? json_parse(buf_view(&text), e) : NULL;
    cJSON *paths = doc != NULL ? cJSON_GetObjectItemCaseSensitive(doc, "paths") : NULL;
    bool ok = cJSON_IsObject(paths);
    if (ok) {
        keep_program(paths, program);
        json_print(out, doc, JSON_COMPACT);
        buf_char(out, '\n');
    } else if (doc != NULL) {
        error_set(e, ERROR_INTERNAL, "%s has no paths", file);
    }
    cJSON_Delete(doc);
    buf_free(&text);
    return ok;
}
