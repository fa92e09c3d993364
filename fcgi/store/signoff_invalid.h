/* Shows, in lists of pending changes, which sign-offs do not count. */
#ifndef BALROG_STORE_SIGNOFF_INVALID_H
#define BALROG_STORE_SIGNOFF_INVALID_H

#include "store/tx.h"

/* Adds the member invalid_signoffs, {user: why} (struct signoff_case), to those of CHANGES that have
 * sign-offs which do not count. CHANGES are N pending changes of the table T as the API prints them, with
 * sc_id and signoffs, in any order. Costs nothing if there are no sign-offs. */
bool signoff_add_invalid(struct tx *tx, const struct table *t, cJSON *const *changes, size_t n,
                         struct error *e);

#endif
