/* Finds URLs in a release that may not be served (reference: containsForbiddenDomain). */
#ifndef BALROG_BLOB_DOMAINS_H
#define BALROG_BLOB_DOMAINS_H

#include "core/json.h"
#include "release/allowlist.h"

/* The first URL to download from in BLOB, of the format SCHEMA_VERSION, that ALLOWLIST does not permit for
 * PRODUCT (absent: none is permitted), or the value that is in the place of a URL and is not one; borrowed.
 * NULL if there is none. Always NULL for superblobs and desupport, which have no such URLs. */
const cJSON *blob_forbidden_url(const cJSON *blob, int schema_version, struct str product,
                                const struct allowlist *allowlist);

#endif
