/* Makes the JSON of a release from its rows: a whole blob, or a base blob and its assets. */
#ifndef BALROG_RELEASE_ASSETS_H
#define BALROG_RELEASE_ASSETS_H

#include "core/json.h"
#include "release/compiled.h"

/* The blob of ROW, an object; cJSON_Delete() it. Returns NULL if the base is broken JSON or not an object.
 * A broken asset becomes null, which the format reports. An asset is left out if a value on its path is not
 * an object. */
cJSON *assets_merge(const struct release_row *row, struct error *e);

/* The value of ASSET; null if it is absent or broken. The caller owns it. */
cJSON *assets_value(const struct release_asset *asset);

/* A tree that assets are added to, with an index of its members, so that each asset costs the same however
 * many there are. Between assets_open() and assets_close() nothing else may change the objects on the paths.
 */
struct assets {
    cJSON *root; /* an object, or NULL: an empty tree, for assets_get() alone; borrowed */
    struct assets_slot *slot;
    size_t n, cap;
};
void assets_open(struct assets *a, cJSON *root);
void assets_close(struct assets *a);

/* Puts VALUE at PATH in the tree and takes ownership of it. Missing objects on the path are added. If a value
 * on the path is not an object, VALUE is dropped. Also used for trees of data versions. */
void assets_put(struct assets *a, struct str path, cJSON *value);
/* The value at PATH in the tree, or NULL. Borrowed. */
const cJSON *assets_get(struct assets *a, struct str path);

#endif
