/* Releases: one file per format parses its JSON ("blob"), compiles it into a struct release and answers
 * queries from that. No I/O, no clock, no globals. What a query needs from elsewhere (the release that a
 * partial starts from) comes in through struct release_env.
 *
 * Formats, by schema_version: 1, 2, 3, 4, 5, 6, 8, 9 app releases (app_*.c), 50 desupport, 1000 GMP, 4000
 * superblob, 5000 system add-ons, 10000 Guardian. Reference: blobs/apprelease.py, gmp.py, superblob.py,
 * systemaddons.py, guardian.py. */
#ifndef BALROG_RELEASE_RELEASE_H
#define BALROG_RELEASE_RELEASE_H

#include "release/compiled.h"

/* Parses and compiles ROW into a new talloc context, a child of CTX. NULL when it cannot be served at all
 * (broken JSON, unknown schema_version, no schema_version): E says why. With RELEASE_BUILD_IDS a format
 * without build ids gives a release that matches no query. Names in v2 assets split at every '.', as the
 * reference's do. */
struct release *release_compile(void *ctx, const struct release_row *row, enum release_use use,
                                struct error *e);

/* What release_compile() would make of OLD's row if the N ASSETS took the places of those with the same
 * paths, or came beside them, without reading the rest again: a child of CTX, to which OLD has to be given,
 * or freed after it, since it goes on using OLD's memory. *STAMP, the sum of the stamps of OLD's assets,
 * becomes that of the new one's. NULL, with *STAMP of no use, where the whole has to be compiled: OLD is not
 * amendable (after some times the memory should be put in order), or the platform or a `from` is new. */
struct release *release_amend(void *ctx, const struct release *old, const struct release_asset *assets,
                              size_t n, uint64_t *stamp);

/* The format's schema_version. */
int release_schema_version(const struct release *r);
/* Whether it answers /update (all but Guardian do) / answers /json (only Guardian does). */
bool release_is_xml(const struct release *r);
bool release_is_json(const struct release *r);

/* Whether its format gives it versions, by which pins are judged: those of apps. */
bool release_has_versions(const struct release *r);

/* Should a client that sent Q be updated to R? (reference: shouldServeUpdate) */
enum verdict release_should_serve(const struct release *r, const struct query *q, struct error *e);

/* The parts of the XML between <updates> and </updates>, each line followed by '\n' (reference:
 * getInnerHeaderXML, getInnerXML, getInnerFooterXML). YES, BAD or BROKEN. Ampersands are left as they are:
 * the whole is escaped at the end. A patch that cannot be told (no fileUrl for the channel, a `from` release
 * without the platform) is left out and named in SKIPPED (NULL: not wanted; left alone when there is none),
 * and only if that leaves no patch at all is the answer BROKEN. */
enum verdict release_header_xml(const struct release *r, const struct release_env *env, struct buf *out,
                                struct error *e);
enum verdict release_inner_xml(const struct release *r, const struct release_env *env, struct buf *out,
                               struct error *e, struct error *skipped);
enum verdict release_footer_xml(const struct release *r, const struct release_env *env, struct buf *out,
                                struct error *e);
/* The body of a /json answer, without a newline (reference: getResponse). YES or BROKEN. */
enum verdict release_json(const struct release *r, const struct release_env *env, struct buf *out,
                          struct error *e);

#endif
