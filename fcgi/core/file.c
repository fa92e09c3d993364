/* See file.h. */
#include "core/file.h"

#include <errno.h>
#include <stdio.h>

bool file_read(const char *path, struct buf *out, struct error *e)
{
    char piece[4096];
    size_t n;
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return error_set(e, ERROR_INTERNAL, "cannot read %s: %s", path, strerror(errno));
    }
    while (!out->full && (n = fread(piece, 1, sizeof piece, file)) > 0) {
        buf_bytes(out, piece, n);
    }
    bool ok = ferror(file) == 0;
    if (!ok) {
        error_set(e, ERROR_INTERNAL, "cannot read %s: %s", path, strerror(errno));
    } else if (out->full) {
        ok = error_set(e, ERROR_INTERNAL, "%s is longer than %zu bytes", path, out->max);
    }
    fclose(file);
    return ok;
}
