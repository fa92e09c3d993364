/* The JSON of a release from its rows: a whole blob, or a base blob with its assets put in. */
#ifndef BALROG_RELEASE_ASSETS_H
#define BALROG_RELEASE_ASSETS_H

#include "core/json.h"
#include "release/compiled.h"

/* The blob of ROW, an object; cJSON_Delete() it. NULL when the base is broken JSON or no object. An asset
 * that is broken becomes null, for the format to report; one whose path leads through something that is no
 * object is left out. */
cJSON *assets_merge(const struct release_row *row, struct error *e);

/* What ASSET says: a value of the caller's; null where it is absent or broken. */
cJSON *assets_value(const struct release_asset *asset);

/* A tree into which assets are put, with an index of its members, so that each costs the same however many
 * there are. Between assets_open() and assets_close() nothing else changes the objects that paths lead
 * through. */
struct assets {
    cJSON *root; /* an object, or NULL: an empty tree, for assets_get() alone; borrowed */
    struct assets_slot *slot;
    size_t n, cap;
};
void assets_open(struct assets *a, cJSON *root);
void assets_close(struct assets *a);

/* Puts VALUE, which it takes, where PATH leads in the tree; objects missing on the way are made. Where the
 * way leads through something that is not an object, nothing is put. Also for trees of data versions. */
void assets_put(struct assets *a, struct str path, cJSON *value);
/* What is where PATH leads in the tree, or NULL. */
const cJSON *assets_get(struct assets *a, struct str path);

#endif
