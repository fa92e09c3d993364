/* Which hosts may serve the updates of which product (reference: ALLOWLISTED_DOMAINS, AUS.isForbiddenUrl). */
#ifndef BALROG_RELEASE_ALLOWLIST_H
#define BALROG_RELEASE_ALLOWLIST_H

#include "core/config_file.h"
#include "core/error.h"
#include "core/mem.h"
#include "core/str.h"

struct allowlist;

/* Returns an empty list, which forbids everything; owned by CTX. Once it is complete, threads may share it.
 */
struct allowlist *allowlist_new(void *ctx);
/* Adds a line of configuration: "HOST [/PATH-PATTERN] PRODUCT…", words separated by white space. A pattern is
 * a regular expression (PCRE2) that the whole path must match; the first pattern of a host that matches
 * decides. A host has either one line without a pattern, or one line per pattern. */
bool allowlist_add(struct allowlist *a, struct str line, struct error *e);
/* Makes a list from all LINES of the configuration; owned by CTX. If a line is wrong, returns NULL, and E
 * names it. */
struct allowlist *allowlist_of(void *ctx, const struct config_list *lines, struct error *e);
/* Whether PRODUCT may be served from URL. False for every URL whose scheme is not http or https, or that has
 * user information, a blank, a quotation mark, an angle bracket, a backslash or a control character. Host and
 * product compare exactly. The port is part of the host: "host:8443" needs a line of its own. */
bool allowlist_permits(const struct allowlist *a, struct str url, struct str product);

/* Whether a list could permit URL for some product: its scheme and its characters are allowed. */
bool allowlist_is_url(struct str url);

#endif
