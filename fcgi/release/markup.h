/* Keeps texts from becoming markup.
 *
 * An answer is put together from markup and texts, and at its end every '&' that does not begin "&amp;"
 * becomes "&amp;", as the reference does it. So a '"', '<' or '>' in a text cannot be written as an entity at
 * once. It gets a mark in front instead, a byte that no UTF-8 text holds, and markup_finish() makes entities
 * of what is marked. Texts of releases are marked when they are compiled, texts of clients when they are
 * written. Control characters, which XML 1.0 does not allow, are left out. */
#ifndef BALROG_RELEASE_MARKUP_H
#define BALROG_RELEASE_MARKUP_H

#include "core/buf.h"

/* Whether S holds something that markup_print() would change. */
bool markup_in(struct str s);
/* Appends S, marked. */
void markup_print(struct buf *out, struct str s);
/* Marks what OUT holds from byte FROM on. */
void markup_mark(struct buf *out, size_t from);
/* Appends XML to OUT with entities for what is marked, and "&amp;" for every '&' that does not begin "&amp;".
 */
void markup_finish(struct buf *out, struct str xml);

#endif
