/* A release as it was at a moment, put together from the history of its rows. */
#ifndef BALROG_STORE_RELEASE_PAST_H
#define BALROG_STORE_RELEASE_PAST_H

#include "store/reader.h"
#include "store/tx.h"

/* The parts of the release NAME at MS (ms since 1970), owned by CTX. A row that nobody has written since is
 * what it is now. Of one that has been written, the version before the first write after MS counts; where
 * that is one that another program has written, it is not known since when it was there. Histories do not
 * have the product of a release: it is the present one, and absent where the row is gone. False on failure.
 */
bool release_parts_at(struct tx *tx, void *ctx, struct str name, int64_t ms, struct release_parts *parts,
                      struct error *e);

#endif
