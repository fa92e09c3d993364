/* Lower-case hex digits, two per byte. */
#ifndef BALROG_CORE_HEX_H
#define BALROG_CORE_HEX_H

#include "core/buf.h"

/* Appends the digits of BYTES. */
void hex_print(struct buf *out, struct str bytes);
/* Appends the bytes that TEXT has the digits of. Returns false, with nothing appended, if TEXT is empty or if
 * hex_print() would not print the same text. */
bool hex_parse(struct buf *out, struct str text);

#endif
