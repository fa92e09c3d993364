/* The description of the API, docs/openapi.json, as far as it is about one program: /swagger.json. */
#ifndef BALROG_WEB_APIDOC_H
#define BALROG_WEB_APIDOC_H

#include "core/buf.h"
#include "core/error.h"

enum { APIDOC_MAX = 4 << 20 };

/* The file at PATH, or the installed one where PATH is "". */
const char *apidoc_file(const char *path);
/* Appends to OUT what FILE says of the operations that PROGRAM ("admin" or "public") has. False with a reason
 * in E when FILE cannot be read, or is not such a description. */
bool apidoc_print(const char *file, const char *program, struct buf *out, struct error *e);

#endif
