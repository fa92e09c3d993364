/* A release as it was at a moment, put together from the history of its rows. */
#ifndef BALROG_STORE_RELEASE_PAST_H
#define BALROG_STORE_RELEASE_PAST_H

#include "store/reader.h"
#include "store/tx.h"

/* Reads the parts of the release NAME at MS (ms since 1970), owned by CTX. A row that was not written since
 * is taken as it is now. For any other row it is the version before the first write after MS; if another
 * program wrote that version, it is not known since when it existed. The history does not have the product of
 * a release: it is the current one, and absent if the row no longer exists. */
bool release_parts_at(struct tx *tx, void *ctx, struct str name, int64_t ms, struct release_parts *parts,
                      struct error *e);

#endif
