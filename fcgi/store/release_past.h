/* A release as it was at a moment or after a change, put together from the history of its rows; and as it
 * will be when what is scheduled for it has been enacted. */
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
/* The same right after the change CHANGE_ID of the history (release_history.h). */
bool release_parts_after(struct tx *tx, void *ctx, struct str name, int64_t change_id,
                         struct release_parts *parts, struct error *e);
/* Reads the parts as they will be when all changes that are scheduled for the release NAME have been enacted.
 * *FOUND is false if there are none. */
bool release_parts_pending(struct tx *tx, void *ctx, struct str name, struct release_parts *parts,
                           bool *found, struct error *e);

#endif
