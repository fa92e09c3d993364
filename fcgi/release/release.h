/* Releases: one file per format compiles the JSON of a release ("blob") into a struct release and answers
 * queries from that. No I/O, no clock, no globals. What a query needs from elsewhere (the release that a
 * partial starts from) comes in through struct release_env.
 *
 * Formats, by schema_version: 1, 2, 3, 4, 5, 6, 8, 9 app releases (app_*.c), 50 desupport, 1000 GMP, 4000
 * superblob, 5000 system add-ons, 10000 Guardian. Reference: blobs/apprelease.py, gmp.py, superblob.py,
 * systemaddons.py, guardian.py. */
#ifndef BALROG_RELEASE_RELEASE_H
#define BALROG_RELEASE_RELEASE_H

#include "release/compiled.h"

/* Parses and compiles ROW into a new talloc context, a child of CTX. Returns NULL if the release cannot be
 * served at all (broken JSON, a missing or unknown schema_version): E says why. With RELEASE_BUILD_IDS, a
 * format without build ids becomes a release that matches no query. The paths of v2 assets are split at every
 * '.', as in the reference. */
struct release *release_compile(void *ctx, const struct release_row *row, enum release_use use,
                                struct error *e);

/* Compiles a new release from OLD and N changed ASSETS, without reading the rest of its row again. Each asset
 * replaces the one with the same path, or is added. The result is a child of CTX and goes on using OLD's
 * memory: make OLD a child of the result, or free it later. *STAMP, the sum of the stamps of OLD's assets,
 * becomes the sum of the new release's. Returns NULL, with *STAMP undefined, if the release has to be
 * compiled whole: OLD is not amendable (a release that was amended often is not, so that its memory is put in
 * order), or a platform or a `from` is new. */
struct release *release_amend(void *ctx, const struct release *old, const struct release_asset *assets,
                              size_t n, uint64_t *stamp);

/* The format's schema_version. */
int release_schema_version(const struct release *r);
/* Whether the release answers /update (all formats but Guardian) or /json (Guardian only). */
bool release_is_xml(const struct release *r);
bool release_is_json(const struct release *r);

/* Whether releases of this format have versions, which pins are compared with: app releases do. */
bool release_has_versions(const struct release *r);

/* Whether a client that sent Q should be updated to R. E is filled for VERDICT_BAD and VERDICT_BROKEN.
 * (reference: shouldServeUpdate) */
enum verdict release_should_serve(const struct release *r, const struct query *q, struct error *e);

/* The parts of the XML between <updates> and </updates>, each line followed by '\n' (reference:
 * getInnerHeaderXML, getInnerXML, getInnerFooterXML). YES, BAD or BROKEN. Ampersands are not escaped here,
 * but in the whole answer at the end. A patch that cannot be written (there is no fileUrl for the channel, or
 * its `from` release lacks the platform) is left out, and SKIPPED (may be NULL) says which; SKIPPED is
 * unchanged if no patch was left out. The result is BROKEN only if no patch remains. */
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
