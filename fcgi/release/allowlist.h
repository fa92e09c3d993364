/* Which hosts may serve which product's updates (reference: ALLOWLISTED_DOMAINS, AUS.isForbiddenUrl). */
#ifndef BALROG_RELEASE_ALLOWLIST_H
#define BALROG_RELEASE_ALLOWLIST_H

#include "core/config_file.h"
#include "core/error.h"
#include "core/mem.h"
#include "core/str.h"

struct allowlist;

/* An empty list, owned by CTX: it forbids everything. Read-only once it is complete, then shared by threads.
 */
struct allowlist *allowlist_new(void *ctx);
/* Adds a line of configuration: "HOST [/PATH-PATTERN] PRODUCT…", words separated by white space. A pattern is
 * a regular expression (PCRE2) that the whole path must match; of a host's patterns the first that matches
 * decides. A host is given either without patterns (once) or with them, not both. */
bool allowlist_add(struct allowlist *a, struct str line, struct error *e);
/* One of all LINES of the configuration; NULL with the line in E when one is wrong. Owned by CTX. */
struct allowlist *allowlist_of(void *ctx, const struct config_list *lines, struct error *e);
/* Whether PRODUCT may be served from URL, which is one of http or https, without user information, and holds
 * no blank, quotation mark, angle bracket, backslash or control character. Host and product compare exactly;
 * a port counts as part of the host: "host:8443" has a line of its own. */
bool allowlist_permits(const struct allowlist *a, struct str url, struct str product);

/* Whether URL is one that could be permitted to somebody: its scheme and its characters are allowed. */
bool allowlist_is_url(struct str url);

#endif
