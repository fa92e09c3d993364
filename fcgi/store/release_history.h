/* What releases, of both kinds, and assets have been: every version, compressed, in tables of our own. */
#ifndef BALROG_STORE_RELEASE_HISTORY_H
#define BALROG_STORE_RELEASE_HISTORY_H

#include "store/tx.h"

/* Records that NAME (and PATH, "" but for assets) of TABLE ("releases", "releases_json", "release_assets")
 * becomes JSON at DATA_VERSION, or that it is deleted (JSON absent; DATA_VERSION is the version that goes),
 * in the name of tx->actor. It is called within TX just before the row itself is written: where nothing is
 * recorded of it yet (an adopted release), the version that is replaced is still to be read from TABLE. */
bool release_history_record(struct tx *tx, const char *table, const char *name, const char *path,
                            int64_t data_version, struct str json, struct error *e);

#endif
