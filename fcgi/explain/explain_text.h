/* An explanation for people, in a terminal. */
#ifndef BALROG_EXPLAIN_EXPLAIN_TEXT_H
#define BALROG_EXPLAIN_EXPLAIN_TEXT_H

#include "explain/explain.h"

/* Appends X as plain text: lines of UTF-8, each ending in a newline. */
void explain_text(struct buf *out, const struct explanation *x);

#endif
