/* /swagger.json: the part of the API's description, docs/openapi.json, that is about one program. */
#ifndef BALROG_WEB_APIDOC_H
#define BALROG_WEB_APIDOC_H

#include "core/buf.h"
#include "core/error.h"

enum { APIDOC_MAX = 4 << 20 };

/* Returns PATH, or the path of the installed description if PATH is "". */
const char *apidoc_file(const char *path);
/* Appends to OUT what FILE says about the operations of PROGRAM ("admin" or "public"). Returns false, with
 * the reason in E, when FILE cannot be read or is not such a description. */
bool apidoc_print(const char *file, const char *program, struct buf *out, struct error *e);

#endif
