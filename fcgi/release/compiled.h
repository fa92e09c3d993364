/* The types that the files of this folder share: a release as a row, a compiled release, and what an answer
 * depends on. */
#ifndef BALROG_RELEASE_COMPILED_H
#define BALROG_RELEASE_COMPILED_H

#include "core/buf.h"
#include "core/error.h"
#include "core/mem.h"
#include "query/query.h"
#include "release/allowlist.h"

/* A release as the database holds it. Everything is borrowed. */
struct release_asset {
    struct str path; /* ".platforms.P.locales.L" */
    struct str json;
    uint64_t stamp; /* a version number from the caller; kept for release_amend() */
};
struct release_row {
    struct str name;
    struct str product;
    struct str json; /* the whole blob (table releases), or the base blob (releases_json); absent: NULL in the
                        database */
    const struct release_asset *assets; /* rows of release_assets, in the order of their paths */
    size_t n_assets;
};

/* A release whose updateLine has more groups than this is not compiled, and validation refuses it. */
enum { UPDATE_LINE_GROUPS_MAX = 256 };

/* How much of a release to compile. */
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
    const struct str
        *products; /* superblob by products: the products to ask the rules for; NULL: it is not one */
    size_t n_products;
    const struct str *members; /* superblob by blobs: the releases to put together; NULL: it is not one */
    size_t n_members;
    const void *body;             /* the format's own */
    bool amendable;               /* each asset is one locale, and it was not amended too often */
    const struct release *amends; /* the release whose memory it uses as well; NULL: none */
    unsigned n_amended;           /* how many releases are chained in this way */
};

/* The outcome when a release is asked for an answer. */
enum verdict {
    VERDICT_NO,    /* nothing to serve: an empty answer */
    VERDICT_MAYBE, /* there is an update, and it is newer than the query's pin allows */
    VERDICT_YES,
    VERDICT_BAD,    /* the client's fault: a 400 with the text of the error */
    VERDICT_BROKEN, /* the release lacks something (the reference answers 500): the error says what */
};

/* What an answer depends on besides the release. */
struct release_env {
    const struct query
        *query; /* its product is the one that the rules were evaluated for (superblobs have several) */
    struct str update_type; /* the rule's */
    const struct allowlist *allowlist;
    const struct str *force_hosts; /* SPECIAL_FORCE_HOSTS: URL prefixes that get force=… appended */
    size_t n_force_hosts;
    /* Finds the release NAME, whatever its use (enum release_use). Returns NULL if there is none. */
    const struct release *(*find)(const void *arg, struct str name);
    const void *find_arg;
};

#endif
