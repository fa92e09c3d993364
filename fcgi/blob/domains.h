/* Which URLs of a release would be served, and from where (reference: containsForbiddenDomain). */
#ifndef BALROG_BLOB_DOMAINS_H
#define BALROG_BLOB_DOMAINS_H

#include "blob/allowlist.h"
#include "core/json.h"

/* Whether BLOB, of the format SCHEMA_VERSION, has a URL to download from that ALLOWLIST does not permit for
 * PRODUCT (absent: nothing is). Where a URL belongs and something else stands counts as one. Never for
 * superblobs and desupport, which have none. */
bool blob_has_forbidden_domain(const cJSON *blob, int schema_version, struct str product,
                               const struct allowlist *allowlist);

#endif
