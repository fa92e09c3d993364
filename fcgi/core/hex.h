/* Lower-case hex digits, two a byte. */
#ifndef BALROG_CORE_HEX_H
#define BALROG_CORE_HEX_H

#include "core/buf.h"

/* Appends the digits of BYTES. */
void hex_print(struct buf *out, struct str bytes);
/* Appends the bytes whose digits TEXT is; false, with nothing appended, for any text that hex_print() would
 * not give back, an empty one included. */
bool hex_parse(struct buf *out, struct str text);

#endif
