/* Releases: one file per format parses its JSON ("blob"), compiles it into a struct release and answers
 * queries from that. No I/O, no clock, no globals. What a query needs from elsewhere (the release that a
 * partial starts from) comes in through struct release_env.
 *
 * Formats, by schema_version: 1, 2, 3, 4, 5, 6, 8, 9 app releases (app_*.c), 50 desupport, 1000 GMP, 4000
 * superblob, 5000 system add-ons, 10000 Guardian. Reference: blobs/apprelease.py, gmp.py, superblob.py,
 * systemaddons.py, guardian.py. */
#ifndef BALROG_RELEASE_RELEASE_H
#define BALROG_RELEASE_RELEASE_H

#include "core/buf.h"
#include "core/error.h"
#include "core/mem.h"
#include "query/query.h"
#include "release/allowlist.h"

/* A release as the database holds it. Everything is borrowed. */
struct release_asset {
    struct str path; /* ".platforms.P.locales.L" */
    struct str json;
    uint64_t stamp; /* of whoever read the row; the release keeps it for release_amend() */
};
struct release_row {
    struct str name;
    struct str product;
    struct str json; /* the whole blob (table releases), or the base blob (releases_json); absent: NULL in the
                        database */
    const struct release_asset *assets; /* rows of release_assets, in the order of their paths */
    size_t n_assets;
};

/* A release whose updateLine has more groups is not compiled, so it is not accepted either. */
enum { UPDATE_LINE_GROUPS_MAX = 256 };

/* How much of a release is wanted. */
enum release_use {
    RELEASE_BUILD_IDS, /* only what partials compare with: platforms, aliases, locales, build ids */
    RELEASE_SERVED,    /* everything that an answer needs */
};

struct release_format;

/* A compiled release: immutable, in one talloc context of its own. */
struct release {
    const struct release_format *format;
    enum release_use use;
    struct str name;        /* the row's */
    struct str product;     /* the row's */
    const struct str *from; /* names of the releases that partials start from, each once, without "*" */
    size_t n_from;
    const struct str *products; /* superblob by products: what to ask again with; NULL: it is none */
    size_t n_products;
    const struct str
        *members; /* superblob by blobs: names of the releases to put together; NULL: it is none */
    size_t n_members;
    const void *body;             /* the format's own */
    bool amendable;               /* its assets are a locale each, and it was not amended too often */
    const struct release *amends; /* whose memory it goes on using; NULL: none's */
    unsigned n_amended;           /* how many stand behind each other so */
};

/* What came of asking a release. */
enum verdict {
    VERDICT_NO,    /* nothing to serve: an empty answer */
    VERDICT_MAYBE, /* there is an update, and it is newer than the query's pin allows */
    VERDICT_YES,
    VERDICT_BAD,    /* the client's fault, a 400 with what the error says */
    VERDICT_BROKEN, /* the release lacks something (the reference answers 500): the error says what */
};

/* What an answer depends on besides the release. */
struct release_env {
    const struct query
        *query; /* its product is the one that rules were asked with (superblobs ask with several) */
    struct str update_type; /* the rule's */
    const struct allowlist *allowlist;
    const struct str *force_hosts; /* SPECIAL_FORCE_HOSTS: URL prefixes that get force=… appended */
    size_t n_force_hosts;
    /* The release NAME in any use, or NULL. */
    const struct release *(*find)(const void *arg, struct str name);
    const void *find_arg;
};

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
