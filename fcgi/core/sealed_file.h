/* Text files that a program keeps for its next start. The last line is a checksum of all others, and a new
 * version replaces the old one in one step: a reader finds a whole version, or learns that the file is
 * damaged. */
#ifndef BALROG_CORE_SEALED_FILE_H
#define BALROG_CORE_SEALED_FILE_H

#include "core/error.h"
#include "core/str.h"

#include <stddef.h>

enum { SEALED_LINE_MAX = 4096 }; /* bytes of a line */

struct sealed_file;

/* Starts a new version of PATH, in PATH.new; owned by CTX. It replaces PATH by sealed_file_commit(), and is
 * thrown away if it is freed before. NULL (ERROR_INTERNAL) if it cannot be written. */
struct sealed_file *sealed_file_create(void *ctx, const char *path, struct error *e);
/* Adds LINE, which has no newline. A failure is reported by sealed_file_commit(). */
void sealed_file_write(struct sealed_file *f, struct str line);
/* Writes the checksum, makes sure that all is on the disk, and replaces PATH. */
bool sealed_file_commit(struct sealed_file *f, struct error *e);

/* Reads PATH: compares the checksum, and then calls SEE for each line but the checksum. False if SEE returned
 * false, or else with a kind in E: ERROR_NOT_FOUND if there is no such file, ERROR_BAD_REQUEST if it is
 * damaged, ERROR_INTERNAL if it cannot be read. SEE fills E itself. */
bool sealed_file_read(const char *path, bool (*see)(void *arg, struct str line, struct error *e), void *arg,
                      struct error *e);

#endif
