/* Removes what may be secret or personal from texts that are sent to other parties. */
#ifndef BALROG_OPS_SCRUB_H
#define BALROG_OPS_SCRUB_H

#include "core/buf.h"

/* Appends S to OUT, with these replaced by a word in brackets: what follows a '?' up to a blank or quote,
 * e-mail addresses, what follows Bearer, Basic, Hawk or a word that means a secret (password=…, "token": …),
 * and long random words: tokens, keys, hashes. */
void scrub_print(struct buf *out, struct str s);

#endif
