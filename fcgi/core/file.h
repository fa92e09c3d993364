/* Small files, read whole. */
#ifndef BALROG_CORE_FILE_H
#define BALROG_CORE_FILE_H

#include "core/buf.h"
#include "core/error.h"

/* Appends the file at PATH to OUT. Returns false, with the reason in E, if it cannot be read or is longer
 * than OUT's maximum. */
bool file_read(const char *path, struct buf *out, struct error *e);

#endif
