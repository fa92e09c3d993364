/* The JSON of a release from its rows: a whole blob, or a base blob with its assets put in. */
#ifndef BALROG_BLOB_ASSETS_H
#define BALROG_BLOB_ASSETS_H

#include "blob/blob.h"
#include "core/json.h"

/* The blob of ROW, an object; cJSON_Delete() it. NULL when the base is broken JSON or no object. An asset
 * that is broken becomes null, for the format to report; one whose path leads through something that is no
 * object is left out. */
cJSON *assets_merge(const struct release_row *row, struct error *e);

#endif
